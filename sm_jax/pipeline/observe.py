"""From a video to what was seen of its two people: frames → people → landmarks → body fit → `Observation`."""

import dataclasses
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from sm_jax.assets.fetch import asset
from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.errors import UserError
from sm_jax.fitting.monocular.fit import fit_landmarks
from sm_jax.fitting.monocular.residuals import MonocularFit, MonocularInputs
from sm_jax.motion.frames import cut_motion, pad
from sm_jax.motion.resample import FPS
from sm_jax.motion.visibility import joint_confidence, joint_visibility
from sm_jax.types import Array, Camera, Motion, Observation

try:
    from sm_jax.perception.detector import load_detector
    from sm_jax.perception.frames import Frame, probe, read_frames
    from sm_jax.perception.fusion import FusedKeypoints, at_rate, fuse
    from sm_jax.perception.landmarks import find_landmarks, load_landmarker
    from sm_jax.perception.tracking import Tracks, follow, survey
    from sm_jax.perception.video import Video, nearest_frames
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[video]'") from error

SURVEY_FPS = 6.0
MIN_TOGETHER = 0.2  # share of the frames in which both people must have been found


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObservedVideo:
    """An observation and where it comes from.

    video: the source, whose frame `observation.frame_index[0]` is the observation's first.  focal_is_heuristic: whether
    the focal length is only the picture's diagonal.
    """

    observation: Observation
    video: Video
    focal_is_heuristic: bool

    @property
    def focal(self) -> float:
        """Focal length in pixels, as used."""
        return float(np.asarray(self.observation.camera.K)[0, 0])


def observe(path: Path, *, body: smpl.Body, focal: float | None = None, progress: bool = True) -> ObservedVideo:
    """See the two main people of a video, at 30 fps, in a z-up world whose origin is on the ground between them.

    focal: focal length in pixels; None takes the picture's diagonal, which is often some 30 % too long or short.
    Person 0 is the one who stands farther left in the picture at first. Raises UserError for a file that is not a
    video with two people.
    """
    if focal is not None and not (math.isfinite(focal) and focal > 0):
        raise UserError(f"focal length {focal}: must be a positive number of pixels")
    for name in ("movenet-multipose", "blazepose-heavy"):
        asset(name)  # what has to be pulled is pulled before anything slow
    video = probe(path, progress=progress)
    for note in video.notes:
        print(f"{path}: {note}", file=sys.stderr, flush=True)
    length = focal or math.hypot(video.width, video.height)
    evidence = at_rate(_look(video, progress), FPS)
    intrinsics = np.array([[length, 0, video.width / 2], [0, length, video.height / 2], [0, 0, 1]], np.float32)
    scene = _fit(body, evidence, intrinsics)
    camera, motion = to_world(scene, intrinsics, np.array([video.width, video.height], np.float32))
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
    return ObservedVideo(observation=observation, video=video, focal_is_heuristic=focal is None)


def _look(video: Video, progress: bool) -> FusedKeypoints:
    """Run the detectors over the video, three passes, none of which holds more than a few frames."""

    def frames(fps: float, what: str) -> Iterator[Frame]:
        total = len(nearest_frames(video.times, fps))
        return iter(tqdm(read_frames(video, fps), what, total, disable=not progress, unit="frame"))

    detect = load_detector(asset("movenet-multipose") / "movenet-multipose.json")
    surveyed = survey(frames(SURVEY_FPS, "finding people"), detect)
    if not surveyed.found.all(axis=0).any():
        surveyed = survey(frames(FPS, "finding people again"), detect)
    check_two_people(video, surveyed, 0.0)
    tracks = follow(frames(FPS, "following both"), detect, surveyed)
    check_two_people(video, tracks, MIN_TOGETHER)
    locate = load_landmarker(asset("blazepose-heavy") / "blazepose-heavy.json")
    landmarks = find_landmarks(frames(FPS, "landmarks"), locate, tracks)
    return fuse(tracks, landmarks, video.width, video.height)


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


def _fit(body: smpl.Body, evidence: FusedKeypoints, intrinsics: np.ndarray) -> MonocularFit:
    """The scene of the clip's frames, fitted on a padded clip."""
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
    clear = np.asarray(_unhidden(body, motion, camera))
    return np.clip(clear * np.asarray(joint_confidence(confidence)), 0, 1).astype(np.float32)


@jax.jit
def _unhidden(body: smpl.Body, motion: Motion, camera: Camera) -> Array:
    posed = smpl.pose(body, motion)
    return joint_visibility(posed.joints, capsules(body, posed), jax.tree.map(jnp.asarray, camera))
