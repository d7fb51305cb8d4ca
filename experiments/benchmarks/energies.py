"""Cost of all energies together on two people: gradient over value, memory over frames, the arrays that are made."""

import math
import time
from collections.abc import Iterator, Sequence
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

TOUCHES = ("hand hand", "hand back", "hand shoulder", "forearm upper_arm", "chest chest", "thigh thigh", "hand waist")


def measure(body: Body, frames: int = 64, lengths: Sequence[int] = (32, 64, 128, 256), repeats: int = 200) -> dict:
    """Medians in ms (value and gradient in turn), memory of the compiled gradient by frames, the largest array."""
    functions, given = (jax.jit(cost), jax.jit(jax.value_and_grad(cost, argnums=1))), salsa(body, frames)
    seconds = np.array([[_seconds(f, given) for f in functions] for _ in range(repeats + 3)])[3:]
    memory = {n: gradient_memory(body, n) for n in lengths}
    operation, shape = max(intermediates(given), key=lambda array: math.prod(array[1]))
    return {
        "energies_value_ms": 1e3 * float(np.median(seconds[:, 0])),
        "energies_grad_ms": 1e3 * float(np.median(seconds[:, 1])),
        "energies_grad_over_value": float(np.median(seconds[:, 1] / seconds[:, 0])),
        "energies_grad_bytes": memory,
        "energies_memory_exponent": float(np.polyfit(np.log(list(memory)), np.log(list(memory.values())), 1)[0]),
        "energies_largest_array": {"operation": operation, "shape": list(shape), "vertices": len(body.v_template)},
    }


def cost(body: Body, motion: Motion, foot_contact: Array, evidence: Evidence) -> jax.Array:
    """All energies with their default weights."""
    return energy(body, motion, foot_contact, evidence, Weights().active())[0]


def salsa(body: Body, frames: int) -> tuple[Body, Motion, Array, Evidence]:
    """The first frames of a packaged dance as the simulator's estimators see it, with contacts: `cost`'s arguments."""
    take = load_salsa("test")[0]
    true = map_frames(take.motion, lambda x: jnp.asarray(x[:, :frames]))
    seen = jax.jit(simulate, static_argnames="config")(jax.random.key(0), true, body, config=SimulatorConfig())
    pairs = [touch.split() for touch in TOUCHES]
    contacts = contact_targets([Contact(region_a=a, region_b=b, end=frames) for a, b in pairs], frames)
    same = {name: getattr(seen, name) for name in ("keypoints", "keypoint_confidence", "camera", "visibility")}
    fps, mask = jnp.float32(take.fps), jnp.ones(frames)
    contacts = jax.tree.map(jnp.asarray, contacts)
    evidence = Evidence(**same, contacts=contacts, estimate=seen.motion, fps=fps, frame_mask=mask)
    return body, seen.motion, jnp.asarray(take.foot_contact[:, :frames]), evidence


def gradient_memory(body: Body, frames: int) -> int:
    """Bytes that the compiled value and gradient need beside arguments and results."""
    shapes = jax.eval_shape(lambda: salsa(body, frames)[1:])
    memory: Any = jax.jit(jax.value_and_grad(cost, argnums=1)).lower(body, *shapes).compile().memory_analysis()
    return memory.temp_size_in_bytes


def intermediates(given: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Operation and shape of every array that value and gradient make, inner loops included."""
    inner = [jax.make_jaxpr(jax.value_and_grad(cost, argnums=1))(*given).jaxpr]
    while inner:
        for equation in inner.pop().eqns:
            yield from ((equation.primitive.name, var.aval.shape) for var in equation.outvars)
            held = [getattr(x, "jaxpr", x) for x in jax.tree.leaves(list(equation.params.values()))]
            inner += [x for x in held if isinstance(x, jax.extend.core.Jaxpr)]


def _seconds(function: Any, given: Any) -> float:
    start = time.perf_counter()
    jax.block_until_ready(function(*given))
    return time.perf_counter() - start
