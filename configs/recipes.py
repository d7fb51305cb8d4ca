"""`base` and `large` on the field's data sets of two people, on 8 and on 64 devices. Not trained yet: the data are not
here. Shares, masks and schedules are this project's own choice; what they rest on stands beside them.

Command:  python experiments/0_prepare_data.py hi4d --source-dir ~/Hi4D, and likewise every other set of MIX
          python experiments/1_train_infiller.py --out SHARED/infiller base-8
          python experiments/2_train_refiner.py --out SHARED/refiner base-8 --infiller SHARED/infiller/weights.npz
          On several hosts, in each process: --coordinator HOST:PORT --processes N --process-id I (docs/training.md).
          Who has not all of the sets names those that are there, with a share and a number of variants for each:
          base-8 --data.sets salsa data/motion_pairs/hi4d/2.0.0 --data.shares 1 2 --data.variants 4 1
Time:     docs/training.md, from measured costs of a step.
Expected: not known.
"""

import dataclasses
from typing import NamedTuple, TypeVar

from configs import base, large
from sm_jax.train.config import DataConfig, InfillerTraining, RefinerTraining, TrainConfig

T = TypeVar("T", bound=TrainConfig)


class Part(NamedTuple):
    """share: of a set in the windows of a training, relative to the others'.  variants: random pairs of bodies that its
    sequences are moved to, where few people are in it."""

    share: float
    variants: int


# Close contact is rare in hours and is what is asked for: a small set of it is seen as often as a large one of people
# who interact at a distance (BUDDI's mix has a fifth of Hi4D and a fifth of CHI3D). The made-up and the single people
# keep a network from knowing nothing but couples.
MIX = {
    "hi4d": Part(2, 2),
    "chi3d": Part(2, 2),
    "interhuman": Part(2, 0),
    "interx": Part(2, 0),
    "harmony4d": Part(1, 2),
    "3dpw": Part(0.5, 2),
    "synthetic": Part(1, 0),
    "amass": Part(1, 0),
    "salsa": Part(0.5, 4),
}
PACKAGED = ("salsa",)

# What hides people in the field's sets is the partner, for long and altogether: more is taken away than `small` loses.
_MASKS = {
    "text_dropout": 0.1,  # InterGen's, for classifier-free guidance
    "text_wrong": 0.05,
    "partner_dropout": 0.1,
    "estimate_dropout": 0.2,  # a whole person for a span, CloseApp's mask
    "short": 0.1,
    "placed": 0.15,  # AMASS' people have a partner there alone
    "mixed": 0.3,
}


def mixed(data: DataConfig) -> DataConfig:
    """The data of a size, from the sets of MIX under its masks."""
    return dataclasses.replace(
        data,
        sets=tuple(name if name in PACKAGED else f"data/motion_pairs/{name}/2.0.0" for name in MIX),
        shares=tuple(part.share for part in MIX.values()),
        variants=tuple(part.variants for part in MIX.values()),
        **_MASKS,
    )


def wider(config: T, times: int) -> T:
    """The same training in fewer steps of so many times the windows: every window is seen as often.

    The learning rate grows with the root of the batch, and the averages shorten by as many steps (the scaling rules of
    Adam's stochastic differential equation, Malladi et al. 2022).
    """
    optimiser = config.optimiser
    fewer = ("steps", "log_every", "validate_every", "checkpoint_every", "preview_every")
    return dataclasses.replace(
        config,
        **{name: getattr(config, name) // times for name in fewer},
        data=dataclasses.replace(config.data, batch=config.data.batch * times),
        optimiser=dataclasses.replace(
            optimiser,
            learning_rate=optimiser.learning_rate * times**0.5,
            warm_up=optimiser.warm_up // times,
            ema=optimiser.ema**times,
        ),
    )


def _recipe(config: T, **changes: int) -> T:
    return dataclasses.replace(config, data=mixed(config.data), **changes)


_BASE, _LARGE = _recipe(base.INFILLER), _recipe(large.INFILLER)
# The refiner learns from what the infiller made once of so many windows, which the hosts share among them.
_BASE_REFINER = _recipe(base.REFINER, cached_windows=32_768)
_LARGE_REFINER = _recipe(large.REFINER, cached_windows=65_536)

INFILLERS: dict[str, InfillerTraining] = {
    "base-8": _BASE,
    "base-64": wider(_BASE, 8),
    "large-8": _LARGE,
    "large-64": wider(_LARGE, 8),
}
REFINERS: dict[str, RefinerTraining] = {
    "base-8": _BASE_REFINER,
    "base-64": wider(_BASE_REFINER, 8),
    "large-8": _LARGE_REFINER,
    "large-64": wider(_LARGE_REFINER, 8),
}
