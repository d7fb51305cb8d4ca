"""What two networks find in a crop of each person: 33 landmarks in pixels and, roughly, in metres, and 17 keypoints.

BlazePose-heavy, the landmarks, comes in two forms: the graph that JAX compiles for any accelerator, and the file that
LiteRT runs on a CPU, faster than XLA does there. `landmarker_asset` chooses. MoveNet-thunder, the keypoints, is a
network of another kind trained on other pictures, so it errs elsewhere.
"""

import collections
import contextlib
import dataclasses
import functools
import importlib.util
import os
import queue
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.assets.fetch import asset
from sm_jax.perception.crops import SIZE, apply, crop, invert, region
from sm_jax.perception.frames import Frame
from sm_jax.perception.tfjs.graph import load_graph
from sm_jax.perception.tracking import Tracks

LANDMARKS = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index",
    "left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_heel", "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
GRAPH, LITERT, SINGLE = "blazepose-heavy", "blazepose-heavy-litert", "movenet-thunder"
_BATCH = 2  # crops in one call of the graph; larger batches are no faster on a CPU
_WAITING = 4  # frames that wait to be looked at


@dataclasses.dataclass(frozen=True)
class PoseLandmarks:
    """pixels: [P, T, 33, 2] in the picture.  metres: [P, T, 33, 3] about the middle of the hips, axes x right, y down,
    z away, as seen along the line of sight to the person; a scale of the network's own, and little depth.
    coco: [P, T, 17, 2] MoveNet-thunder's keypoints in the picture.  coco_scores: [P, T, 17] in [0, 1].
    """

    pixels: np.ndarray
    metres: np.ndarray
    coco: np.ndarray
    coco_scores: np.ndarray


Landmarker = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Crops [n, 256, 256, 3] float32 in [0, 1] → region pixels [n, 33, 2], metres [n, 33, 3]."""

SinglePose = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Crops [n, 256, 256, 3] float32 in [0, 1] → region pixels [n, 17, 2], scores [n, 17]."""

_PairFound = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # `PoseLandmarks` of a frame, without T


def landmarker_asset() -> str:
    """The asset that holds the network in the form for this machine: LiteRT's on a CPU where that library is installed
    (extra `video`), else the graph that JAX runs."""
    on_cpu = jax.default_backend() == "cpu"
    return LITERT if on_cpu and importlib.util.find_spec("ai_edge_litert") else GRAPH


def load_landmarker() -> Landmarker:
    """The network in the form for this machine. Raises UserError if its asset cannot be pulled."""
    folder = asset(name := landmarker_asset())
    if name == LITERT:
        return load_litert_landmarker(folder / "pose_landmark_heavy.tflite")
    return load_graph_landmarker(folder / "blazepose-heavy.json")


@functools.cache
def load_graph_landmarker(model: Path) -> Landmarker:
    """The network of a topology file, loaded and compiled once, for batches of one size."""
    graph = load_graph(model)
    network = jax.jit(lambda params, x: graph(params, x, ("ld_3d", "world_3d")))
    params = jax.device_put(graph.params)

    def locate(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        padded = np.concatenate([crops, np.repeat(crops[-1:], -len(crops) % _BATCH, axis=0)])
        calls = [network(params, padded[i : i + _BATCH]) for i in range(0, len(padded), _BATCH)]
        return _points(*(np.concatenate(output)[: len(crops)] for output in zip(*calls, strict=True)))

    return locate


@functools.cache
def load_single_pose(model: Path) -> SinglePose:
    """MoveNet-thunder of a topology file, loaded and compiled once. One crop a call: its graph holds no more, and two
    at once take a third longer a crop on a CPU."""
    graph = load_graph(model)
    network = jax.jit(lambda params, x: graph(params, jnp.round(255.0 * x).astype(jnp.int32), ("Identity:0",))[0])
    params = jax.device_put(graph.params)

    def locate(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = np.concatenate([np.asarray(network(params, crop[None]))[0] for crop in crops])
        return SIZE * found[..., [1, 0]], found[..., 2]

    return locate


@functools.cache
def load_litert_landmarker(model: Path) -> Landmarker:
    """The network of a .tflite file, loaded once. Crops are shared out to as many threads as there are cores: a result
    does not depend on their number."""
    from ai_edge_litert.interpreter import Interpreter

    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with _quiet_stderr():
        interpreters = [Interpreter(str(model), num_threads=1) for _ in range(workers)]
        for interpreter in interpreters:
            interpreter.allocate_tensors()
    entry = interpreters[0].get_input_details()[0]["index"]
    exits = {detail["name"]: detail["index"] for detail in interpreters[0].get_output_details()}
    idle: queue.SimpleQueue[Interpreter] = queue.SimpleQueue()
    for interpreter in interpreters:
        idle.put(interpreter)

    def locate_one(crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        interpreter = idle.get()
        try:
            interpreter.set_tensor(entry, crop[None])
            interpreter.invoke()
            return interpreter.get_tensor(exits["Identity"])[0], interpreter.get_tensor(exits["Identity_4"])[0]
        finally:
            idle.put(interpreter)

    pool = ThreadPoolExecutor(workers)
    return lambda crops: _points(*(np.stack(output) for output in zip(*pool.map(locate_one, crops), strict=True)))


def _points(image: np.ndarray, world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of 39 points, the 33 that are landmarks: what is left are guides for the next crop."""
    return image.reshape(-1, 39, 5)[:, :33, :2], world.reshape(-1, 39, 3)[:, :33]


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """What a library in C++ writes to standard error past Python's own: nobody is to see which delegate it made."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class PairLandmarks:
    """Landmarks of both people, found in the background while they are being followed. In the end, when it is settled
    for the whole clip who is who, only the frames in which the two are others than they first seemed are looked at
    again; the result is the same as if all were looked at then.
    """

    def __init__(self, locate: Landmarker, single: SinglePose):
        self._networks = locate, single
        self._thread = ThreadPoolExecutor(1)
        self._waiting: collections.deque[Future[None]] = collections.deque()
        self._found: dict[int, tuple[np.ndarray, np.ndarray, _PairFound]] = {}

    def look(self, frame: Frame, keypoints: np.ndarray, scores: np.ndarray) -> None:
        """Look at two people in a frame, with keypoints [2, 17, 2] and scores [2, 17]. Returns at once, unless too much
        waits already."""
        # in the tracks' precision, whatever the detector's: else nobody would be the same in the end
        held = keypoints.astype(np.float32), scores.astype(np.float32)
        self._waiting.append(self._thread.submit(self._look, frame, *held))
        if len(self._waiting) > _WAITING:
            self._waiting.popleft().result()

    def _look(self, frame: Frame, keypoints: np.ndarray, scores: np.ndarray) -> None:
        self._found[frame.index] = keypoints, scores, locate_pair(frame.image, keypoints, scores, *self._networks)

    def settle(self, tracks: Tracks, again: Callable[[np.ndarray], Iterable[np.ndarray]]) -> PoseLandmarks:
        """Of both people in every tracked frame. again: source frames, ascending → their pictures."""
        for future in self._waiting:
            future.result()
        self._thread.shutdown()
        frames = [self._of(tracks, t) for t in range(len(tracks.index))]
        open_ = [t for t, found in enumerate(frames) if found is None]
        for t, image in zip(open_, again(tracks.index[open_]), strict=True):
            frames[t] = locate_pair(image, tracks.keypoints[:, t], tracks.scores[:, t], *self._networks)
        parts = zip(*(found for found in frames if found is not None), strict=True)
        return PoseLandmarks(*(np.stack(part, axis=1) for part in parts))

    def _of(self, tracks: Tracks, t: int) -> _PairFound | None:
        """What was found in a frame, if it was looked at with the very people that the tracks have there."""
        if int(tracks.index[t]) not in self._found:
            return None
        keypoints, scores, (pixels, metres, coco, coco_scores) = self._found[int(tracks.index[t])]
        for order in ([0, 1], [1, 0]):
            if (keypoints[order] == tracks.keypoints[:, t]).all() and (scores[order] == tracks.scores[:, t]).all():
                return pixels[order], metres[order], coco[order], coco_scores[order]
        return None


def locate_pair(
    image: np.ndarray, keypoints: np.ndarray, scores: np.ndarray, locate: Landmarker, single: SinglePose
) -> _PairFound:
    """Two people in a picture, each looked at with the other masked: pixels [2, 33, 2] and metres [2, 33, 3] of the
    landmarks, pixels [2, 17, 2] and scores [2, 17] of the keypoints.

    keypoints: [2, 17, 2] and scores: [2, 17] of COCO.
    """
    to_region = np.stack([region(keypoints[person], scores[person]) for person in range(2)])
    # The detector is surer of the person in front: the other's joints are partly hidden.
    sureness = scores[:, 5:].mean(axis=-1)
    crops = np.stack(
        [
            crop(
                image,
                to_region[person],
                own=keypoints[person],
                other=keypoints[1 - person],
                in_front=bool(sureness[person] > sureness[1 - person]),
            )
            for person in range(2)
        ]
    )
    (pixels, metres), (coco, coco_scores) = locate(crops), single(crops)
    pixels, coco = (apply(invert(to_region), found).astype(np.float32) for found in (pixels, coco))
    return pixels, _upright(metres, to_region).astype(np.float32), coco, coco_scores


def _upright(world: np.ndarray, to_region: np.ndarray) -> np.ndarray:
    """World landmarks [..., 33, 3] turned from the region's axes to the picture's."""
    linear = to_region[..., :2]
    turn = linear / np.linalg.norm(linear[..., :1], axis=-2, keepdims=True)  # region from picture
    return np.concatenate([np.einsum("...ji,...nj->...ni", turn, world[..., :2]), world[..., 2:]], axis=-1)
