"""`motion.npz`: two people's motion with everything needed to use it elsewhere. Keys and frames: docs/output.md."""

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np

from sm_jax.assets.arrays import Unreadable, check_shapes, numbers, read_npz
from sm_jax.assets.files import replacing
from sm_jax.body import smpl
from sm_jax.body.io import PACKAGED, load_body, terms_of
from sm_jax.body.skeleton import JOINTS
from sm_jax.errors import UserError
from sm_jax.geometry import rotations
from sm_jax.motion.frames import map_on_host, pose_on_host
from sm_jax.motion.resample import resample_on_host
from sm_jax.types import Camera, Motion

FORMAT = 2
NAME = "motion.npz"
STEADY_FPS = 30.0  # the rate at which the motion of a video with an uneven one is computed
# Axes of the arrays: P people, T frames, N betas.
_AXES: dict[str, tuple[int | str, ...]] = {
    "format": (),
    "poses": ("P", "T", 3 * len(JOINTS)),
    "trans": ("P", "T", 3),
    "betas": ("P", "N"),
    "joints": ("P", "T", len(JOINTS), 3),
    "rest_joints": ("P", len(JOINTS), 3),
    "camera_K": (3, 3),
    "camera_R": ("T", 3, 3),
    "camera_t": ("T", 3),
    "image_size": (2,),
    "fps": (),
    "time": ("T",),
    "frame_index": ("T",),
    "visibility": ("P", "T", len(JOINTS)),
    "infilled": ("P", "T", len(JOINTS)),
    "spread": ("P", "T", len(JOINTS)),
}
_WORDS, _CAMERA = ("body", "provenance"), ("camera_K", "camera_R", "camera_t", "image_size")
_RATES, _LONGEST_STEP = (0.01, 10_000.0), 60.0  # frames a second, seconds from a frame to the next
_LARGEST = 1e6  # of any number: radians, metres, standard deviations
SAME_JOINT = 1e-3  # metres between rest joints that are one body's
_UNEVEN = 0.3  # of a frame's time: how far it may lie from where a steady rate puts it
CONVENTIONS = (
    "World: right-handed, z up, metres. poses: [P,T,72] axis-angle, radians; the first 3 are world from pelvis, the"
    " others joint from parent, in the order of joint_names. The rest pose is a T-pose, y up, facing +z, left = +x."
    " trans: [P,T,3], SMPL's translation = pelvis position - rest pelvis. joints: [P,T,24,3] in the world."
    " Camera: OpenCV (x right, y down, z forward), x_camera = camera_R[t] x_world + camera_t[t], pixels = camera_K"
    " x_camera / z. visibility in [0,1], infilled marks joints that the model made up, spread [P,T,24] is how far the"
    " hypotheses' joints lie apart, metres. frame_index: frame in the video, time: its second there; fps is their mean"
    " rate, and frames are evenly spaced only if `time` is."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MotionFile:
    """What `motion.npz` holds, and what every exporter takes. Host arrays.

    motion: Motion [P, T].  body: name of the body the betas belong to.  rest_joints: [P, 24, 3].
    joints: [P, T, 24, 3] world.  camera: as in Camera.  fps: frames per second of the T frames, on average.
    time: [T] seconds of each frame since the source's first.  frame_index: [T] position in the source video.
    visibility: [P, T, 24] in [0, 1].  infilled: [P, T, 24] bool.
    spread: [P, T, 24] metres, of a joint over the hypotheses; zero of one.
    provenance: plain JSON (versions, weights hash, configuration, seed).
    """

    motion: Motion
    body: str
    rest_joints: np.ndarray
    joints: np.ndarray
    camera: Camera
    fps: float
    time: np.ndarray
    frame_index: np.ndarray
    visibility: np.ndarray
    infilled: np.ndarray
    spread: np.ndarray
    provenance: dict[str, Any]


def motion_file(
    body: smpl.Body,
    motion: Motion,
    camera: Camera,
    *,
    fps: float,
    frame_index: np.ndarray,
    time: np.ndarray | None = None,
    visibility: np.ndarray,
    infilled: np.ndarray,
    spread: np.ndarray,
    provenance: dict[str, Any],
) -> MotionFile:
    """Play a motion [P, T] on its body and put it with its surroundings. Shapes as in MotionFile; without `time` the
    frames follow each other at `fps`.

    Raises UserError if anything in motion or camera is not a finite number.
    """
    motion = Motion(**{field: np.asarray(value, np.float32) for field, value in vars(motion).items()})
    camera = Camera(**{field: np.asarray(value) for field, value in vars(camera).items()})
    _refuse_non_finite({**vars(motion), **{f"camera {name}": value for name, value in vars(camera).items()}})
    posed = pose_on_host(body, motion)
    people, frames = motion.pelvis.shape[:2]
    time = np.arange(frames) / fps if time is None else np.asarray(time, np.float64)
    for name, array, shape in (
        ("time", time, (frames,)),
        ("frame_index", frame_index, (frames,)),
        ("visibility", visibility, (people, frames, len(JOINTS))),
        ("infilled", infilled, (people, frames, len(JOINTS))),
        ("spread", spread, (people, frames, len(JOINTS))),
        ("camera t", camera.t, (frames, 3)),
    ):
        if np.shape(array) != shape:
            raise ValueError(f"{name} has shape {np.shape(array)}, the motion asks for {shape}")
    return MotionFile(
        motion=motion,
        body=body.name,
        rest_joints=np.asarray(posed.rest_joints),
        joints=np.asarray(posed.joints),
        camera=camera,
        fps=float(fps),
        time=time,
        frame_index=np.asarray(frame_index, np.int64),
        visibility=np.asarray(visibility, np.float32),
        infilled=np.asarray(infilled, bool),
        spread=np.asarray(spread, np.float32),
        provenance=provenance,
    )


def with_motion(body: smpl.Body, content: MotionFile, motion: Motion) -> MotionFile:
    """Another motion [P, T] of the same people in the same frames: all that a content holds but the spread. Raises
    UserError as `motion_file`."""
    return motion_file(
        body,
        motion,
        content.camera,
        fps=content.fps,
        time=content.time,
        frame_index=content.frame_index,
        visibility=content.visibility,
        infilled=content.infilled,
        spread=np.zeros_like(content.spread),
        provenance=content.provenance,
    )


def steady(content: MotionFile) -> tuple[Motion, float]:
    """The motion at a constant rate, and that rate: as it is where its frames are evenly spaced, else at STEADY_FPS.

    For formats that know no times of their own.
    """
    time = content.time - content.time[0]
    if np.abs(time * content.fps - np.arange(len(time))).max() <= _UNEVEN:
        return content.motion, content.fps
    grid = np.arange(int(np.floor(time[-1] * STEADY_FPS + 1e-6)) + 1) / STEADY_FPS
    return resample_on_host(content.motion, np.interp(grid, time, np.arange(len(time)))), STEADY_FPS


def axis_angles(motion: Motion) -> np.ndarray:
    """Root and body rotations as SMPL's axis-angle vectors, [P, T, 24, 3]."""
    return map_on_host(rotations.matrix_to_axis_angle, motion.rotations, 1)


def save_motion(path: str | pathlib.Path, content: MotionFile) -> None:
    """Write `motion.npz`, whole or not at all. Raises UserError if the path cannot be written."""
    motion, camera = content.motion, content.camera
    arrays: dict[str, Any] = {
        "format": np.int32(FORMAT),
        "conventions": np.str_(CONVENTIONS),
        "joint_names": np.array(JOINTS),
        "body": np.str_(content.body),
        "body_terms": np.str_(terms_of(content.body)),
        "poses": axis_angles(motion).reshape(*motion.pelvis.shape[:-1], 72),
        "trans": motion.pelvis - content.rest_joints[:, None, 0],
        "betas": motion.betas,
        "joints": content.joints,
        "rest_joints": content.rest_joints,
        "camera_K": camera.K,
        "camera_R": camera.R,
        "camera_t": camera.t,
        "image_size": camera.image_size,
        "fps": np.float64(content.fps),
        "time": content.time,
        "frame_index": content.frame_index,
        "visibility": content.visibility,
        "infilled": content.infilled,
        "spread": content.spread,
        "provenance": np.str_(json.dumps(content.provenance, allow_nan=False)),
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def motion_path(source: str | pathlib.Path) -> pathlib.Path:
    """The file of a result: the `motion.npz` in a folder that `sm-jax reconstruct` wrote, or the path of one.
    Raises UserError for a folder without one."""
    path = pathlib.Path(source)
    if not path.is_dir():
        return path
    if (path / NAME).is_file():
        return path / NAME
    if (path / "observation.npz").is_file():
        raise UserError(f"{path}: what was seen, and no {NAME} yet; go on with sm-jax reconstruct --resume")
    raise UserError(f"{path}: holds no {NAME}; give a folder that sm-jax reconstruct wrote")


def body_of(content: MotionFile, given: str | pathlib.Path | None = None) -> smpl.Body:
    """The body that a motion is of: the packaged one of its name, or the licensed file given.

    Raises UserError if a licensed one is not given, if it cannot be read, or if it has other joints.
    """
    if given is None and content.body not in PACKAGED:
        raise UserError(f"the motion is of {content.body}, a licensed body that does not travel with it: give its file")
    body = load_body(given or content.body, betas=content.motion.betas.shape[-1])
    fits = body.shapedirs.shape[-1] == content.motion.betas.shape[-1]
    if not fits or np.abs(smpl.rest_joints(body, content.motion.betas) - content.rest_joints).max() > SAME_JOINT:
        raise UserError(f"{given or content.body} is not the body of this motion, {content.body}: give that one")
    return body


def load_motion(path: str | pathlib.Path) -> MotionFile:
    """Read `motion.npz` back. Raises UserError if the file is missing, broken, incomplete or not finite."""
    try:
        data = read_npz(pathlib.Path(path), (*_AXES, *_WORDS, "keypoints"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the motion.npz that sm-jax reconstruct wrote") from None
    except Unreadable as error:
        raise UserError(f"{path} is not a motion.npz: {error}; give the file that sm-jax reconstruct wrote") from error
    if "keypoints" in data and "joints" not in data:
        raise UserError(f"{path} is an observation, what was seen before any model; give it to sm-jax reconstruct")
    try:
        return _from_arrays(data)
    except (Unreadable, ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({error}); write it again with sm-jax reconstruct") from error


def _from_arrays(data: dict[str, np.ndarray]) -> MotionFile:
    check_shapes(data, _AXES | dict.fromkeys(_WORDS, ()))
    if (found := numbers(data, "format")) != FORMAT:
        raise Unreadable(f"format {found:g}, this version reads {FORMAT}")
    words = {name: str(data[name]) for name in _WORDS}
    data = {name: numbers(data, name, _dtype(name)) for name in _AXES}
    _refuse_non_finite({name: array for name, array in data.items() if array.dtype.kind == "f"})
    people, frames = data["trans"].shape[:2]
    steps = np.diff(data["time"])
    if not (_RATES[0] <= data["fps"] <= _RATES[1] and ((steps > 0) & (steps <= _LONGEST_STEP)).all()):
        raise Unreadable("`fps` or `time` are no motion's")
    if max(np.abs(data[name]).max() for name in ("poses", "trans", "betas", "joints", "rest_joints")) > _LARGEST:
        raise Unreadable("`poses`, `trans`, `betas` or `joints` are no person's")
    provenance = json.loads(words["provenance"])
    if not isinstance(provenance, dict):
        raise Unreadable("`provenance` is no JSON object")
    local = map_on_host(rotations.axis_angle_to_matrix, data["poses"].reshape(people, frames, 24, 3), 1)
    motion = Motion(
        global_orient=local[:, :, 0],
        body_pose=local[:, :, 1:],
        pelvis=data["trans"] + data["rest_joints"][:, None, 0],
        betas=data["betas"],
    )
    camera = Camera(K=data["camera_K"], R=data["camera_R"], t=data["camera_t"], image_size=data["image_size"])
    return MotionFile(
        motion=motion,
        body=words["body"],
        rest_joints=data["rest_joints"],
        joints=data["joints"],
        camera=camera,
        fps=float(data["fps"]),
        time=data["time"],
        frame_index=data["frame_index"],
        visibility=data["visibility"],
        infilled=data["infilled"],
        spread=data["spread"],
        provenance=provenance,
    )


def _dtype(name: str) -> type[np.generic]:
    exact = {"frame_index": np.int64, "format": np.int64, "infilled": np.bool_}
    return exact.get(name, np.float64 if name in ("fps", "time", *_CAMERA) else np.float32)


def _refuse_non_finite(arrays: dict[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            first = tuple(map(int, wrong[0]))
            raise UserError(
                f"{name} holds {len(wrong)} values that are not finite, first at index {first}; check its source"
            )
