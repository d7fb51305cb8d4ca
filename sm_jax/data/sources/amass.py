"""AMASS files: SMPL-H or SMPL-X motion of single people, z up. Nothing is fitted: their rotations are ours.

A file's `trans` is where SMPL's origin goes; the pelvis joint stands a constant off it, the rest pelvis of the person's
own body. Where that body is not at hand the mean body's is used: the error is a constant few centimetres in the world,
of which the height is set by the floor, and where on the floor a recording lies means nothing.
"""

import dataclasses
import itertools
import logging
import pathlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import jax
import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.assets.arrays import Unreadable, numbers, read_npz
from sm_jax.body import smpl
from sm_jax.body.io import LARGEST_STATURE_BETA, load_body
from sm_jax.body.rest_pose import REST_POSES, Family, from_family, hips_apart
from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS
from sm_jax.data.schema import PARTNER_ASIDE, PairSequence, Split
from sm_jax.data.sources import cmu
from sm_jax.data.sources.bvh_pair import names_of
from sm_jax.errors import UserError
from sm_jax.motion import resample
from sm_jax.motion.foot_contact import foot_contact
from sm_jax.motion.frames import pad_motion
from sm_jax.types import Array, Motion

_LOGGER = logging.getLogger(__name__)

BODY_JOINTS = 22  # SMPL-H and SMPL-X share SMPL's joints up to the wrists
PIECE = 60  # seconds: longer recordings are cut
_MOST_TURNED, _FURTHEST = 100.0, 1e4  # radians and metres
_NOT_MOTION = ("shape", "neutral_stagei", "male_stagei", "female_stagei")
# The data set's own splits, by the names its subsets have had.
_VAL = ("humaneva", "mpi_hdm05", "hdm05", "sfu", "mpi_mosh", "mosh")
_TEST = ("transitions_mocap", "transitions", "ssm_synced", "ssm")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recording:
    """One file at 30 fps. rotations: [T, 24, 3, 3] as in Motion, the first world from pelvis.  trans: [T, 3].
    betas: [N] of the subject's body.  family: that body's."""

    rotations: np.ndarray
    trans: np.ndarray
    betas: np.ndarray
    family: Family


def find(folder: pathlib.Path) -> list[pathlib.Path]:
    """Motion files anywhere below a folder. Raises UserError if there is none."""
    found = [path for path in sorted(folder.rglob("*.npz")) if path.stem not in _NOT_MOTION]
    if not found:
        raise UserError(f"{folder}: no AMASS .npz files there; give the folder that AMASS's archives were unpacked to")
    return found


def read(folder: pathlib.Path, body: smpl.Body | None = None) -> Iterator[PairSequence]:
    """Yield every recording below a folder, in pieces; damaged files are told on stderr, left out, and summed up.

    body: the body to play it on, the packaged open-low if None. On a licensed SMPL body the files' betas are its own;
    on an open body the first beta is set such that the pelvis is as high as the person's.
    """
    name = lambda path: f"amass_{'_'.join(path.relative_to(folder).with_suffix('').parts)}"  # noqa: E731
    yield from _all_that_can_be_read([partial(read_file, path, body, name=name(path)) for path in find(folder)])


def read_file(
    path: pathlib.Path, body: smpl.Body | None = None, *, name: str | None = None, split: Split | None = None
) -> list[PairSequence]:
    """One person's recording in pieces of at most a minute. Person 1 is absent: a copy a metre aside.

    split: that of the data set for the file's subset if None. Raises UserError for a file that cannot be read.
    """
    recording = read_recording(path)
    aside = dataclasses.replace(recording, trans=recording.trans + np.array([PARTNER_ASIDE, 0.0, 0.0]))
    return _sequences((recording, aside), body, name or f"amass_{path.stem}", split or split_of(path), (), single=True)


def read_pair(
    first: pathlib.Path,
    second: pathlib.Path,
    body: smpl.Body | None = None,
    *,
    name: str | None = None,
    texts: Sequence[str] = (),
    split: Split = "test",
) -> list[PairSequence]:
    """Two people's recordings that share one world and start together, such as our own export; cut to the shorter."""
    pair = (read_recording(first), read_recording(second))
    return _sequences(pair, body, name or f"{first.stem}_{second.stem}", split, tuple(texts), single=False)


def read_pairs(
    files: Sequence[tuple[pathlib.Path, pathlib.Path]], body: smpl.Body | None = None, *, texts: Sequence[str] = ()
) -> Iterator[PairSequence]:
    """Yield several pairs as `read_pair` does; one with a damaged file is told on stderr, left out, and summed up."""
    names = names_of(files)
    yield from _all_that_can_be_read([
        partial(read_pair, *pair, body, name=name, texts=texts) for name, pair in zip(names, files, strict=True)
    ])  # fmt: skip


def _all_that_can_be_read(readers: Sequence[Callable[[], list[PairSequence]]]) -> Iterator[PairSequence]:
    left_out = 0
    for read_one in readers:
        try:
            yield from read_one()
        except UserError as error:
            left_out += 1
            _LOGGER.warning("%s: left out", error)
    if left_out:
        _LOGGER.warning("%d of %d recordings were left out, see above", left_out, len(readers))


def split_of(path: pathlib.Path) -> Split:
    """The data set's split by subset, except that CMU's trials lie where its own reader puts them."""
    parts = [part.lower() for part in path.parts]
    if "cmu" in parts and (match := re.match(r"(\d+)_(\d+)", path.stem)):
        return cmu.split_of(match.group())
    return "test" if set(parts) & set(_TEST) else "val" if set(parts) & set(_VAL) else "train"


def read_recording(path: pathlib.Path) -> Recording:
    """Read a file and resample it. Raises UserError if it is damaged, hostile or no AMASS file."""
    arrays = _arrays(path)
    poses, trans = _per_frame(arrays, path, "poses"), _per_frame(arrays, path, "trans")
    family: Family = "smpl" if poses is not None else "smplx"  # whose files have keys of their own
    if poses is None and "root_orient" in arrays and "pose_body" in arrays:
        parts = [_per_frame(arrays, path, key) for key in ("root_orient", "pose_body")]
        if len({len(part) for part in parts if part is not None}) != 1:
            raise UserError(f"{path}: root_orient and pose_body are of {_lengths(parts)} frames; fetch the file again")
        poses = np.concatenate([part for part in parts if part is not None], axis=1)
    rate = arrays.get("mocap_framerate", arrays.get("mocap_frame_rate"))
    if poses is None or trans is None or rate is None:
        raise UserError(f"{path}: not an AMASS motion file (needs poses, trans and mocap_framerate); give another")
    n_frames = len(trans) if trans.ndim == 2 else 0
    if poses.ndim != 2 or poses.shape[1] < 3 * BODY_JOINTS or trans.shape != (len(poses), 3) or n_frames < 2:
        raise UserError(f"{path}: poses {poses.shape} and trans {trans.shape} are no motion; fetch the file again")
    if rate.size != 1 or not 1 <= float(rate.reshape(())) <= 1000:
        raise UserError(f"{path}: frame rate {rate.reshape(-1)[:3]}; fetch the file again")
    if not all(np.isfinite(array).all() for array in (poses, trans)):
        raise UserError(f"{path}: numbers that are not finite; fetch the file again")
    if np.abs(poses).max() > _MOST_TURNED or np.abs(trans).max() > _FURTHEST:
        raise UserError(
            f"{path}: rotations of up to {np.abs(poses).max():.3g} rad and places up to {np.abs(trans).max():.3g} m "
            "away are no person's motion; give axis-angle vectors and metres"
        )
    at = resample.frame_positions(n_frames, float(rate.reshape(())))
    if len(at) < 2:
        raise UserError(f"{path}: {n_frames} frames are too short a recording")
    local = np.tile(np.eye(3), (n_frames, len(JOINTS), 1, 1))
    vectors = poses[:, : 3 * BODY_JOINTS].reshape(-1, 3)
    local[:, :BODY_JOINTS] = Rotation.from_rotvec(vectors).as_matrix().reshape(n_frames, BODY_JOINTS, 3, 3)
    betas = np.nan_to_num(arrays.get("betas", np.zeros(10)).reshape(-1))
    rotations, trans = resample.read_rotations(local, at), resample.read_points(trans, at)
    return Recording(rotations=rotations, trans=trans, betas=betas, family=family)


def _per_frame(arrays: dict[str, np.ndarray], path: pathlib.Path, key: str) -> np.ndarray | None:
    """An entry as [T, N], whatever axes joints and their vectors have; None where there is none."""
    array = arrays.get(key)
    if array is None:
        return None
    if array.ndim < 2 or 0 in array.shape or (array.shape[-2:] == (3, 3) and array.ndim > 3):
        raise UserError(f"{path}: {key} has shape {array.shape}, not vectors or places by frame")
    return array.reshape(len(array), -1)


def _lengths(parts: Sequence[np.ndarray | None]) -> str:
    return " and ".join(str(len(part)) for part in parts if part is not None)


def _arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
    """The wanted entries as float64; strings such as the gender's, in whatever form, are never touched."""
    wanted = ("poses", "root_orient", "pose_body", "trans", "betas", "mocap_framerate", "mocap_frame_rate")
    try:
        arrays = read_npz(path, wanted)
        return {key: numbers(arrays, key) for key in arrays}
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; give an AMASS motion file") from error
    except Unreadable as error:
        raise UserError(f"{path}: a damaged file or no .npz file ({error}); fetch it again") from error


def _sequences(
    pair: tuple[Recording, Recording], body: smpl.Body | None, name: str, split: Split, texts: tuple[str, ...], *,
    single: bool,
) -> list[PairSequence]:  # fmt: skip
    """The pieces of a pair."""
    body = load_body("open-low") if body is None else body
    n_frames = min(len(recording.trans) for recording in pair)
    rotations = np.stack([recording.rotations[:n_frames] for recording in pair]).astype(np.float32)
    trans = np.stack([recording.trans[:n_frames] for recording in pair])
    n_betas = body.joint_shapedirs.shape[-1]
    betas = np.zeros((2, n_betas), np.float32)
    if not body.name.startswith("open-"):
        for own, recording in zip(betas, pair, strict=True):
            own[: len(recording.betas)] = recording.betas[:n_betas]
        pelvis = trans + np.asarray(smpl.rest_joints(body, betas))[:, None, 0]
    else:
        rotations, pelvis, betas[:, 0] = _on_open_body(body, [recording.family for recording in pair], rotations, trans)
    length = int(PIECE * resample.FPS)
    count = -(-n_frames // length)
    edges = np.linspace(0, n_frames, count + 1).astype(int)
    pieces = []
    for i, (a, b) in enumerate(itertools.pairwise(edges)):
        motion = _motion(rotations[:, a:b], pelvis[:, a:b], betas)
        joints, clearance = _joints(body, motion)
        floor = np.median((joints[:, : b - a, FOOT_JOINTS, 2] - clearance[:, None]).min(axis=(0, 2)))
        up = np.array([0.0, 0.0, floor], np.float32)
        contact = _contact(joints - up, resample.FPS, clearance[:, 2:].mean(axis=-1))
        pieces.append(
            PairSequence(
                name=f"{name}_{i}" if count > 1 else name,
                source="amass",
                body=body.name,
                motion=dataclasses.replace(motion, pelvis=motion.pelvis - up),
                fps=resample.FPS,
                split=split,
                present=np.array([True, not single]),
                foot_contact=np.asarray(contact)[:, : b - a],
                contacts=(),
                texts=texts,
            )
        )
    return pieces


def _on_open_body(
    body: smpl.Body, families: Sequence[Family], rotations: np.ndarray, trans: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations [2, T, 24, 3, 3], pelvis [2, T, 3] and first beta [2]: limbs point where the files' do, the middle of
    the hips is where theirs is, and pelvises stand as high as theirs."""
    theirs = trans + np.array([REST_POSES[family].pelvis for family in families])[:, None]

    def played(rest_joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own = list(zip(families, rest_joints, strict=True))
        shift = np.stack([hips_apart(*each) for each in own])
        turned = [from_family(there, *each) for there, each in zip(rotations, own, strict=True)]
        return np.stack(turned).astype(np.float32), theirs + np.einsum("ptij,pj->pti", rotations[:, :, 0], shift)

    betas = np.zeros((2, body.joint_shapedirs.shape[-1]), np.float32)
    betas[:, 0] = _stature(body, *played(np.asarray(smpl.rest_joints(body, betas), np.float64)))
    return *played(np.asarray(smpl.rest_joints(body, betas), np.float64)), betas[:, 0]


def _motion(rotations: np.ndarray, pelvis: np.ndarray, betas: np.ndarray) -> Motion:
    return Motion(
        global_orient=rotations[:, :, 0],
        body_pose=rotations[:, :, 1:],
        pelvis=pelvis.astype(np.float32),
        betas=betas,
    )


def _joints(body: smpl.Body, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Joints [P, T + n, 24, 3] of a motion, its last frame and step repeated up to a `padded_length`, and
    `smpl.foot_clearance` [P, 4]."""
    n_frames = motion.pelvis.shape[1]
    joints, clearance = (np.array(x) for x in _pose(body, pad_motion(motion)))
    joints[:, n_frames:] += joints[:, n_frames - 1 : n_frames] - joints[:, n_frames - 2 : n_frames - 1]
    return joints, clearance


@jax.jit
def _pose(body: smpl.Body, motion: Motion) -> tuple[Array, Array]:
    return smpl.pose(body, motion).joints, smpl.foot_clearance(body, motion.betas)


_contact = jax.jit(foot_contact)


def _stature(body: smpl.Body, rotations: np.ndarray, pelvis: np.ndarray) -> np.ndarray:
    """The first beta [2] at which the body's pelvis stands as high over its soles as the subject's does over z = 0.

    Zero where the floor is elsewhere, that is where no adult's stature would come out.
    """
    length = int(PIECE * resample.FPS)
    motion = _motion(
        rotations[:, :length], pelvis[:, :length], np.zeros((2, body.joint_shapedirs.shape[-1]), np.float32)
    )
    joints, clearance = _joints(body, motion)
    joints = joints[:, : motion.pelvis.shape[1]]
    own = joints[:, :, 0, 2] - (joints[:, :, FOOT_JOINTS, 2] - clearance[:, None]).min(axis=-1)
    ratio = np.median(motion.pelvis[..., 2] / np.maximum(own, 0.1), axis=1)
    height = [_pelvis_height(body, beta) for beta in (-1.0, 0.0, 1.0)]
    beta = (ratio - 1) * height[1] / (0.5 * (height[2] - height[0]))
    return np.where((ratio > 0.8) & (ratio < 1.25), np.clip(beta, -LARGEST_STATURE_BETA, LARGEST_STATURE_BETA), 0.0)


def _pelvis_height(body: smpl.Body, beta: float) -> float:
    """Of the pelvis over the soles at rest, for a first beta and the others zero."""
    betas = beta * np.eye(1, body.shapedirs.shape[-1])[0]
    return -float(smpl.shaped(body.v_template, body.shapedirs, betas)[:, 1].min())
