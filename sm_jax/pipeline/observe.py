"""From a video to what was seen of its two people: frames → people → landmarks → body fit → `ObservedClip`."""

import dataclasses
import logging
import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from sm_jax.assets.fetch import asset
from sm_jax.assets.fetch import input_path as sample_or_path
from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.errors import UserError
from sm_jax.fitting.monocular.fit import fit_landmarks
from sm_jax.fitting.monocular.residuals import MonocularFit, MonocularInputs
from sm_jax.motion.frames import cut_motion, pad, pad_motion
from sm_jax.motion.resample import FPS
from sm_jax.motion.visibility import joint_confidence, joint_visibility
from sm_jax.pipeline.models import as_body
from sm_jax.pipeline.observed_clip import ObservedClip, load_clip
from sm_jax.types import Array, Camera, Motion, Observation

try:
    from sm_jax.perception.detector import load_detector
    from sm_jax.perception.frames import Frame, frames_at, probe, read_ahead, read_frames
    from sm_jax.perception.fusion import FusedKeypoints, at_rate, fuse
    from sm_jax.perception.landmarks import (
        SINGLE,
        PairLandmarks,
        PoseLandmarks,
        landmarker_asset,
        load_landmarker,
        load_single_pose,
    )
    from sm_jax.perception.pictures import list_pictures
    from sm_jax.perception.tracking import Glances, Tracks, follow, glance, survey
    from sm_jax.perception.video import Video, nearest_frames
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[video]'") from error

_LOGGER = logging.getLogger(__name__)
_T = TypeVar("_T")

MIN_TOGETHER = 0.2  # share of the frames in which both people must have been found


def observe(
    source: str | os.PathLike[str],
    *,
    body: smpl.Body | str | os.PathLike[str] | None = None,
    focal: float | None = None,
    progress: bool = True,
) -> ObservedClip:
    """See the two main people of a video, at 30 fps, in a z-up world whose origin is on the ground between them.

    source: a video file, a folder of pictures (or one, or their numbered pattern), `sample:cam01` … for the sample
    clip, or an observation .npz, which is loaded.  body: a model, its name or its path; the open body that ships by
    default.  focal: focal length in pixels; None takes what the file says, as phones write it, or else the picture's
    diagonal, which is often some 30 % too long or short.  progress: whether bars are shown where standard error is a
    terminal.
    Person 0 is the one who stands farther left in the picture at first. Raises UserError for a source that is not a
    video with two people, nor a sound observation.
    """
    path, model = input_path(source, focal), as_body(body)
    if path.suffix == ".npz":
        return load_clip(path, model)
    video, evidence = see(path, progress=progress)
    length = focal or video.focal or math.hypot(video.width, video.height)
    guessed = focal is None and video.focal is None
    if guessed:
        _LOGGER.warning(
            "focal length unknown: taking the picture's diagonal, %.0f px; it, and with it all depths, may be off by a "
            "third (--focal, or focal=, sets it)",
            length,
        )
    elif focal is None:
        _LOGGER.info("focal length from the file: %.0f px, to some 10 %%", length)
    intrinsics = np.array([[length, 0, video.width / 2], [0, length, video.height / 2], [0, 0, 1]], np.float32)
    scene = fit_people(model, evidence, intrinsics)
    camera, motion = to_world(scene, intrinsics, np.array([video.width, video.height], np.float32))
    observation = Observation(
        keypoints=evidence.keypoints,
        keypoint_confidence=evidence.confidence,
        motion=motion,
        visibility=visibility(model, motion, camera, evidence.confidence),
        camera=camera,
        fps=np.array(FPS, np.float32),
        frame_index=evidence.index,
        frame_mask=np.ones(len(evidence.index), np.float32),
    )
    return ObservedClip(
        observation=observation, body=model, source=os.fspath(source), video=video, focal_is_heuristic=guessed
    )


def see(path: Path, *, progress: bool) -> tuple[Video, FusedKeypoints]:
    """A video and the keypoints of its two main people at 30 fps. Raises UserError where there are not two people."""
    video, tracks, landmarks = look(path, progress=progress)
    return video, at_rate(fuse(tracks, landmarks, video.width, video.height), FPS)


def look(path: Path, *, progress: bool) -> tuple[Video, Tracks, PoseLandmarks]:
    """A video and what each detector found of its two main people. Raises UserError where there are not two people.

    The video is decoded once, in a thread of its own, and never more than a few frames of it are held; only frames in
    which the two people turn out to be others than they first seemed are decoded again.
    """
    for name in ("movenet-multipose", landmarker_asset(), SINGLE):
        asset(name)  # what has to be pulled is pulled before anything slow
    glances = Glances()
    video = probe(path, progress=progress, visit=glances.visit)
    for note in video.notes:
        _LOGGER.warning("%s: %s", path, note)

    def shown(items: Iterable[_T], what: str, total: int) -> Iterator[_T]:
        return iter(tqdm(items, what, total, disable=None if progress else True, unit="frame"))

    def frames(what: str) -> Iterator[Frame]:
        return shown(read_ahead(read_frames(video, FPS)), what, len(nearest_frames(video.times, FPS)))

    def again(index: np.ndarray) -> Iterator[np.ndarray]:
        return shown(read_ahead(frames_at(video, index)), "looking again", len(index)) if len(index) else iter(())

    detect, side = load_detector(asset("movenet-multipose") / "movenet-multipose.json"), max(video.width, video.height)
    surveyed = survey(shown(glances.frames(video), "finding people", len(glances)), detect, side)
    if not surveyed.found.all(axis=0).any():
        smaller = (dataclasses.replace(frame, image=glance(frame.image)) for frame in frames("finding people again"))
        surveyed = survey(smaller, detect, side)
    check_two_people(video, surveyed, 0.0)
    landmarks = PairLandmarks(load_landmarker(), load_single_pose(asset(SINGLE) / "movenet-thunder.json"))
    tracks = follow(frames("following both"), detect, surveyed, landmarks.look)
    check_two_people(video, tracks, MIN_TOGETHER)
    return video, tracks, landmarks.settle(tracks, again)


def input_path(source: str | os.PathLike[str], focal: float | None = None) -> Path:
    """Where an input lies. `sample:cam01` names a view of the sample clip.

    Raises UserError where there is nothing, for a focal length that is none, and for one with an observation, which has
    its own.
    """
    if focal is not None and not (math.isfinite(focal) and focal > 0):
        raise UserError(f"focal length {focal}: must be a positive number of pixels")
    path = sample_or_path(os.fspath(source))
    if not path.exists():
        list_pictures(path)  # a pattern of their names is no file
    if path.suffix == ".npz" and focal is not None:
        raise UserError(f"{path}: an observation has its own camera; give no focal length")
    return path


def check_two_people(video: Video, tracks: Tracks, least: float) -> None:
    """Raise UserError unless both people were found together in more than a share `least` of the frames."""
    together = float(tracks.found.all(axis=0).mean())
    if together > least:
        return
    of_frames, count = tracks.found.sum(axis=0), len(tracks.times)
    nobody, one, both = (int((of_frames == n).sum()) for n in range(3))
    told = (
        f"only one person was found in {one} of {count} frames"
        if one
        else f"nobody was found in {nobody} of {count} frames"
    )
    others = [f"{who} in {n}" for who, n in (("nobody", nobody if one else 0), ("both", both)) if n]
    more = f" ({', '.join(others)})" if others else ""
    raise UserError(f"{video.path}: {told}{more}; give a clip in which two people are seen together")


def fit_people(body: smpl.Body, evidence: FusedKeypoints, intrinsics: np.ndarray) -> MonocularFit:
    """The scene of the clip's frames, fitted on a padded clip. intrinsics: [3, 3]."""
    n_frames = len(evidence.times)
    sight = MonocularInputs(
        keypoints=pad(evidence.keypoints, 1),
        confidence=pad(evidence.confidence, 1),
        metres=pad(evidence.metres, 1),
        metres_weight=pad(evidence.trusted.astype(np.float32), 1),
        frame_mask=pad(np.ones(n_frames, np.float32), 0, "constant"),
        intrinsics=intrinsics,
    )
    scene, _ = jax.device_get(fit_landmarks(body, sight))
    return dataclasses.replace(scene, motion=cut_motion(scene.motion, n_frames))


def to_world(scene: MonocularFit, intrinsics: np.ndarray, image_size: np.ndarray) -> tuple[Camera, Motion]:
    """The camera and the motion in a z-up world: origin on the ground under the median midpoint of the two pelvises,
    x along the camera's right.
    """
    motion = scene.motion
    up = np.asarray(scene.up, np.float64)
    right = np.array([1.0, 0.0, 0.0]) - up[0] * up
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(up, right), up], axis=-1)  # camera from world
    middle = np.median(np.mean(motion.pelvis, axis=0), axis=0)
    origin = middle + (np.mean(scene.level) - middle @ up) * up
    n_frames = motion.pelvis.shape[1]
    camera = Camera(
        K=intrinsics,
        R=np.tile(R.astype(np.float32), (n_frames, 1, 1)),
        t=np.tile(origin.astype(np.float32), (n_frames, 1)),
        image_size=image_size,
    )
    world = Motion(
        global_orient=(R.T @ motion.global_orient).astype(np.float32),
        body_pose=motion.body_pose,
        pelvis=((motion.pelvis - origin) @ R).astype(np.float32),
        betas=motion.betas,
    )
    return camera, world


def visibility(body: smpl.Body, motion: Motion, camera: Camera, confidence: np.ndarray) -> np.ndarray:
    """How far each joint [P, T, J] rests on evidence: not hidden by the other body, and the detectors agree on it.

    confidence: [P, T, K] of the keypoints, low for arms that lie on the other person's trunk.
    """
    padded = dataclasses.replace(camera, R=pad(np.asarray(camera.R), 0), t=pad(np.asarray(camera.t), 0))
    clear = np.asarray(_unhidden(body, pad_motion(jax.device_get(motion)), padded))[:, : motion.pelvis.shape[1]]
    return np.clip(clear * np.asarray(joint_confidence(confidence)), 0, 1).astype(np.float32)


@jax.jit
def _unhidden(body: smpl.Body, motion: Motion, camera: Camera) -> Array:
    posed = smpl.pose(body, motion)
    return joint_visibility(posed.joints, capsules(body, posed), jax.tree.map(jnp.asarray, camera))
