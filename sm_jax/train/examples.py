"""Training examples: true windows, observed by a simulated camera and brought into the networks' terms.

Everything runs on the device and follows from one key and the example's global number, so
that neither the number of devices nor a restart changes what is drawn. It is compiled apart from the training step,
since it compiles for longer and does not change with the network.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.data.augment import Take, augment
from sm_jax.data.codec import ROTATION_UNIT
from sm_jax.data.placement import place
from sm_jax.data.pose_mixing import mix_poses
from sm_jax.data.simulator.noise import spans
from sm_jax.data.simulator.simulate import SimulatorConfig, error_scale, simulate
from sm_jax.fitting.joint_limits import out_of_range
from sm_jax.geometry.rotations import axis_angle_to_matrix
from sm_jax.motion import pair_frame, state
from sm_jax.motion.foot_contact import foot_contact, ground_height
from sm_jax.motion.normalise import Statistics, normalise
from sm_jax.sampling.conditions import make_conditions
from sm_jax.train.config import DataConfig
from sm_jax.types import Array, Conditions, ContactTargets, Motion, Observation, TextEmbedding


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class RawBatch:
    """Raw material of a batch, from the host, S = source_frames(T) frames each.

    rotations: [B, P, S, J, 3] int16, pelvis: [B, P, S, 3] and betas: [B, P, N] as in `codec.FIELDS` but people first;
    z up, floor at 0.  present: [B, P] in {0, 1}.  contacts: ContactTargets [B] over the S frames.
    text: TextEmbedding [B], zero where dropped.  mirrored, exchanged: [B] bool, what augmentation shall do; the text
    speaks of the result, all else of the motion as it was.
    placed, mixed: [B] bool, whether the people are placed anew and, before, given poses of each other's.
    number: [B] int32 global number of each example, counted over the whole training.
    """

    rotations: Array
    pelvis: Array
    betas: Array
    present: Array
    contacts: ContactTargets
    text: TextEmbedding
    mirrored: Array
    exchanged: Array
    placed: Array
    mixed: Array
    number: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Example:
    """One window as the networks meet it, in each person's own view of the estimate's pair frame.

    number: [] the example's global number.  x0: [P, T, D] normalised true state.  betas: [P, N] true shapes.
    rest_joints: [P, J, 3] absolute.  present: [P] in {0, 1}.  contacts: true ones.  conditions: what was observed.
    """

    number: Array
    x0: Array
    betas: Array
    rest_joints: Array
    present: Array
    contacts: ContactTargets
    conditions: Conditions


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainContext:
    """What every example needs and no gradient reaches. An argument of compiled functions, equal on all devices.

    key: the training's random key.  alpha_bar: [steps] the noise schedule.
    """

    key: Array
    body: smpl.Body
    statistics: Statistics
    alpha_bar: Array


def example_key(world: TrainContext, number: Array) -> jax.Array:
    """The key of the example with a global number []."""
    return jax.random.fold_in(world.key, number)


def make_examples(world: TrainContext, windows: RawBatch, data: DataConfig, simulator: SimulatorConfig) -> Example:
    """A batch of examples [B]: each window turned, mirrored, played faster or slower, perhaps placed anew, and seen."""

    def one(row: RawBatch) -> Example:
        at_augment, at_observe = jax.random.split(example_key(world, row.number))
        take = Take(motion=_motion(row), present=row.present, contacts=row.contacts)
        take = augment(at_augment, take, world.body, row.mirrored, row.exchanged, data.frames)
        if data.placed > 0:
            take = dataclasses.replace(take, motion=arrange(at_augment, take.motion, row.placed, row.mixed, world.body))
        return observe(at_observe, row.number, take, row.text, world, data, simulator)

    return jax.vmap(one)(windows)


def arrange(key: Array, motion: Motion, placed: Array, mixed: Array, body: smpl.Body) -> Motion:
    """A motion [P, T] whose people are placed anew if `placed` [], with each other's poses if `mixed` [] as well."""
    at_mix, at_place = jax.random.split(jax.random.fold_in(key, 1))
    either = lambda choice, a, b: jax.tree.map(lambda x, y: jnp.where(choice, x, y), a, b)  # noqa: E731
    posed = either(mixed, mix_poses(at_mix, motion, body, out_of_range), motion)
    return either(placed, place(at_place, posed, body), motion)


def observe(
    key: Array,
    number: Array,
    take: Take,
    text: TextEmbedding,
    world: TrainContext,
    data: DataConfig,
    simulator: SimulatorConfig,
) -> Example:
    """One true window [P, T], seen by a simulated camera, as far as it is not dropped."""
    at_partner, at_estimate, at_end = jax.random.split(jax.random.fold_in(key, 1), 3)
    take = drop_partner(at_partner, take, data.partner_dropout)
    motion, n_frames = take.motion, data.frames
    observation = simulate(key, motion, world.body, simulator, take.present)
    mask = early_end(at_end, n_frames, data.short)
    observation = lose_estimate(at_estimate, dataclasses.replace(observation, frame_mask=mask), data.estimate_dropout)
    scale = error_scale(key, simulator)
    conditions, frame, _ = make_conditions(observation, world.body, world.statistics, text, scale)
    joints = smpl.pose(world.body, motion).joints
    contact = foot_contact(joints, simulator.fps, ground_height(joints, mask))
    truth = state.pack(pair_frame.to_pair(motion, frame), contact)
    return Example(
        number=number,
        x0=normalise(truth, world.statistics),
        betas=motion.betas,
        rest_joints=smpl.rest_joints(world.body, motion.betas),
        present=take.present,
        contacts=take.contacts,
        conditions=conditions,
    )


def drop_partner(key: Array, take: Take, share: float) -> Take:
    """The take without one of its two people in a `share` of cases. In their place stands a copy of the other, a metre
    aside, of which nothing is seen, as where a set shows one person."""
    whether, who = jax.random.uniform(key, (2,))
    gone = (whether < share) & (take.present.min() > 0.0) & (jnp.arange(2) == jnp.round(who))

    def copied(x: Array) -> jax.Array:
        return jnp.where(gone.reshape(2, *(1,) * (x.ndim - 1)), x[::-1], x)

    motion = jax.tree.map(copied, take.motion)
    aside = gone.astype(jnp.float32)[:, None, None] * jnp.array([[[1.0, 0.0, 0.0]]])
    motion = dataclasses.replace(motion, pelvis=motion.pelvis + aside)
    return dataclasses.replace(take, motion=motion, present=take.present * (1.0 - gone.astype(jnp.float32)))


def lose_estimate(key: Array, observation: Observation, share: float) -> Observation:
    """The observation [P, T] without the estimate of each person in a `share` of cases, for a tenth of the window up
    to all of it: every joint is hidden there, and the keypoints stay."""
    n_people, n_frames, _ = observation.visibility.shape
    lost = spans(key, (n_people,), n_frames, share, (0.1, 1.0))
    return dataclasses.replace(observation, visibility=observation.visibility * (1.0 - lost)[..., None])


def early_end(key: Array, n_frames: int, share: float) -> jax.Array:
    """Frame mask [T] of a window that ends early in a `share` of cases: after 1 to T frames, short ones as often as
    long ones."""
    whether, when = jax.random.uniform(key, (2,))
    length = jnp.where(whether < share, jnp.exp(when * jnp.log(float(n_frames))), float(n_frames))
    return (jnp.arange(n_frames) < length).astype(jnp.float32)


def _motion(row: RawBatch) -> Motion:
    R = axis_angle_to_matrix(ROTATION_UNIT * row.rotations.astype(jnp.float32))
    return Motion(global_orient=R[..., 0, :, :], body_pose=R[..., 1:, :, :], pelvis=row.pelvis, betas=row.betas)


WindowSource = Callable[[int], RawBatch]
"""From the number of a batch to the batch: it has no other state, so a restart continues exactly."""
