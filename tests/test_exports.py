"""Every program that a user waits for can be lowered for GPU and TPU too, which a machine without them can know.

Each is traced once, on shapes alone, for all platforms together; nothing is compiled and nothing is run.
"""

import dataclasses
import functools
import pathlib
import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxprs_in_params
from jax.sharding import AbstractMesh, PartitionSpec

from configs import tiny
from experiments.benchmarks.cold_start import count_equations
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.refiner import Refiner
from sm_jax.sampling.inputs import make_sampling_inputs
from sm_jax.sampling.sample import Models, Settings, sample_jit
from sm_jax.text.contacts import contact_targets
from sm_jax.train.examples import Example, TrainContext, make_examples
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import AXIS, infiller_loss, make_step, refiner_loss
from sm_jax.types import TextEmbedding
from tests.motion.motions import front_camera, observe, random_motion
from tests.train.small_run import windows

PACKAGE = pathlib.Path(__file__).parent.parent / "sm_jax"
PLATFORMS = ("cpu", "cuda", "tpu")
DEVICES = 8  # of the machine that the training step is for
STEPS = 7  # of denoising
MOST_EQUATIONS = 9_100  # of guided sampling, for all platforms together
LOOPS = 4  # turns, denoising, descent, and the mixtures of the last check
DATA = dataclasses.replace(tiny.INFILLER.data, placed=0.5, mixed=0.5)
SIMULATE = jax.jit(functools.partial(make_examples, data=DATA, simulator=tiny.INFILLER.simulator))
Program = tuple[Any, tuple]  # a compiled function, and the shapes that it is for


def shapes(tree: Any) -> Any:
    return jax.eval_shape(lambda x: x, tree)


@functools.cache
def world() -> TrainContext:
    mean, std = np.zeros(D, np.float32), np.ones(D, np.float32)
    body, alpha_bar = load_body("open-low"), np.ones(1000, np.float32)
    statistics = Statistics(mean=mean, std=std)
    return shapes(TrainContext(key=jax.random.key(0), body=body, statistics=statistics, alpha_bar=alpha_bar))


@functools.cache
def raw_batch() -> Any:
    return shapes(windows(0))


def examples() -> Example:
    return jax.eval_shape(SIMULATE, world(), raw_batch())


def parameters(net: Infiller | Refiner) -> Any:
    batch = examples()
    times = (batch.number,) if isinstance(net, Infiller) else ()
    return jax.eval_shape(net.init, jax.random.key(0), batch.x0, *times, batch.conditions)["params"]


def simulation() -> Program:
    return SIMULATE, (world(), raw_batch())


@functools.cache
def guided_sampling() -> Program:
    """With every energy, of two hypotheses of a clip of two windows."""
    frames, text = 70, TextEmbedding(tokens=np.ones((32, 384)), mask=np.ones(32), pooled=np.ones(384))
    observation = observe(random_motion(frames=frames), front_camera(frames), np.zeros((2, frames, 23, 2), np.float32))
    inputs = make_sampling_inputs(observation, contact_targets((), frames), text, jax.random.key(0), hypotheses=2)
    infiller, refiner = Infiller(tiny.INFILLER.net), Refiner(tiny.REFINER.net)
    models = Models(
        infiller=infiller,
        refiner=refiner,
        infiller_params=parameters(infiller),
        refiner_params=parameters(refiner),
        statistics=world().statistics,
    )
    settings = Settings(steps=STEPS)
    weights = settings.weights.active()
    program = jax.jit(functools.partial(sample_jit, settings=settings))
    return program, (models, world().body, shapes(inputs), shapes(weights))


def infiller_step() -> Program:
    config = tiny.INFILLER
    return training_step(config, infiller_loss(config), Infiller(config.net), examples())


def refiner_step() -> Program:
    config, batch = tiny.REFINER, examples()
    return training_step(config, refiner_loss(config), Refiner(config.net), (batch.x0, batch))


def training_step(config: Any, loss: Callable, net: Infiller | Refiner, batch: Any) -> Program:
    """On several devices, each with so large a share of the batch."""
    optimiser = make_optimiser(config.optimiser, config.steps)
    state = jax.eval_shape(functools.partial(create, optimiser=optimiser), parameters(net))
    one, share = PartitionSpec(), PartitionSpec(AXIS)
    step = jax.shard_map(
        make_step(loss, optimiser, config.optimiser.ema),
        mesh=AbstractMesh((DEVICES,), (AXIS,)),
        in_specs=(one, one, share),
        out_specs=one,
        check_vma=False,
    )
    whole = jax.tree.map(lambda x: jax.ShapeDtypeStruct((DEVICES * x.shape[0], *x.shape[1:]), x.dtype), batch)
    return jax.jit(step), (state, world(), whole)


def body_of(read: Callable[[smpl.Body, smpl.Posed], Any]) -> Program:
    """What is read off a posed body, and the gradient of a cost of it with respect to the motion."""

    def value_and_gradient(motion: Any, body: smpl.Body) -> Any:
        points, pullback = jax.vjp(lambda motion: read(body, smpl.pose(body, motion)), motion)
        return points, pullback(points)

    return jax.jit(value_and_gradient), (shapes(random_motion(frames=64)), world().body)


PROGRAMS: dict[str, Callable[[], Program]] = {
    "guided sampling": guided_sampling,
    "training step of the infiller": infiller_step,
    "training step of the refiner": refiner_step,
    "simulation of examples": simulation,
    "body: joints, and backward": lambda: body_of(lambda body, posed: jnp.asarray(posed.joints)),
    "body: surface points, and backward": lambda: body_of(smpl.surface_points),
    "body: mesh, and backward": lambda: body_of(smpl.vertices),
}


def unwanted(text: str) -> set[str]:
    """What a program should not hold: float64, and ways back to the host."""
    return set(re.findall(r"custom_call @\w*callback\w*|stablehlo\.(?:send|recv|infeed|outfeed)\b|(?:<|x)f64\b", text))


@pytest.mark.parametrize("name", PROGRAMS)
def test_is_lowered_for_every_platform_without_float64_or_callbacks(name):
    program, arguments = PROGRAMS[name]()
    exported = jax.export.export(program, platforms=PLATFORMS)(*arguments)
    text = exported.mlir_module()
    assert exported.platforms == PLATFORMS and not unwanted(text)
    assert ("all_reduce" in text) == ("training" in name)  # of gradients, over the devices


def scans(jaxpr: Any) -> list[int]:
    """Lengths of all scans in a jaxpr."""
    lengths = [equation.params["length"] for equation in jaxpr.eqns if equation.primitive.name == "scan"]
    inner = (below for equation in jaxpr.eqns for below in jaxprs_in_params(equation.params))
    return lengths + [length for below in inner for length in scans(below)]


def test_denoising_and_refining_are_one_scan_and_the_program_is_small():
    """What is compiled grows with the equations, and a user waits for it. The energies' gradient is most of them: it
    comes once, for the guided steps and the last descent together."""
    program, arguments = guided_sampling()
    jaxpr = program.trace(*arguments).jaxpr.jaxpr
    assert scans(jaxpr).count(STEPS + 2) == 1
    assert count_equations(jaxpr) <= MOST_EQUATIONS


@pytest.mark.parametrize("platform", ["cuda", "tpu"])
def test_nothing_waits_for_a_person_or_a_part_on_an_accelerator(platform):
    """What is left are loops whose passes need one another, and one that only saves memory."""
    program, arguments = guided_sampling()
    text = jax.export.export(program, platforms=[platform])(*arguments).mlir_module()
    assert text.count("stablehlo.while") == LOOPS


@pytest.mark.parametrize("platform", PLATFORMS)
def test_float64_is_seen(platform):
    def text(program: Callable) -> str:
        return jax.export.export(jax.jit(program), platforms=[platform])(jnp.ones(3)).mlir_module()

    assert not unwanted(text(lambda x: 2 * x))
    with jax.enable_x64(True):
        assert "xf64" in unwanted(text(lambda x: 2 * x))


def test_callbacks_are_seen():
    def calls_back(x: jax.Array) -> jax.Array:
        jax.debug.callback(print, x)
        return 2 * x

    assert unwanted(jax.jit(calls_back).lower(jnp.ones(3)).as_text())


def test_one_function_asks_for_the_platform():
    """`by_platform`, of which both sides are tested where it is used; beside it, on the host, the choice of a
    detector's runtime, tested in `tests/perception/test_landmarks.py`, and of how many clips go into a call."""
    asks = re.compile(r"platform_dependent|default_backend|(?<!sys)\.platform\b")
    found = {path.relative_to(PACKAGE).as_posix(): asks.findall(path.read_text()) for path in PACKAGE.rglob("*.py")}
    product = {path: names for path, names in found.items() if names and not path.startswith("cli/")}
    assert product == {
        "geometry/by_platform.py": ["platform_dependent"],
        "perception/landmarks.py": ["default_backend"],
        "pipeline/many_clips.py": ["default_backend"],
    }
