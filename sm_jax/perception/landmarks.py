"""BlazePose-heavy: 33 landmarks of each person, in picture pixels and, roughly, in metres."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import jax
import numpy as np

from sm_jax.perception.crops import apply, crop, invert, region
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
_FRAMES = 2  # of both people in one call of the network; larger batches are no faster on a CPU


@dataclasses.dataclass(frozen=True)
class PoseLandmarks:
    """pixels: [P, T, 33, 2] in the picture.  metres: [P, T, 33, 3] about the middle of the hips, axes x right, y down,
    z away, as seen along the line of sight to the person; a scale of the network's own, and little depth.
    """

    pixels: np.ndarray
    metres: np.ndarray


Landmarker = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def load_landmarker(model: Path) -> Landmarker:
    """The network of a BlazePose topology file: crops [n, 256, 256, 3] in [0, 1] → region pixels [n, 33, 2], metres
    [n, 33, 3].
    """
    graph = load_graph(model)
    network = jax.jit(lambda params, x: graph(params, x, ("ld_3d", "world_3d")))
    params = jax.device_put(graph.params)

    def locate(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        image, world = (np.asarray(output) for output in network(params, crops))
        return image.reshape(-1, 39, 5)[:, :33, :2], world.reshape(-1, 39, 3)[:, :33]

    return locate


def find_landmarks(frames: Iterable[Frame], locate: Landmarker, tracks: Tracks) -> PoseLandmarks:
    """Landmarks of both people in every tracked frame, each found with the other person masked."""
    pixels, metres = [], []
    for batch in _batches(enumerate(frames)):
        to_region = np.stack([_regions(tracks, t) for t, _ in batch])  # [n, P, 2, 3]
        crops = np.stack([_crops(frame, tracks, t, to_region[i]) for i, (t, frame) in enumerate(batch)])
        padded = np.concatenate([crops] + [crops[-1:]] * (_FRAMES - len(batch)))
        image, world = locate(padded.reshape(-1, *crops.shape[2:]))
        image, world = (x.reshape(_FRAMES, 2, *x.shape[1:])[: len(batch)] for x in (image, world))
        pixels.append(apply(invert(to_region), image))
        metres.append(_upright(world, to_region))
    return PoseLandmarks(*(np.concatenate(x).swapaxes(0, 1).astype(np.float32) for x in (pixels, metres)))


def _batches(frames: Iterable[tuple[int, Frame]]) -> Iterator[list[tuple[int, Frame]]]:
    iterator = iter(frames)
    while batch := list(itertools.islice(iterator, _FRAMES)):
        yield batch


def _regions(tracks: Tracks, t: int) -> np.ndarray:
    return np.stack([region(tracks.keypoints[person, t], tracks.scores[person, t]) for person in range(2)])


def _crops(frame: Frame, tracks: Tracks, t: int, to_region: np.ndarray) -> np.ndarray:
    # The detector is surer of the person in front: the other's joints are partly hidden.
    sureness = tracks.scores[:, t, 5:].mean(axis=-1)
    return np.stack(
        [
            crop(
                frame.image,
                to_region[person],
                own=tracks.keypoints[person, t],
                other=tracks.keypoints[1 - person, t],
                in_front=bool(sureness[person] > sureness[1 - person]),
            )
            for person in range(2)
        ]
    )


def _upright(world: np.ndarray, to_region: np.ndarray) -> np.ndarray:
    """World landmarks [..., 33, 3] turned from the region's axes to the picture's."""
    linear = to_region[..., :2]
    turn = linear / np.linalg.norm(linear[..., :1], axis=-2, keepdims=True)  # region from picture
    return np.concatenate([np.einsum("...ji,...nj->...ni", turn, world[..., :2]), world[..., 2:]], axis=-1)
