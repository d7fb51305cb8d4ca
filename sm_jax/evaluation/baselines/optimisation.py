"""Optimisation without a prior: the energies that guide our networks, minimised from the gap-filled estimate.

What the networks add is what this lacks: the energies, the state and the start are the same, and so are the weights but
for the smoothness.
"""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sm_jax.body import smpl
from sm_jax.energies.combine import EnergyWeights, energy
from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.motion import state
from sm_jax.motion.foot_contact import foot_contact, ground_height
from sm_jax.motion.frames import map_frames
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.sampling.inputs import SamplingInputs, make_evidence, make_sampling_inputs
from sm_jax.sampling.sample import GUIDANCE
from sm_jax.types import Array, Motion

EVEN = 1.3  # Hz: waves quicker than this weigh in the smoothness rather than elsewhere
MEMORY = 20  # past steps that L-BFGS remembers
BLOCK = 10  # iterations between two looks at the progress: one step alone may be short without being the last
WEIGHTS = dataclasses.replace(GUIDANCE, smoothness=6.0)  # a tenth of the keypoints', the ratio that tuning chose
Energy = Callable[[jax.Array], Array]


@dataclasses.dataclass(frozen=True)
class Descent:
    """L-BFGS (Liu and Nocedal 1989) on the energy of the clip's state.

    iterations: at most.  tolerance: relative decrease over BLOCK iterations at which it has converged.
    """

    weights: EnergyWeights = WEIGHTS
    iterations: int = 100
    tolerance: float = 5e-3

    def __call__(self, clip: MethodInput) -> Motion:
        """The motion of least energy nearby."""
        frames = clip.observation.visibility.shape[1]
        task = make_sampling_inputs(clip.observation, clip.contacts, clip.text, clip.key)
        found = descend(clip.body, task, self.weights.active(), self.tolerance, self.iterations)
        return map_frames(found, lambda x: x[:, :frames])


@jax.jit
def descend(
    body: smpl.Body, task: SamplingInputs, weights: Mapping[str, Array | float], tolerance: Array, iterations: Array
) -> Motion:
    """The gap-filled estimate of a padded clip [P, T], moved to a minimum. weights: `Weights.active()`."""
    observation, frame_mask = task.observation, task.observation.frame_mask
    estimate = fill_hidden(observation.motion, observation.visibility, frame_mask)
    joints = smpl.pose(body, estimate).joints
    contact = foot_contact(joints, observation.fps, ground_height(joints, frame_mask))
    evidence = make_evidence(task, estimate)

    def cost(clip_state: Array) -> Array:
        motion = state.to_motion(clip_state, estimate.betas)
        return energy(body, motion, contact, evidence, weights)[0]

    start, waves = state.pack(estimate, contact), slow_first(len(frame_mask), observation.fps)

    def moved(z: Array) -> Array:
        return start + jnp.einsum("tk,pkd->ptd", waves, z, precision="highest")

    found, _ = minimise(lambda z: cost(moved(z)), jnp.zeros_like(start), tolerance, iterations)
    return state.to_motion(moved(found), estimate.betas)


def slow_first(frames: int, fps: Array) -> jax.Array:
    """Cosine waves in time [T, T], a column each, quick ones the smaller: a change of variables, no restriction.

    Smoothness weighs a wave by the fourth power of its frequency; in these units its curvature is even, and the search
    takes a fifth of the iterations.
    """
    wave = np.arange(frames)
    cosine = np.sqrt(2.0 / frames) * np.cos(np.pi / frames * (wave[:, None] + 0.5) * wave)
    cosine[:, 0] *= np.sqrt(0.5)
    hertz = wave.astype(np.float32) * fps / (2.0 * frames)
    return jnp.asarray(cosine, jnp.float32) * jax.lax.rsqrt(1.0 + jnp.square(jnp.square(hertz / EVEN)))[None]


def minimise(cost: Energy, x: Array, tolerance: Array | float, iterations: Array | int) -> tuple[jax.Array, jax.Array]:
    """x at a minimum of `cost`, or as far as that many iterations lead, and its cost.

    The line search knows cost and gradient where it ends, so that the next step need not compute them; the compiled
    program holds the energy three times as it is.
    """
    solver, x = optax.lbfgs(memory_size=MEMORY), jnp.asarray(x)
    value, gradient = jax.value_and_grad(cost)(x)
    memory = optax.tree.set(solver.init(x), value=value, grad=gradient)

    def step(_: Array, carry: tuple) -> tuple:
        x, memory = carry
        value, gradient = (optax.tree.get(memory, name) for name in ("value", "grad"))
        move, memory = solver.update(gradient, memory, x, value=value, grad=gradient, value_fn=cost)
        return optax.apply_updates(x, move), memory

    def goes_on(carry: tuple) -> jax.Array:
        *_, before, after, count = carry
        return (count < iterations) & (before - after > tolerance * jnp.abs(after))

    def block(carry: tuple) -> tuple:
        x, memory, _, value, count = carry
        x, memory = jax.lax.fori_loop(0, BLOCK, step, (x, memory))
        return x, memory, value, optax.tree.get(memory, "value"), count + BLOCK

    x, _, _, value, _ = jax.lax.while_loop(goes_on, block, (x, memory, jnp.inf, value, 0))
    return x, value
