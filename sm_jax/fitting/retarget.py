"""The same motion on other bodies: one recorded pair of dancers becomes many, whose contacts hold.

Joint rotations stay. Pelvises rise with the person's own legs; the way over the floor and the distance between the
people scale with the mean of both, so that feet hardly skate and nobody drifts apart. Then the arms close the hands
again.
"""

import dataclasses
import hashlib
import pathlib
import zlib
from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from sm_jax.body import smpl
from sm_jax.data import store
from sm_jax.data.schema import PairSequence
from sm_jax.fitting import hands
from sm_jax.fitting.floor import contact_on_floor, sole_height, stand
from sm_jax.motion.frames import map_frames
from sm_jax.types import Array, Motion

_STATURE = 1.2  # largest |betas[0]|: the open body's range of stature is too wide beyond
_SHAPE = 2.0  # largest value of the other betas
_BUCKET = 512  # frames: takes are padded to a multiple, so that they share compiled programs


def random_betas(key: Array, shape: tuple[int, ...] = (2, 10)) -> jax.Array:
    """Betas [..., P, N] of ordinary adults, each person's independent of the other's."""
    limit = jnp.full((1,) * (len(shape) - 1) + shape[-1:], _SHAPE).at[..., 0].set(_STATURE)
    return jnp.clip(jax.random.normal(key, shape), -limit, limit)


@jax.jit
def retarget(body: smpl.Body, motion: Motion, betas: Array, contacts: Array) -> Motion:
    """Play a motion [P, T] on other betas [P, N], on the floor z = 0.

    contacts: [T, 2, 2] weight in [0, 1] of the hands' contacts (`hands.ramped`).
    """
    ratio = sole_height(body, betas) / sole_height(body, motion.betas)
    scale = jnp.stack([ratio.mean() * jnp.ones_like(ratio)] * 2 + [ratio], axis=-1)
    moved = dataclasses.replace(motion, pelvis=motion.pelvis * scale[:, None], betas=betas)
    return hands.close_hands(body, stand(body, moved), contacts, iterations=5, cg_steps=10)


def library(
    body: smpl.Body, sequences: Sequence[PairSequence], variants: int, seed: int, folder: pathlib.Path
) -> list[PairSequence]:
    """Every sequence as it is and on `variants` random pairs of bodies, kept in a file of `folder` between calls.

    The file is named after all that it depends on, so other sequences, bodies or seeds make another one.
    """
    path = folder / f"variants_{body.name}_{variants}_{seed}_{_digest(sequences)}.npz"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        made = [variant for sequence in tqdm(sequences, desc="bodies", unit="take")
                for variant in _variants(body, sequence, variants, seed)]  # fmt: skip
        store.save(path, made, body.name, f"made from {len(sequences)} sequences by sm_jax.fitting.retarget")
    return [*sequences, *store.load(path)]


def _digest(sequences: Sequence[PairSequence]) -> str:
    """A short fingerprint of the sequences' motion."""
    digest = hashlib.sha256()
    for sequence in sequences:
        digest.update(sequence.name.encode())
        for leaf in jax.tree.leaves(sequence.motion):
            digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()[:12]


def _variants(body: smpl.Body, sequence: PairSequence, variants: int, seed: int) -> Iterator[PairSequence]:
    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(sequence.name.encode()))
    betas = random_betas(key, (variants, *sequence.motion.betas.shape))
    n_frames = len(sequence.hand_contact)
    weight = hands.ramped(sequence.hand_contact, sequence.fps)
    motion, weight = _padded(sequence.motion, weight)
    for i in range(variants):
        moved = retarget(body, motion, betas[i], weight)
        gap = hands.hand_gaps(smpl.pose(body, moved).joints)[:n_frames]
        foot_contact = np.asarray(contact_on_floor(body, moved, sequence.fps))[:, :n_frames]
        yield dataclasses.replace(
            sequence,
            name=f"{sequence.name}_{i}",
            motion=map_frames(jax.device_get(moved), lambda x: x[:, :n_frames]),
            foot_contact=foot_contact,
            hand_contact=sequence.hand_contact * (gap < hands.TOUCH),
        )


def _padded(motion: Motion, weight: np.ndarray) -> tuple[Motion, np.ndarray]:
    """Repeat the last frame, without contacts, up to a multiple of _BUCKET frames."""
    extra = -len(weight) % _BUCKET
    more = lambda x: np.concatenate([x, np.repeat(x[:, -1:], extra, axis=1)], axis=1)  # noqa: E731
    padded = map_frames(motion, more)
    return padded, np.pad(weight, ((0, extra), (0, 0), (0, 0)))
