"""A folder that `sm-jax reconstruct` wrote, read back with what was seen and what is known of it."""

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np

from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.export.folder import SUMMARY
from sm_jax.export.npz import NAME, SAME_JOINT, MotionFile, body_of, load_motion, motion_path, with_motion
from sm_jax.export.summary import plain
from sm_jax.perception.observation_file import load_observation
from sm_jax.pipeline.measures import MEASURES, first_estimate
from sm_jax.pipeline.observed_clip import ObservedClip, load_clip
from sm_jax.sampling import inputs
from sm_jax.types import Contact, Description, Observation, Phase

OBSERVATION, OVERLAY = "observation.npz", "overlay.mp4"
STAGES, HYPOTHESES = "stages", "hypotheses"  # folders of motions
MOST_HYPOTHESES = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSummary:
    """What `summary.json` says of a run. share: [2] of the models' motion.  before, after: by the names of MEASURES.
    seconds: by stage.  command: that asked for it.  whole: all of it, plain."""

    description: Description
    share: np.ndarray
    before: dict[str, float | None]
    after: dict[str, float | None]
    seconds: dict[str, float]
    command: str | None
    whole: dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """content: the motion of the two people.  body: of both motions.  observation: what was seen."""

    folder: pathlib.Path
    content: MotionFile
    body: smpl.Body
    observation: Observation
    summary: RunSummary

    def clip(self) -> ObservedClip:
        """What was seen, with its video's pictures where that is still there, which takes decoding it once."""
        return load_clip(self.folder / OBSERVATION, self.body)

    def before(self) -> MotionFile:
        """The first estimate, its gaps filled, in the frames of the result, for all that takes a motion."""
        return with_motion(self.body, self.content, first_estimate(self.observation, self.content.time))

    def stages(self) -> dict[str, MotionFile]:
        """What the models made on the way, by the names of `inputs.STAGES`; nothing of a result that lacks them. Raises
        UserError for files that cannot be read or are not of this run, as `hypotheses` does."""
        paths = {name: self.folder / STAGES / f"{name}.npz" for name in inputs.STAGES}
        return {name: self._another(path) for name, path in paths.items() if path.is_file()}

    def hypotheses(self) -> list[MotionFile]:
        """The hypotheses beside the result, in the order of `summary.json`."""
        paths = (self.folder / HYPOTHESES / f"{number}.npz" for number in range(MOST_HYPOTHESES))
        return [self._another(path) for path in paths if path.is_file()]

    def _another(self, path: pathlib.Path) -> MotionFile:
        """A motion of the same run."""
        found, content = load_motion(path), self.content
        same = found.joints.shape == content.joints.shape and np.array_equal(found.frame_index, content.frame_index)
        if not same or np.abs(found.rest_joints - content.rest_joints).max() > SAME_JOINT:
            raise UserError(f"{path} and {NAME} are not of one run; reconstruct again")
        return found


def load_result(folder: pathlib.Path, body: str | None = None) -> Result:
    """Read a result. body: path of the licensed body that it is of; an open one is found.

    Raises UserError for a folder that lacks any of its files, for files that cannot be read, and for a motion and an
    observation that are not of one run.
    """
    motion_path(folder)
    for name in (NAME, OBSERVATION, SUMMARY):
        if not (folder / name).is_file():
            raise UserError(f"{folder}: holds no {name}; give a folder that sm-jax reconstruct wrote")
    content = load_motion(folder / NAME)
    observation = load_observation(folder / OBSERVATION)
    seen, shown = np.asarray(observation.frame_index), content.frame_index
    same = observation.motion.betas.shape == content.motion.betas.shape
    if not (same and (seen[0], seen[-1]) == (shown[0], shown[-1])):
        raise UserError(f"{folder}: {NAME} and {OBSERVATION} are not of one run; reconstruct again")
    return Result(
        folder=folder,
        content=content,
        body=body_of(content, body),
        observation=observation,
        summary=read_summary(folder / SUMMARY),
    )


def read_summary(path: pathlib.Path) -> RunSummary:
    """Read the `summary.json` of a result. Raises UserError for a file that is none, or lacks what belongs in one."""
    try:
        whole = plain(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read ({error}); reconstruct again") from error
    try:
        measures = {name: whole["measures"][name] for name in MEASURES}
        return RunSummary(
            description=_description(whole["description"]),
            share=np.asarray(whole["share_of_models_motion"], np.float64).reshape(2),
            before={name: _number(found["before"]) for name, found in measures.items()},
            after={name: _number(found["after"]) for name, found in measures.items()},
            seconds={stage: float(took) for stage, took in whole["seconds"].items()},
            command=None if whole.get("command") is None else str(whole["command"]),
            whole=whole,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(f"{path} lacks what this version writes ({error}); reconstruct again") from error


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _description(read: Any) -> Description:
    return Description(
        text=str(read["text"]),
        source=str(read["source"]),
        phases=tuple(Phase(text=str(p["text"]), start=int(p["start"]), end=int(p["end"])) for p in read["phases"]),
        contacts=tuple(_contact(contact) for contact in read["contacts"]),
    )


def _contact(read: Any) -> Contact:
    return Contact(
        region_a=str(read["region_a"]),
        side_a=read["side_a"],
        region_b=str(read["region_b"]),
        side_b=read["side_b"],
        person_a=int(read["person_a"]),
        start=int(read["start"]),
        end=int(read["end"]),
        confidence=float(read["confidence"]),
    )
