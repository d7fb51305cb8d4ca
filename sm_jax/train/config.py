"""What a training run is, as frozen dataclasses. Values live in `configs/`, this is the schema alone."""

import dataclasses
import difflib
import typing
from typing import Any, Literal, TypeVar

from sm_jax.data.simulator.simulate import SimulatorConfig
from sm_jax.diffusion.process import LossWeight
from sm_jax.errors import UserError
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig

C = TypeVar("C")


@dataclasses.dataclass(frozen=True)
class OptimiserConfig:
    """AdamW, or Muon for the blocks' matrices, with a warm-up, a cosine decay, and gradients clipped by their global
    norm."""

    kind: Literal["adamw", "muon"] = "adamw"
    learning_rate: float = 1e-3
    """Peak learning rate."""
    warm_up: int = 100
    """Steps from zero to the peak."""
    weight_decay: float = 0.01
    clip: float = 1.0
    """Largest global norm of a gradient."""
    ema: float = 0.998
    """Decay of the averaged weights, which are what is evaluated and shipped."""


@dataclasses.dataclass(frozen=True)
class LossConfig:
    """Weights of the loss terms. Lengths count in decimetres, speeds in metres per second."""

    orient: float = 1.0
    pose: float = 1.0
    pelvis: float = 1.0
    foot_contact: float = 0.2
    hidden: float = 1.0
    """How much more a fully hidden feature weighs than a visible one."""
    joints: float = 0.5
    """Relative to the pelvis, whose own error has a term."""
    velocity: float = 0.2
    acceleration: float = 0.0
    """Per frame interval, like a velocity: the change of velocity from frame to frame."""
    distance_map: float = 0.2
    contact: float = 1.0
    """How much more the distance map weighs between joints whose regions touch."""
    skating: float = 0.05
    ray: float = 0.0
    """Seen joints across the true line of sight, at all noise levels."""
    uncertainty: float = 0.0
    """Of a bounded network: the likelihood of the joints' errors under what it says of them."""
    low_noise: float = 0.1
    """The terms on joints count where alpha_bar is above this."""


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Windows of training motion."""

    sets: tuple[str, ...] = ("salsa",)
    """Packaged sets by name, .npz exports or prepared folders by path."""
    shares: tuple[float, ...] = (1.0,)
    """Of each set in the windows of a training; a single one for all alike."""
    frames: int = 64
    batch: int = 16
    """Windows a step, over all devices."""
    data_echo: int = 1
    """Steps that a batch of examples serves, each with noise of its own, where observing costs as much as a step."""
    text_dropout: float = 0.1
    """Share of windows without text, for classifier-free guidance."""
    text_wrong: float = 0.0
    """Share of windows whose text describes another one, so that the picture is trusted more than the words."""
    placed: float = 0.0
    """Share of windows whose people come from two places and stand anywhere: without text and contacts."""
    mixed: float = 0.0
    """Share of the placed windows with poses that nobody recorded: borrowed limbs, offsets, bodies tilted or lifted."""
    partner_dropout: float = 0.0
    """Share of windows of two people in which one is taken away."""
    estimate_dropout: float = 0.0
    """Probability for each person that the estimate is lost for a span, while keypoints are still seen."""
    short: float = 0.0
    """Share of windows that end early, after one frame at the least; the rest is padding."""
    variants: tuple[int, ...] = (4,)
    """Of each set (or one for all), random pairs of bodies that each sequence is retargeted to, beside its own."""


@dataclasses.dataclass(frozen=True)
class ComputeConfig:
    """How a step is computed. What is learned is the same, but for rounding."""

    dtype: Literal["float32", "bfloat16"] = "float32"
    """Of the networks' large products. Weights, averages and the optimiser's state are float32."""
    remat: bool = False
    """Compute activations again in the backward pass instead of keeping them: less memory, a third more time."""
    microbatch: int = 0
    """Windows that a device takes at a time, gradients accumulated, where its share of the batch is more; 0: all."""


Writer = Literal["tensorboard", "wandb"]


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """What every training has."""

    steps: int = 4000
    seed: int = 0
    start: str = ""
    """Weights to start from, whose statistics hold; none: from random ones and the sets' statistics."""
    optimiser: OptimiserConfig = OptimiserConfig()
    loss: LossConfig = LossConfig()
    data: DataConfig = DataConfig()
    simulator: SimulatorConfig = dataclasses.field(default_factory=SimulatorConfig)
    """How windows are observed."""
    compute: ComputeConfig = ComputeConfig()
    log_every: int = 10
    validate_every: int = 500
    checkpoint_every: int = 250
    preview_every: int = 0
    """Steps between pictures of a held-out window; 0: none."""
    writers: tuple[Writer, ...] = ("tensorboard",)
    """Who is told of the numbers beside log.jsonl."""

    def __post_init__(self) -> None:
        for path, value in paths(self).items():
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, int | float):
                    _check(path, number)


# Which values cannot be zero, and which are shares; the others, but for those of the simulator, only not negative.
_POSITIVE = frozenset({
    "steps", "data.frames", "data.batch", "data.data_echo", "log_every", "validate_every", "checkpoint_every",
    "cached_windows", "infill_steps", "optimiser.learning_rate", "optimiser.clip",
})  # fmt: skip
_SHARES = frozenset({
    "optimiser.ema", "data.text_dropout", "data.text_wrong", "data.placed", "data.mixed", "data.partner_dropout",
    "data.estimate_dropout", "data.short", "simulator.hiding", "simulator.hidden_part", "loss.low_noise",
})  # fmt: skip
_LARGEST = 2**32  # a seed is less


def _check(path: str, number: float) -> None:
    """Raises UserError for a value that no training can have."""
    most = 1 if path in _SHARES else _LARGEST
    least = -most if path.startswith("simulator.") and path not in _SHARES else 0
    if not least <= number <= most or (number == 0 and path in _POSITIVE):
        above = "above" if path in _POSITIVE else "from"
        raise UserError(f"{path} {number}: give a number {above} {least} up to {most}")


@dataclasses.dataclass(frozen=True)
class InfillerTraining(TrainConfig):
    """Training of the infiller."""

    net: InfillerConfig = dataclasses.field(default_factory=InfillerConfig)
    loss_weight: LossWeight = "constant"
    """Weight of the loss over diffusion time."""


@dataclasses.dataclass(frozen=True)
class RefinerTraining(TrainConfig):
    """Training of the refiner, on what the infiller makes of simulated windows."""

    net: RefinerConfig = dataclasses.field(default_factory=RefinerConfig)
    infiller: str = "sm_jax/nets/packaged/infiller.npz"
    """Weights of the infiller."""
    cached_windows: int = 2048
    """Windows that the infiller fills before the training."""
    infill_steps: int = 5
    """Denoising steps of the infiller for them."""


def to_dict(config: Any) -> dict[str, Any]:
    """Nested plain values, for JSON."""
    return {key: list(v) if isinstance(v, tuple) else v for key, v in _nested(config).items()}


def _nested(config: Any) -> dict[str, Any]:
    fields = ((field.name, getattr(config, field.name)) for field in dataclasses.fields(config))
    return {name: to_dict(value) if dataclasses.is_dataclass(value) else value for name, value in fields}


def paths(config: Any, prefix: str = "") -> dict[str, Any]:
    """Every single value of a configuration under its path, such as `optimiser.clip`."""
    found = {}
    for field in dataclasses.fields(config):
        value, path = getattr(config, field.name), f"{prefix}{field.name}"
        found |= paths(value, f"{path}.") if dataclasses.is_dataclass(value) else {path: value}
    return found


def override(config: C, values: dict[str, Any]) -> C:
    """The configuration with other values under some paths. Raises UserError for an unknown path, with the closest."""
    known = paths(config)
    for path in values:
        if path not in known:
            raise UserError(f"no value {path} in {type(config).__name__}{closest(path, known)}")
    return _replace(config, values)


def closest(name: str, known: typing.Iterable[str]) -> str:
    """`: did you mean NAME?`, or nothing where no known name is like it."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f": did you mean {found[0]}?" if found else ""


def _replace(config: Any, values: dict[str, Any]) -> Any:
    changes: dict[str, Any] = {}
    inner: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        name, _, rest = path.partition(".")
        if rest:
            inner.setdefault(name, {})[rest] = value
        else:
            changes[name] = value
    changes |= {name: _replace(getattr(config, name), rest) for name, rest in inner.items()}
    return dataclasses.replace(config, **changes)


def differences(ours: dict[str, Any], theirs: dict[str, Any], prefix: str = "") -> list[str]:
    """`optimiser.clip: 1.0 here, 2.0 there` for every value in which two configurations differ."""
    found = []
    for name in sorted(set(ours) | set(theirs)):
        a, b, path = ours.get(name), theirs.get(name), f"{prefix}{name}"
        if isinstance(a, dict) and isinstance(b, dict):
            found += differences(a, b, f"{path}.")
        elif a != b:
            found.append(f"{path}: {a} here, {b} there")
    return found
