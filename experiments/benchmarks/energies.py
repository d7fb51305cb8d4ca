"""Cost of all energies together on two people: gradient over value, memory over frames, the largest array made."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np

from sm_jax.body.smpl import Body
from sm_jax.data.simulate import SimulatorConfig, simulate
from sm_jax.data.store import load_salsa
from sm_jax.energies.combine import Evidence, Weights, energy
from sm_jax.motion.frames import map_frames
from sm_jax.text.contacts import contact_targets
from sm_jax.types import Array, Contact, Motion

WEIGHTS = Weights()
TOUCHES = ("hand hand", "hand back", "hand shoulder", "forearm upper_arm", "chest chest", "thigh thigh", "hand waist")
Arguments = tuple[Body, Motion, Array, Evidence]


def measure(body: Body, frames: int = 64, lengths: Sequence[int] = (32, 64, 128, 256), repeats: int = 200) -> dict:
    """Times in ms (medians, value and gradient in turn), memory of the compiled gradient by frames, largest array."""
    given = salsa(body, frames)
    value, gradient = jax.jit(cost), jax.jit(jax.value_and_grad(cost, argnums=1))
    seconds = np.array([[_timed(f, given) for f in (value, gradient)] for _ in range(repeats + 3)])[3:]
    memory = {n: gradient_memory(body, n) for n in lengths}
    slope, _ = np.polyfit(np.log(list(memory)), np.log(list(memory.values())), 1)
    name, shape = max(intermediates(given), key=lambda array: math.prod(array[1]))
    return {
        "energies_value_ms": 1e3 * float(np.median(seconds[:, 0])),
        "energies_grad_ms": 1e3 * float(np.median(seconds[:, 1])),
        "energies_grad_over_value": float(np.median(seconds[:, 1] / seconds[:, 0])),
        "energies_grad_bytes": memory,
        "energies_memory_exponent": float(slope),
        "energies_largest_array": {"operation": name, "shape": list(shape), "vertices": body.v_template.shape[0]},
    }


def cost(body: Body, motion: Motion, foot_contact: Array, evidence: Evidence) -> jax.Array:
    """All energies, weighted."""
    return energy(body, motion, foot_contact, evidence, WEIGHTS)[0]


def salsa(body: Body, frames: int) -> Arguments:
    """The first frames of a packaged dance, observed as the simulator would, with constraints of contact."""
    take = load_salsa("test")[0]
    motion = map_frames(take.motion, lambda x: jnp.asarray(x[:, :frames]))
    seen = jax.jit(simulate, static_argnames="config")(jax.random.key(0), motion, body, config=SimulatorConfig())
    contacts = [Contact(region_a=a, region_b=b, end=frames) for a, b in map(str.split, TOUCHES)]
    evidence = Evidence(
        keypoints=seen.keypoints,
        keypoint_confidence=seen.keypoint_confidence,
        camera=seen.camera,
        contacts=jax.tree.map(jnp.asarray, contact_targets(contacts, frames)),
        estimate=seen.motion,
        visibility=seen.visibility,
        fps=jnp.float32(take.fps),
        frame_mask=jnp.ones(frames),
    )
    return body, seen.motion, jnp.asarray(take.foot_contact[:, :frames]), evidence


def gradient_memory(body: Body, frames: int) -> int:
    """Bytes that the compiled value and gradient needs beside its arguments and results."""
    stretched = jax.eval_shape(lambda: salsa(body, frames)[1:])
    compiled = jax.jit(jax.value_and_grad(cost, argnums=1)).lower(body, *stretched).compile()
    return compiled.memory_analysis().temp_size_in_bytes


def intermediates(given: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name of the operation and shape of every array that value and gradient make, inner loops included."""

    def within(jaxpr: jax.extend.core.Jaxpr) -> Iterator[tuple[str, tuple[int, ...]]]:
        for equation in jaxpr.eqns:
            yield from ((equation.primitive.name, var.aval.shape) for var in equation.outvars)
            for inner in jax.tree.leaves(list(equation.params.values())):
                inner = getattr(inner, "jaxpr", inner)
                if isinstance(inner, jax.extend.core.Jaxpr):
                    yield from within(inner)

    yield from within(jax.make_jaxpr(jax.value_and_grad(cost, argnums=1))(*given).jaxpr)


def _timed(function: Callable[..., Any], given: Arguments) -> float:
    start = time.perf_counter()
    jax.block_until_ready(function(*given))
    return time.perf_counter() - start
