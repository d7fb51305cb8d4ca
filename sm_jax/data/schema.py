"""What data consists of: landmarks as a reader finds them, and motion of two people as training uses it."""

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from sm_jax.types import Camera, Contact, Motion, Observation

Split = Literal["train", "val", "test"]
PARTNER_ASIDE = 1.0  # metres from a single person to the stand-in of the absent partner


@dataclasses.dataclass(frozen=True, kw_only=True)
class LandmarkMotion:
    """Named points of one person or two in one z-up world, as measured, before any body is fitted.

    names: N landmarks.  positions: [P, T, N, 3] metres.  weight: [P, T, N] in [0, 1], zero where a landmark is known to
    be wrong.  orientations: [P, T, N, 3, 3] world from the landmark's bone, whose axes at rest are those of a figure
    that stands in a T-pose with y up and faces +z; None where only positions were measured.  fps: frames per second.
    texts: sentences that are true of the whole sequence.
    """

    name: str
    names: tuple[str, ...]
    positions: np.ndarray
    weight: np.ndarray
    orientations: np.ndarray | None
    fps: float
    texts: tuple[str, ...]
    split: Split

    def pieces(self, longest: float) -> Iterator["LandmarkMotion"]:
        """The take in equal pieces of at most so many seconds, NAME_0, NAME_1, …; one that is no longer as it is."""
        n_frames = self.positions.shape[1]
        count = int(np.ceil(n_frames / (longest * self.fps)))
        if count <= 1:
            yield self
            return
        edges = np.linspace(0, n_frames, count + 1).astype(int)
        for number, (start, end) in enumerate(itertools.pairwise(edges)):
            R = self.orientations
            yield dataclasses.replace(
                self,
                name=f"{self.name}_{number}",
                positions=self.positions[:, start:end],
                weight=self.weight[:, start:end],
                orientations=None if R is None else R[:, start:end],
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pictures:
    """What one camera took of a recording.

    camera: in the recording's world, over its T frames.  files: a picture for each frame, or one video of all of them.
    boxes: [P, T, 4] left, top, right and bottom, pixels, of each person by the true joints; nan behind the camera.
    """

    name: str
    camera: Camera
    files: tuple[pathlib.Path, ...]
    boxes: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairRecording:
    """Two people as a data set holds them, at its own frame rate, before they are brought to another body.

    landmarks: SMPL's joints [P, T] (`skeleton.JOINTS`). Orientations are relative to the rest pose of the data set's
    own body; None where it gives places alone.  frames: [T] their numbers in its files.  valid: [P, T] bool, false
    where it says that a person cannot be judged.  annotated: positions in T of frames that its annotators chose.
    pictures: of its cameras, where they are on disk.
    meshes: makes the vertices [P, T, V, 3] of its own bodies in the same world; None where their model is not at hand.
    """

    source: str
    landmarks: LandmarkMotion
    frames: np.ndarray
    valid: np.ndarray
    annotated: tuple[int, ...] = ()
    pictures: tuple[Pictures, ...] = ()
    meshes: Callable[[], np.ndarray] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class View:
    """One camera that saw a sequence, frame by frame.

    camera: the true one, in the sequence's world.  observation: what a front-end made of its pictures, in a world and
    with a camera of its own (it may have misjudged both); None where there were no pictures.
    """

    camera: Camera
    observation: Observation | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairSequence:
    """Motion of two people in one z-up world with the floor at z = 0, and what is known of it.

    source: the reader it comes from.  body: name of the body that betas belong to.
    motion: Motion [P, T] of NumPy float32.  fps: frames per second.
    present: [P] bool. A single person's motion has a partner who is not there: that motion is finite and means nothing.
    foot_contact: [P, T, 4] in [0, 1], ordered like `skeleton.FOOT_JOINTS`.
    contacts: between the two people, in frames of the sequence.
    texts: sentences that are each true of the whole sequence, in which "the first person" is person 0.
    views: cameras that saw it, if any.
    """

    name: str
    source: str
    body: str
    motion: Motion
    fps: float
    split: Split
    present: np.ndarray
    foot_contact: np.ndarray
    contacts: tuple[Contact, ...]
    texts: tuple[str, ...]
    views: tuple[View, ...] = ()
