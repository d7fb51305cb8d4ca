"""What cannot be right, or cannot be known, of what was seen of two people: in plain words, each with its remedy."""

from collections.abc import Iterator

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.export.summary import CAMERA_MOVES
from sm_jax.fitting.monocular.fit import LEAST_STANDING
from sm_jax.fitting.monocular.residuals import stature
from sm_jax.types import Observation

_STATURE, _NO_STATURE = (1.35, 2.15), (0.7, 2.8)  # metres: outside the first it is said, outside the second refused
_JUMP = 9.0  # metres a second of a pelvis: 30 cm a frame
_JUMPS = 0.1  # share of the steps that may be jumps
_SURE = 0.5  # of a keypoint's confidence
_FEW_SURE, _NO_SURE = 1 / 3, 0.05  # share of the keypoints: below the first it is said, below the second refused
_AWAY = 1.0  # of the picture's longer side: a camera that has lost sight of where it began
_OUTSIDE, _CUT_OFF = 3, 0.1  # keypoints of a person outside the picture, and share of the time


def remarks(
    body: smpl.Body, observation: Observation, *, camera_moved: float | None = None, standing: float = 1.0
) -> list[str]:
    """What the user should know, a line each.

    camera_moved: as `perception.camera_motion` has it; None where it is not known.  standing: share of the frames in
    which feet told the vertical.
    """
    found = []
    if camera_moved is not None and camera_moved > CAMERA_MOVES:
        found.append(
            f"the camera moves, by up to {camera_moved:.0%} of the picture, and is taken as standing: paths over the"
            " ground hold its motion too; a stand helps, or a tool that follows the camera (--from)"
        )
    if standing < LEAST_STANDING:
        found.append(
            "nobody is seen standing on their feet: up is taken from the camera, as if it were held level, and the"
            " floor is a guess"
        )
    for person in range(2):
        found += [f"person {person} {words}" for words in _of_person(body, observation, person)]
    return found


def refuse_nonsense(
    source: str, body: smpl.Body, observation: Observation, *, camera_moved: float | None = None
) -> None:
    """Raise UserError, with the remedy, for what no reconstruction should start from."""
    if camera_moved is not None and camera_moved > _AWAY:
        raise UserError(
            f"{source}: the camera moves, by {camera_moved:.1f} of the picture's longer side; cut a part in which it"
            " stands, or give the result of a tool that follows the camera (--from)"
        )
    for person in range(2):
        tall, sure, jumps = _stature(body, observation, person), _sure(observation, person), _jumps(observation, person)
        if sure < _NO_SURE:
            raise UserError(
                f"{source}: {sure:.0%} of person {person}'s keypoints are sure; give a clip, or cut one, in which both"
                " people are large, sharp and mostly in sight"
            )
        if not _NO_STATURE[0] <= tall <= _NO_STATURE[1]:
            raise UserError(
                f"{source}: person {person} came out {tall:.2f} m tall; give the focal length in pixels (--focal), or"
                " a clip in which both are seen from head to foot"
            )
        if jumps.size and jumps.mean() > _JUMPS:
            raise UserError(
                f"{source}: person {person} jumps by more than 30 cm a frame in {jumps.mean():.0%} of the frames; cut"
                " the part in which both are seen well, or name the two with --people"
            )


def _of_person(body: smpl.Body, observation: Observation, person: int) -> Iterator[str]:
    tall, sure, jumps = _stature(body, observation, person), _sure(observation, person), _jumps(observation, person)
    if not _STATURE[0] <= tall <= _STATURE[1]:
        yield (
            f"came out {tall:.2f} m tall, which few adults are: the focal length may be wrong (--focal sets it), or the"
            " two do not stand on one floor"
        )
    if jumps.any():
        first = int(np.asarray(observation.frame_index)[np.flatnonzero(jumps)[0]])
        often = "once, at frame" if jumps.sum() == 1 else f"{int(jumps.sum())} times, first at frame"
        yield f"jumps by more than 30 cm a frame, {often} {first}: who is who may be mixed up there"
    if sure < _FEW_SURE:
        yield f"is seen badly: {sure:.0%} of the keypoints are sure; larger or sharper pictures help"
    cut = _cut_off(observation, person)
    if cut > _CUT_OFF:
        yield f"is cut off by the picture's border in {cut:.0%} of the time: what is outside is made up"


def _stature(body: smpl.Body, observation: Observation, person: int) -> float:
    return float(_statures(body, np.asarray(observation.motion.betas))[person])


_statures = jax.jit(stature)


def _sure(observation: Observation, person: int) -> float:
    """Share of a person's keypoints that are sure."""
    return float((np.asarray(observation.keypoint_confidence[person]) >= _SURE).mean())


def _jumps(observation: Observation, person: int) -> np.ndarray:
    """[T-1] whether a pelvis moves faster than anybody does, where it is seen before and after."""
    pelvis, seen = np.asarray(observation.motion.pelvis[person]), np.asarray(observation.visibility[person])[:, 0] > 0
    speed = np.linalg.norm(np.diff(pelvis, axis=0), axis=-1) * float(observation.fps)
    return (speed > _JUMP) & seen[1:] & seen[:-1]


def _cut_off(observation: Observation, person: int) -> float:
    """Share of the frames in which some of a person is outside the picture."""
    points = np.asarray(observation.keypoints[person])
    outside = ((points < 0) | (points > np.asarray(observation.camera.image_size))).any(axis=-1)
    return float((outside.sum(axis=-1) >= _OUTSIDE).mean())
