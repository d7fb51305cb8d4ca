"""A data set's recordings as benchmark cases under a published protocol: its split, its frames, its joints.

What is seen of a recording comes from its pictures, through the front-end; of a data set without pictures from the
simulated observer, window by window. The truth is one of two. With a licensed SMPL body and a regressor of joints it is
the data set's own meshes, and ours are SMPL's: these numbers may stand beside the peers'. Otherwise it is the recording
refitted to our body, with joints derived from it, and the protocol's name says so.
"""

import dataclasses
import logging
import pathlib
from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from tqdm import tqdm

from sm_jax.body import smpl
from sm_jax.body.regressors import LSP, Regressor, read_regressor, regress, select
from sm_jax.data.schema import PairRecording, PairSequence, Pictures, Split, View
from sm_jax.data.sources.datasets import DATASETS
from sm_jax.data.sources.recordings import FoundRecording
from sm_jax.errors import UserError
from sm_jax.evaluation.benchmarks.case import Case, Score, in_true_world
from sm_jax.evaluation.benchmarks.sets import simulated
from sm_jax.evaluation.protocols import PROTOCOLS, Pair, Row
from sm_jax.evaluation.score import OPEN, pose_for_metrics
from sm_jax.fitting.mocap.refit import motion_on, refit
from sm_jax.motion import windows
from sm_jax.motion.frames import map_frames
from sm_jax.pipeline.observed_clip import load_clip
from sm_jax.types import Camera, Motion, Observation

_LOGGER = logging.getLogger(__name__)

SMPL_VERTICES = 6890
_SURE = 0.3  # a keypoint says whose box it lies in where it is at least so sure
BUDDI_STEP = 5  # of Hi4D's frames BUDDI scores every fifth


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetProtocol:
    """How a protocol is used on a data set. split: that it reports.  chosen: the recording's frames that count, as
    positions; None for all.  words: said with the result."""

    split: Split
    words: str
    chosen: Callable[[PairRecording], np.ndarray] | None = None


def _annotated(recording: PairRecording) -> np.ndarray:
    if not recording.annotated:
        raise UserError(f"{recording.landmarks.name}: no annotated frame (`fr_id`); unpack the contact signatures too")
    return np.array(recording.annotated)


def _every_fifth(recording: PairRecording) -> np.ndarray:
    return np.arange(0, len(recording.frames), BUDDI_STEP)


_ALL = "all frames of all cameras"
# (protocol, data set). The world protocol reports the test split of any other.
USES: dict[tuple[str, str], DatasetProtocol] = {
    ("closeint", "hi4d"): DatasetProtocol(split="test", words=_ALL),
    ("closeint", "3dpw"): DatasetProtocol(split="test", words="all frames, valid where the camera was aligned"),
    ("buddi", "hi4d"): DatasetProtocol(split="test", words="every 5th frame of all cameras", chosen=_every_fifth),
    ("buddi", "chi3d"): DatasetProtocol(split="val", words="the annotated frame of all cameras", chosen=_annotated),
    ("prompthmr", "hi4d"): DatasetProtocol(split="test", words=_ALL),
    ("prompthmr", "chi3d"): DatasetProtocol(split="val", words="the annotated frame of all cameras", chosen=_annotated),
    **{("world", name): DatasetProtocol(split="test", words="all frames") for name in DATASETS if name != "chi3d"},
    ("world", "chi3d"): DatasetProtocol(split="val", words="all frames"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetQuestion:
    """What is to be scored: a data set below `root`, by a protocol, on a body. split: another than the protocol's.
    bodies: folder of licensed models that the data set needs.  regressor: file of joints from SMPL's vertices.
    observations: folder in which what was seen is kept; None keeps nothing."""

    dataset: str
    root: pathlib.Path
    protocol: str
    body: smpl.Body
    split: Split | None = None
    bodies: pathlib.Path | None = None
    regressor: pathlib.Path | None = None
    observations: pathlib.Path | None = None

    def use(self) -> DatasetProtocol:
        """Raises UserError where the protocol was never used on the data set."""
        if (self.protocol, self.dataset) not in USES:
            others = ", ".join(name for name in PROTOCOLS if (name, self.dataset) in USES)
            raise UserError(f"{self.protocol} is no protocol of {DATASETS[self.dataset].title}: name one of {others}")
        return USES[self.protocol, self.dataset]

    def joints(self) -> Regressor | None:
        """The regressor of the 14 joints. Raises UserError for a file that is none of the protocol's."""
        names = PROTOCOLS[self.protocol].regressor
        if self.regressor is None:
            return None
        if names is None:
            raise UserError(f"{self.protocol} takes SMPL's own joints: give no regressor")
        return select(read_regressor(self.regressor, names, self.body), LSP)

    def title(self) -> str:
        """The protocol's name, with what its numbers do not compare for."""
        kind = "" if self.regressor is not None else "-open" if self.body.name.startswith(OPEN) else "-derived"
        return f"{self.protocol}{kind}"


def dataset_cases(question: DatasetQuestion) -> tuple[list[Case], Literal["pictures", "simulation"]]:
    """Cases of the data set's recordings, and what was seen: its pictures, or simulations where it has none on disk.

    Raises UserError where nothing of the split is there.
    """
    use, regressor = question.use(), question.joints()
    split = question.split or use.split
    found = [one for one in DATASETS[question.dataset].find(question.root, question.bodies) if one.split == split]
    if not found:
        raise UserError(f"{question.root}: no recording of {question.dataset}'s split {split} there")
    first = found[0].read()
    if first.pictures:
        cases = [case for one in tqdm(found, "recordings", unit="recording", disable=None)
                 for case in _seen_cases(question, regressor, one)]  # fmt: skip
        return cases, "pictures"
    if regressor is not None:
        raise UserError(f"{first.landmarks.name}: no pictures on disk, and simulation is judged by refitted bodies: "
                        "unpack the pictures, or give no regressor")  # fmt: skip
    return _simulated_cases(question, found), "simulation"


class RecordingScore:
    """Scores of motions against one recording as one camera saw it, by the protocol.

    The score's people are in the order of the recording's, whatever the front-end's.
    """

    def __init__(
        self,
        question: DatasetQuestion,
        regressor: Regressor | None,
        recording: PairRecording,
        camera_name: str,
        observation: Observation,
    ):
        self.question, self.regressor = question, regressor
        pictures = next(pictures for pictures in recording.pictures if pictures.name == camera_name)
        index = np.asarray(observation.frame_index)
        self.chosen = chosen_frames(question.use(), recording, index)
        if not PROTOCOLS[question.protocol].frames_used(len(self.chosen)):
            raise UserError(
                f"{recording.landmarks.name}: {len(self.chosen)} frames are too few for {question.protocol}"
            )
        self.order = people_order(observation, pictures.boxes[:, index])
        self.seen, self.fps = observation.camera, float(np.asarray(observation.fps))
        at = index[self.chosen]
        camera = pictures.camera
        self.all_frames = Camera(K=camera.K, R=camera.R[index], t=camera.t[index], image_size=camera.image_size)
        self.camera = Camera(K=camera.K, R=camera.R[at], t=camera.t[at], image_size=camera.image_size)
        self.truth = self._in_axes(_truth(question, regressor, recording, at, self.fps))

    def __call__(self, motion: Motion) -> Row:
        placed = in_true_world(motion, self.seen, self.all_frames)
        placed = map_frames(placed, lambda x: np.asarray(x)[self.order, :][:, self.chosen])
        placed = dataclasses.replace(placed, betas=np.asarray(placed.betas)[self.order, :])
        predicted = with_joints(pose_for_metrics(self.question.body, placed, self.fps), self.regressor)
        return PROTOCOLS[self.question.protocol].score(self._in_axes(predicted), self.truth)

    def _in_axes(self, pair: Pair) -> Pair:
        return pair if PROTOCOLS[self.question.protocol].axes == "world" else in_camera(pair, self.camera)


def chosen_frames(use: DatasetProtocol, recording: PairRecording, index: np.ndarray) -> np.ndarray:
    """Positions among the observed frames [T] (at `index` of the recording) of those that the protocol takes: for each
    the nearest that was observed."""
    if use.chosen is None:
        return np.arange(len(index))
    return np.array([int(np.argmin(np.abs(index - position))) for position in use.chosen(recording)])


def people_order(observation: Observation, boxes: np.ndarray) -> list[int]:
    """Which observed person is each of the recording's two: by the boxes [P, T, 4] in which their keypoints lie."""
    points, sure = np.asarray(observation.keypoints), np.asarray(observation.keypoint_confidence) > _SURE
    with np.errstate(invalid="ignore"):
        inside = (
            (points[:, None] >= boxes[None, :, :, None, :2]) & (points[:, None] <= boxes[None, :, :, None, 2:])
        ).all(axis=-1)
    share = (inside & sure[:, None]).sum(axis=(2, 3))  # observed, true
    return [0, 1] if share[0, 0] + share[1, 1] >= share[0, 1] + share[1, 0] else [1, 0]


def in_camera(pair: Pair, camera: Camera) -> Pair:
    """Bodies in the world of a camera, seen from it."""
    R, t = np.asarray(camera.R, np.float64), np.asarray(camera.t, np.float64)

    def moved(x: np.ndarray) -> np.ndarray:
        return np.einsum("tij,ptnj->ptni", R, x) + t[None, :, None]

    joints = {name: moved(x) for name, x in pair.joints.items()}
    return dataclasses.replace(pair, joints=joints, vertices=moved(pair.vertices), surface=moved(pair.surface))


def with_joints(pair: Pair, regressor: Regressor | None) -> Pair:
    """The bodies with the 14 joints of a regressor, where there is one, in place of those derived."""
    if regressor is None:
        return pair
    return dataclasses.replace(pair, joints={**pair.joints, "lsp": np.asarray(regress(regressor, pair.vertices))})


def _truth(
    question: DatasetQuestion, regressor: Regressor | None, recording: PairRecording, at: np.ndarray, fps: float
) -> Pair:
    """The recording's bodies in the frames `at`, which come `fps` times a second."""
    body, valid = question.body, recording.valid[:, at]
    if regressor is None:
        motion = map_frames(motion_on(body, recording.landmarks), lambda x: x[:, at])
        return dataclasses.replace(pose_for_metrics(body, motion, fps), valid=valid)
    name = recording.landmarks.name
    if recording.meshes is None:
        raise UserError(f"{name}: the truth's meshes need its own body models: name their folder with --bodies")
    vertices = recording.meshes()[:, at]
    if vertices.shape[2] != len(body.v_template):
        raise UserError(f"{name}: meshes of {vertices.shape[2]} vertices, the body {body.name} has "
                        f"{len(body.v_template)}: give a body of the data set's family with --body")  # fmt: skip
    index = np.asarray(body.surface_index)
    pair = Pair(
        joints={"smpl": recording.landmarks.positions[:, at]},
        vertices=vertices,
        faces=np.asarray(body.faces),
        surface=vertices[:, :, index],
        surface_region=np.asarray(body.surface_region),
        fps=fps,
        valid=valid,
    )
    return with_joints(pair, regressor)


def _seen_cases(question: DatasetQuestion, regressor: Regressor | None, found: FoundRecording) -> list[Case]:
    """A case for each camera of a recording."""
    recording = found.read()
    cases = []
    for pictures in recording.pictures:
        observation = _observed(question, recording, pictures)
        cases.append(
            Case(
                name=f"{found.name}, {pictures.name}",
                take=found.name,
                level=f"camera {pictures.name}",
                body=question.body.name,
                observation=observation,
                scorer=partial(_recording_score, question, regressor, found, pictures.name, observation),
            )
        )
    return cases


def _recording_score(
    question: DatasetQuestion,
    regressor: Regressor | None,
    found: FoundRecording,
    camera_name: str,
    observation: Observation | None,
) -> Score:
    """The recording is read again: the meshes of a whole data set do not fit into memory."""
    assert observation is not None
    return RecordingScore(question, regressor, found.read(), camera_name, observation)


def _observed(question: DatasetQuestion, recording: PairRecording, pictures: Pictures) -> Observation | None:
    """What the front-end sees in a camera's pictures, kept where there is a folder for it; None without two people."""
    from sm_jax.pipeline.observe import observe  # the front-end needs the extra `video`

    name = f"{recording.landmarks.name}_{pictures.name}"
    kept = question.observations / f"{name}.npz" if question.observations is not None else None
    if kept is not None and kept.is_file():
        return load_clip(kept, question.body).observation
    source = pictures.files[0] if len(pictures.files) == 1 else pictures.files[0].parent
    try:
        clip = observe(source, body=question.body, focal=float(np.asarray(pictures.camera.K)[0, 0]))
    except UserError as error:
        _LOGGER.warning("%s: counted as failed: %s", name, error)
        return None
    if (last := int(np.max(clip.observation.frame_index))) >= len(recording.frames):
        raise UserError(f"{source}: picture {last} of a recording of {len(recording.frames)} frames; leave others out")
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        clip.save(kept)
    return clip.observation


def _simulated_cases(question: DatasetQuestion, found: list[FoundRecording]) -> list[Case]:
    """Windows of the refitted recordings under the simulated observer."""
    takes = []
    for one in tqdm(found, "refitting", unit="recording", disable=None):
        recording = one.read()
        sequence, residual = refit(question.body, recording.landmarks, recording.source)
        _LOGGER.info("%s: %s", one.name, residual.line())
        if sequence.motion.pelvis.shape[1] >= windows.LENGTH:
            takes.append(sequence)
    if not takes:
        raise UserError(f"{question.root}: no recording is as long as a window, {windows.LENGTH} frames")
    return simulated(takes, 1, partial(simulated_score, question))


def simulated_score(question: DatasetQuestion, sequence: PairSequence, view: View) -> Score:
    """The protocol's score against a refitted window, as a simulated camera saw it."""
    assert view.observation is not None
    rules, seen = PROTOCOLS[question.protocol], view.observation.camera

    def in_axes(motion: Motion) -> Pair:
        pair = pose_for_metrics(question.body, motion, sequence.fps)
        return pair if rules.axes == "world" else in_camera(pair, view.camera)

    truth = in_axes(sequence.motion)
    return lambda motion: rules.score(in_axes(in_true_world(motion, seen, view.camera)), truth)
