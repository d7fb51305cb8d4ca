"""A pair sequence as named arrays: the one form in which files hold it, ArrayRecord and .npz alike.

`FIELDS` is the table. An array whose shape begins with None has a first axis of any length: frames (F), contacts (C),
cameras (V), observed cameras (O) or several of them one after the other, always the outer one first.
"""

import dataclasses
from typing import get_args

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.body.skeleton import KEYPOINTS, REGIONS
from sm_jax.data.schema import PairSequence, Split, View
from sm_jax.types import Camera, Contact, Motion, Observation, Side

Record = dict[str, np.ndarray]
_SIDES: tuple[Side | None, ...] = (None, "left", "right")
ROTATION_UNIT = np.pi / 32767  # rotations are int16 axis-angle: the rounding error is below 0.006 degrees


@dataclasses.dataclass(frozen=True)
class Field:
    """One array of a record. A `str` field without a shape is one string, with one a list of strings."""

    dtype: type
    shape: tuple[int | None, ...]
    meaning: str


FIELDS = {
    "name": Field(str, (), "of the sequence"),
    "source": Field(str, (), "reader it comes from"),
    "body": Field(str, (), "body that betas belong to"),
    "split": Field(str, (), "train, val or test"),
    "texts": Field(str, (None,), "sentences that are true of all of it"),
    "fps": Field(np.float32, (), "frames per second"),
    "present": Field(np.uint8, (2,), "0 for a person who is not there"),
    "betas": Field(np.float32, (None, 2), "[N, P] shape"),
    "rotations": Field(np.int16, (None, 2, 24, 3), "[F, P, J, 3] axis-angle in pi / 32767; world from pelvis, then "
                                                   "parent-relative"),
    "pelvis": Field(np.float32, (None, 2, 3), "[F, P, 3] metres, z up, floor at 0"),
    "foot_contact": Field(np.uint8, (None, 2, 4), "[F, P, 4] 0..255, ankles then toe joints, left first"),
    "contacts": Field(np.int32, (None, 7), "[C, 7] region_a, side_a, region_b, side_b (numbers of skeleton.REGIONS; "
                                           "0 either side, 1 left, 2 right), person_a, first frame, frame after last"),
    "contact_confidence": Field(np.float32, (None,), "[C]"),
    "camera_K": Field(np.float32, (None, 3, 3), "[V, 3, 3] pixels"),
    "camera_R": Field(np.float32, (None, 3, 3), "[V F, 3, 3] camera from world"),
    "camera_t": Field(np.float32, (None, 3), "[V F, 3]"),
    "camera_size": Field(np.float32, (None, 2), "[V, 2] width and height"),
    "camera_observed": Field(np.uint8, (None,), "[V] 1 where a front-end saw its pictures; O of them"),
    "seen_keypoints": Field(np.float32, (None, 2, len(KEYPOINTS), 2), "[O F, P, K, 2] pixels"),
    "seen_confidence": Field(np.float32, (None, 2, len(KEYPOINTS)), "[O F, P, K]"),
    "seen_visibility": Field(np.float32, (None, 2, 24), "[O F, P, J]"),
    "seen_betas": Field(np.float32, (None, 2), "[O N, P] estimated shape"),
    "seen_rotations": Field(np.int16, (None, 2, 24, 3), "[O F, P, J, 3] estimated, like `rotations`"),
    "seen_pelvis": Field(np.float32, (None, 2, 3), "[O F, P, 3] estimated, in the front-end's own world"),
    "seen_K": Field(np.float32, (None, 3, 3), "[O, 3, 3] the camera as the front-end took it"),
    "seen_R": Field(np.float32, (None, 3, 3), "[O F, 3, 3]"),
    "seen_t": Field(np.float32, (None, 3), "[O F, 3]"),
    "seen_size": Field(np.float32, (None, 2), "[O, 2]"),
    "seen_frame": Field(np.int32, (None,), "[O F] position in the source video"),
}  # fmt: skip


def encode(sequence: PairSequence) -> Record:
    """A sequence -> its arrays, exactly those of FIELDS. Rotations are rounded, contacts of feet too."""
    contacts = [
        (REGIONS.index(c.region_a), _SIDES.index(c.side_a), REGIONS.index(c.region_b), _SIDES.index(c.side_b),
         c.person_a, c.start, c.end) for c in sequence.contacts
    ]  # fmt: skip
    values = {
        "name": sequence.name,
        "source": sequence.source,
        "body": sequence.body,
        "split": sequence.split,
        "texts": sequence.texts,
        "fps": sequence.fps,
        "present": sequence.present,
        **_encode_motion(sequence.motion),
        "foot_contact": np.round(255 * np.swapaxes(sequence.foot_contact, 0, 1)),
        "contacts": contacts,
        "contact_confidence": [c.confidence for c in sequence.contacts],
        **_encode_views(sequence.views),
    }
    return {name: _shaped(values[name], field) for name, field in FIELDS.items()}


def decode(record: Record, start: int = 0, end: int | None = None) -> PairSequence:
    """The sequence of a record, or its frames from `start` to before `end`; contacts are cut to them and count from
    `start`."""
    n_frames = len(record["pelvis"])
    span = slice(start, n_frames if end is None else end)
    motion = _decode_motion(record["rotations"][span], record["pelvis"][span], record["betas"])
    return PairSequence(
        name=str(record["name"]),
        source=str(record["source"]),
        body=str(record["body"]),
        split=str(record["split"]),  # pyrefly: ignore[bad-argument-type]
        texts=tuple(map(str, record["texts"])),
        fps=float(record["fps"]),
        present=record["present"].astype(bool),
        motion=motion,
        foot_contact=record["foot_contact"][span].swapaxes(0, 1).astype(np.float32) / 255,
        contacts=tuple(_decode_contacts(record, span)),
        views=_decode_views(record, n_frames, span),
    )


def check(record: Record) -> None:
    """Raise ValueError where a record's numbers are not finite, or its arrays are not of FIELDS' kind and lengths."""
    for name, field in FIELDS.items():
        array = np.asarray(record[name])
        if array.dtype.kind not in ("US" if field.dtype is str else "fiub"):
            raise ValueError(f"{name} is of type {array.dtype}")
        if field.dtype is not str and not np.isfinite(array).all():
            raise ValueError(f"{name} holds {int((~np.isfinite(array)).sum())} numbers that are not finite")
        fixed = array.ndim == len(field.shape) and all(
            n in (None, m) for n, m in zip(field.shape, array.shape, strict=True)
        )
        if not fixed:
            raise ValueError(f"{name} has shape {array.shape}, not {field.shape}")
    lengths = {name: len(record[name]) for name in ("rotations", "pelvis", "foot_contact")}
    if len(set(lengths.values())) > 1 or not lengths["pelvis"]:
        raise ValueError(f"arrays of {', '.join(f'{n} frames ({name})' for name, n in lengths.items())}")
    if not float(record["fps"]) > 0:
        raise ValueError(f"{record['fps']} frames a second")
    if str(record["split"]) not in get_args(Split):
        raise ValueError(f"split {str(record['split'])[:20]!r}, not one of {', '.join(get_args(Split))}")
    _check_contacts(record)
    _check_views(record, lengths["pelvis"])


def _check_contacts(record: Record) -> None:
    rows = np.asarray(record["contacts"])
    most = np.array([len(REGIONS), len(_SIDES), len(REGIONS), len(_SIDES), 2])
    if len(rows) != len(record["contact_confidence"]) or not ((rows[:, :5] >= 0) & (rows[:, :5] < most)).all():
        raise ValueError("contacts name regions, sides or people that do not exist, or lack their confidence")


def _check_views(record: Record, n_frames: int) -> None:
    """Raise ValueError unless there are as many of everything as there are views and frames."""
    n_views, n_seen = len(record["camera_K"]), len(record["seen_K"])
    wanted = {
        "camera_R": n_views * n_frames, "camera_t": n_views * n_frames, "camera_size": n_views,
        "camera_observed": n_views, "seen_size": n_seen, **dict.fromkeys(_SEEN_BY_FRAME, n_seen * n_frames),
    }  # fmt: skip
    odd = [f"{len(record[name])} {name}" for name, count in wanted.items() if len(record[name]) != count]
    if odd or int(np.count_nonzero(record["camera_observed"])) != n_seen or len(record["seen_betas"]) % max(n_seen, 1):
        more = f" ({', '.join(odd)})" if odd else ""
        raise ValueError(f"{n_views} views, {n_seen} observed, in {n_frames} frames: numbers do not agree{more}")


def _shaped(value: object, field: Field) -> np.ndarray:
    array = np.asarray(value, dtype=field.dtype)
    shape = tuple(-1 if n is None else n for n in field.shape)
    return array.reshape(shape) if array.size else array.reshape(tuple(max(n, 0) for n in shape))


def _encode_motion(motion: Motion) -> dict[str, np.ndarray]:
    R = np.asarray(motion.rotations).swapaxes(0, 1)
    axis_angle = Rotation.from_matrix(R.reshape(-1, 3, 3)).as_rotvec()
    return {
        "rotations": np.round(axis_angle / ROTATION_UNIT).reshape(R.shape[:-1]),
        "pelvis": np.swapaxes(motion.pelvis, 0, 1),
        "betas": np.swapaxes(motion.betas, 0, 1),
    }


def _decode_motion(rotations: np.ndarray, pelvis: np.ndarray, betas: np.ndarray) -> Motion:
    R = Rotation.from_rotvec(rotations.reshape(-1, 3) * ROTATION_UNIT).as_matrix().astype(np.float32)
    R = R.reshape(*rotations.shape, 3).swapaxes(0, 1)
    return Motion(
        global_orient=R[:, :, 0], body_pose=R[:, :, 1:], pelvis=pelvis.swapaxes(0, 1), betas=betas.swapaxes(0, 1)
    )


def _decode_contacts(record: Record, span: slice) -> list[Contact]:
    found = []
    for row, confidence in zip(record["contacts"].tolist(), record["contact_confidence"].tolist(), strict=True):
        region_a, side_a, region_b, side_b, person_a, start, end = row
        start, end = max(start, span.start), min(end, span.stop)
        if start < end:
            found.append(
                Contact(
                    region_a=REGIONS[region_a],
                    side_a=_SIDES[side_a],
                    region_b=REGIONS[region_b],
                    side_b=_SIDES[side_b],
                    person_a=person_a,
                    start=start - span.start,
                    end=end - span.start,
                    confidence=confidence,
                )
            )
    return found


def _encode_views(views: tuple[View, ...]) -> dict[str, object]:
    seen = [view.observation for view in views if view.observation is not None]
    motions = [_encode_motion(o.motion) for o in seen]
    return {
        **_encode_cameras("camera", [view.camera for view in views]),
        "camera_observed": [view.observation is not None for view in views],
        "seen_keypoints": [np.swapaxes(o.keypoints, 0, 1) for o in seen],
        "seen_confidence": [np.swapaxes(o.keypoint_confidence, 0, 1) for o in seen],
        "seen_visibility": [np.swapaxes(o.visibility, 0, 1) for o in seen],
        **{f"seen_{name}": [motion[name] for motion in motions] for name in ("rotations", "pelvis", "betas")},
        **_encode_cameras("seen", [o.camera for o in seen]),
        "seen_frame": [o.frame_index for o in seen],
    }


def _encode_cameras(prefix: str, cameras: list[Camera]) -> dict[str, list]:
    arrays = {"K": "K", "R": "R", "t": "t", "size": "image_size"}
    return {f"{prefix}_{key}": [getattr(camera, name) for camera in cameras] for key, name in arrays.items()}


def _decode_views(record: Record, n_frames: int, span: slice) -> tuple[View, ...]:
    n_views, n_seen = len(record["camera_K"]), len(record["seen_K"])
    frames = {
        name: record[name].reshape(count, n_frames, *record[name].shape[1:])[:, span]
        for count, names in ((n_views, ("camera_R", "camera_t")), (n_seen, _SEEN_BY_FRAME))
        for name in names
    }
    betas = record["seen_betas"].reshape(n_seen, -1, 2) if n_seen else record["seen_betas"]
    views, seen = [], iter(range(n_seen))
    for v, observed in enumerate(record["camera_observed"]):
        observation = _observation(record, frames, betas, next(seen)) if observed else None
        views.append(View(camera=_camera(record, frames, "camera", v), observation=observation))
    return tuple(views)


_SEEN_BY_FRAME = tuple(
    f"seen_{name}" for name in ("keypoints", "confidence", "visibility", "rotations", "pelvis", "R", "t", "frame")
)


def _camera(record: Record, frames: Record, prefix: str, i: int) -> Camera:
    return Camera(
        K=record[f"{prefix}_K"][i],
        R=frames[f"{prefix}_R"][i],
        t=frames[f"{prefix}_t"][i],
        image_size=record[f"{prefix}_size"][i],
    )


def _observation(record: Record, frames: Record, betas: np.ndarray, i: int) -> Observation:
    return Observation(
        keypoints=frames["seen_keypoints"][i].swapaxes(0, 1),
        keypoint_confidence=frames["seen_confidence"][i].swapaxes(0, 1),
        motion=_decode_motion(frames["seen_rotations"][i], frames["seen_pelvis"][i], betas[i]),
        visibility=frames["seen_visibility"][i].swapaxes(0, 1),
        camera=_camera(record, frames, "seen", i),
        fps=record["fps"],
        frame_index=frames["seen_frame"][i],
        frame_mask=np.ones(len(frames["seen_frame"][i]), np.float32),
    )
