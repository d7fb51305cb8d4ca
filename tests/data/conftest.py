"""One simulated observation of real motion, shared by the tests of the simulator's parts."""

import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.data.loader import WindowLoader
from sm_jax.data.simulator.gross_errors import GrossErrorConfig
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate
from sm_jax.data.store import open_set
from sm_jax.motion.visibility import joint_visibility
from sm_jax.types import Motion, Observation

FRAMES, BATCH = 32, 24
EVERYBODY = np.ones((BATCH, 2), np.float32)
NO_MISTAKES = SimulatorConfig(gross_errors=GrossErrorConfig(limbs=0.0, people=0.0, lost=0.0))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Simulated:
    """Leading axis [BATCH]. Without mistakes of kind. clear: how far the other body and the border leave joints
    visible, before random occlusion."""

    truth: Motion
    posed: smpl.Posed
    seen: Observation
    estimated: smpl.Posed
    clear: np.ndarray


@pytest.fixture(scope="session")
def simulator():
    """(keys [B], motions [B], body, config, present [B, P]) -> Observation [B], compiled once for all."""
    return jax.jit(jax.vmap(simulate, in_axes=(0, 0, None, None, 0)))


@pytest.fixture(scope="session")
def windows() -> Motion:
    records = open_set("salsa").records["val"]
    chosen = WindowLoader([(records, 1.0)], FRAMES, BATCH, seed=0).windows(0)
    cuts = [codec.decode(records[w.record], w.start, w.start + FRAMES).motion for w in chosen]
    return jax.tree.map(lambda *x: np.stack(x), *cuts)


@pytest.fixture(scope="session")
def simulated(simulator, windows) -> Simulated:
    body = load_body("open-low")
    seen = simulator(jax.random.split(jax.random.key(0), BATCH), windows, body, NO_MISTAKES, EVERYBODY)
    posed = smpl.pose(body, windows)
    clear = jax.jit(jax.vmap(joint_visibility))(posed.joints, capsules(body, posed), seen.camera)
    estimated = smpl.pose(body, seen.motion)
    return Simulated(truth=windows, posed=posed, seen=seen, estimated=estimated, clear=np.asarray(clear))
