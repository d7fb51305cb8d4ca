"""From a video to what was seen of its two people: frames → people → landmarks → body fit → `ObservedClip`."""

import dataclasses
import logging
import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

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
from sm_jax.perception.observation_file import LandmarkMetres
from sm_jax.pipeline.models import as_body
from sm_jax.pipeline.observed_clip import ObservedClip, load_unchecked
from sm_jax.pipeline.plausibility import refuse_nonsense, remarks
from sm_jax.types import Array, Camera, Motion, Observation

try:
    from sm_jax.perception.detector import Detector
    from sm_jax.perception.frames import frames_at, read_ahead, read_frames
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
    from sm_jax.perception.tracking import Tracks, follow
    from sm_jax.perception.video import Video, VideoShot, nearest_frames
    from sm_jax.pipeline.first_look import (
        DETECTOR,
        MIN_TOGETHER,
        FirstLook,
        check_two_people,
        find_pair,
        first_look,
        longest_usable,
        shown,
    )
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[video]'") from error

_LOGGER = logging.getLogger(__name__)


def observe(
    source: str | os.PathLike[str],
    *,
    body: smpl.Body | str | os.PathLike[str] | None = None,
    focal: float | None = None,
    video: str | os.PathLike[str] | None = None,
    people: str | None = None,
    detector: Detector | None = None,
    progress: bool = True,
) -> ObservedClip:
    """See the two main people of a video, at 30 fps, in a z-up world whose origin is on the ground between them.

    source: a video file, a folder of pictures (or one, or their numbered pattern), `sample:cam01` … for the sample
    clip, or an observation .npz, which is loaded; a focal length or a body that is not the file's fits the people
    again, from what was seen.  body: a model, its name or its path; the open body that ships by default.  focal: focal
    length in pixels; None takes what the file says, as phones and cameras write it, or else the picture's diagonal,
    which may be twice too long, or a third too short.  video: of an observation .npz, where its video lies now.
    people: which two of more, `1,2`, by their numbers from the left; None takes those who are near each other for
    longest.  detector: who finds people, as `perception.rtmlib_detector` has more; None takes MoveNet, with which
    everything was measured.  progress: whether bars are shown where standard error is a terminal.
    Of a video with cuts the longest shot with two people is seen. Person 0 is the one who stands farther left in the
    picture at first. Raises UserError for a source that is not a video with two people, nor a sound observation, and
    for people whom nobody could make sense of.
    """
    path, model = input_path(source, focal), as_body(body)
    if path.suffix == ".npz":
        if people is not None:
            raise UserError(f"{path}: an observation is of two people already; give no --people")
        if detector is not None:
            raise UserError(f"{path}: an observation was seen already; give its video to another detector")
        return _seen_before(path, model, focal, None if video is None else Path(video))
    if video is not None:
        raise UserError(f"{video}: only an observation .npz has its video elsewhere")
    pull_detectors()
    first = first_look(path, progress=progress, detect=detector)
    number, notes = longest_usable(first)
    return observe_shot(
        first, number, source=os.fspath(source), body=model, focal=focal, people=people, progress=progress, notes=notes
    )


def observe_shot(
    first: FirstLook,
    number: int,
    *,
    source: str,
    body: smpl.Body,
    focal: float | None = None,
    people: str | None = None,
    progress: bool = True,
    notes: Sequence[str] = (),
) -> ObservedClip:
    """See the two main people of one shot, as `observe` does. number: the shot's, from 0.  notes: what the user should
    know of its choice."""
    video, shot = first.video, first.shots[number]
    for note in video.notes:
        _LOGGER.warning("%s: %s", video.path, note)
    tracks, landmarks, crowded = _look_at(first, shot, people, progress)
    evidence = at_rate(fuse(tracks, landmarks, video.width, video.height), FPS)
    length = focal or video.focal or math.hypot(video.width, video.height)
    guessed = focal is None and video.focal is None
    if guessed:
        _LOGGER.warning(
            "focal length unknown: taking the picture's diagonal, %.0f px, which may be twice too long or a third too"
            " short, and with it all depths (--focal, or focal=, sets it)",
            length,
        )
    elif focal is None:
        _LOGGER.info("focal length from the file: %.0f px, to some 10 %%", length)
    observation, standing = _fitted(body, evidence, length, np.array([video.width, video.height], np.float32))
    moved = first.camera_motion(shot)
    refuse_nonsense(source, body, observation, camera_moved=moved)
    clip = ObservedClip(
        observation=observation,
        body=body,
        source=source,
        video=video,
        focal_is_heuristic=guessed,
        landmarks=LandmarkMetres(evidence.metres, evidence.trusted),
        remarks=(*notes, *crowded, *remarks(body, observation, camera_moved=moved, standing=standing)),
        camera_moved=moved,
    )
    clip.say()
    return clip


def _seen_before(path: Path, body: smpl.Body, focal: float | None, video: Path | None) -> ObservedClip:
    """A saved observation; the people are fitted again for another focal length or body. Raises UserError where the
    file does not hold what that takes, and for people of whom nobody could make sense then."""
    clip, name = load_unchecked(path, body, video)
    if focal is None and name in (None, body.name):
        clip.say()
        return clip
    if clip.landmarks is None:
        raise UserError(
            f"{path}: our front-end did not see it, so its people cannot be fitted again; give no --focal, and the"
            " body that it is on"
        )
    seen, moved = clip.observation, clip.camera_moved
    evidence = FusedKeypoints(
        np.asarray(seen.keypoints),
        np.asarray(seen.keypoint_confidence),
        clip.landmarks.metres,
        clip.landmarks.trusted,
        np.arange(len(seen.frame_index)) / FPS,
        np.asarray(seen.frame_index),
    )
    size = np.asarray(seen.camera.image_size, np.float32)
    again, standing = _fitted(body, evidence, focal or clip.focal, size)
    refuse_nonsense(str(path), body, again, camera_moved=moved)
    fitted = dataclasses.replace(
        clip,
        observation=again,
        focal_is_heuristic=clip.focal_is_heuristic and focal is None,
        remarks=tuple(remarks(body, again, camera_moved=moved, standing=standing)),
    )
    fitted.say()
    return fitted


def _fitted(body: smpl.Body, evidence: FusedKeypoints, focal: float, size: np.ndarray) -> tuple[Observation, float]:
    """The people of a clip under a focal length in pixels, and how far its vertical rests on people who stand. size:
    [2] width and height of the pictures."""
    intrinsics = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]], np.float32)
    scene = fit_people(body, evidence, intrinsics)
    camera, motion = to_world(scene, intrinsics, size)
    observation = Observation(
        keypoints=evidence.keypoints,
        keypoint_confidence=evidence.confidence,
        motion=motion,
        visibility=visibility(body, motion, camera, evidence.confidence),
        camera=camera,
        fps=np.array(FPS, np.float32),
        frame_index=evidence.index,
        frame_mask=np.ones(len(evidence.index), np.float32),
    )
    return observation, float(scene.standing)


def pull_detectors() -> None:
    """What has to be pulled is pulled before anything slow. Raises UserError where that fails."""
    for name in (DETECTOR, landmarker_asset(), SINGLE):
        asset(name)


def _any_video(video: Video) -> None:
    """Every video is wanted."""


def see(path: Path, *, progress: bool, accept: Callable[[Video], None] = _any_video) -> tuple[Video, FusedKeypoints]:
    """A whole video, cuts or not, and the keypoints of its two main people at 30 fps. Raises UserError where there are
    not two people.

    accept: told of the video before the people are followed, which is slow; raises for one that is not wanted.
    """
    video, tracks, landmarks = look(path, progress=progress, accept=accept)
    return video, at_rate(fuse(tracks, landmarks, video.width, video.height), FPS)


def look(
    path: Path, *, progress: bool, accept: Callable[[Video], None] = _any_video
) -> tuple[Video, Tracks, PoseLandmarks]:
    """A whole video, cuts or not, and what each detector found of its two main people. Raises UserError where there are
    not two people. accept: as in `see`."""
    pull_detectors()
    first = first_look(path, progress=progress, cut=False)
    accept(first.video)
    tracks, landmarks, notes = _look_at(first, first.shots[0], None, progress)
    for note in (*first.video.notes, *notes):
        _LOGGER.warning("%s: %s", path, note)
    return first.video, tracks, landmarks


def input_path(source: str | os.PathLike[str], focal: float | None = None) -> Path:
    """Where an input lies. `sample:cam01` names a view of the sample clip.

    Raises UserError where there is nothing, and for a focal length that is none.
    """
    if focal is not None and not (math.isfinite(focal) and focal > 0):
        raise UserError(f"focal length {focal}: must be a positive number of pixels")
    path = sample_or_path(os.fspath(source))
    if not path.exists():
        list_pictures(path)  # a pattern of their names is no file
    return path


def _look_at(
    first: FirstLook, shot: VideoShot, people: str | None, progress: bool
) -> tuple[Tracks, PoseLandmarks, list[str]]:
    """What each detector finds in a shot, and what is worth a word. It is decoded once more, in a thread of its own,
    and never more than a few frames of it are held; only frames in which the two people turn out to be others than they
    first seemed are decoded again.
    """
    video = first.video

    def again(index: np.ndarray) -> Iterator[np.ndarray]:
        pictures = read_ahead(frames_at(video, index))
        return shown(pictures, "looking again", len(index), progress) if len(index) else iter(())

    pair = find_pair(first, shot, people, progress)
    landmarks = PairLandmarks(load_landmarker(), load_single_pose(asset(SINGLE) / "movenet-thunder.json"))
    count = len(nearest_frames(video.times[shot.first : shot.end] - video.times[shot.first], FPS))
    frames = shown(read_ahead(read_frames(video, FPS, shot)), "following both", count, progress)
    tracks = follow(frames, first.detect, pair.tracks, landmarks.look, pair.others)
    check_two_people(video, tracks, MIN_TOGETHER)
    return tracks, landmarks.settle(tracks, again), pair.notes


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
