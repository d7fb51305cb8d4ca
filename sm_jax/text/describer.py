"""What a describer may look at, and what it is."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from sm_jax.types import Description


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """Two people over a clip, as the initial estimate has them. On the host.

    joints: [P, T, J, 3] metres, world z up, finite everywhere (gaps filled).  visibility: [P, T, J] in [0, 1].
    fps: frames per second.  pixels: [P, T, J, 2] where the joints are in the picture, None where no camera is known.
    pictures: frames of the clip in ascending order -> their RGB [H, W, 3] uint8, for describers that look at them; None
    where no video is at hand.
    """

    joints: np.ndarray
    visibility: np.ndarray
    fps: float
    pixels: np.ndarray | None = None
    pictures: Callable[[np.ndarray], Iterator[np.ndarray]] | None = None

    @property
    def n_frames(self) -> int:
        """Length of the clip."""
        return self.joints.shape[1]


class Describer(Protocol):
    """Says what the people of a scene do. Contacts are counted in the scene's frames and people."""

    def __call__(self, scene: Scene, /) -> Description: ...
