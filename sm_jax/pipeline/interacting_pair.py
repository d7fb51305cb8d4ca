"""Which two of a result's people: those whom the user names, or who are near each other for longest."""

import dataclasses
import itertools
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from sm_jax.errors import UserError
from sm_jax.fitting.monocular.residuals import STATURE
from sm_jax.perception.association import near
from sm_jax.perception.importers.estimate import Estimate, Track

_LOGGER = logging.getLogger(__name__)

TrackPair = tuple[Track, Track]


def choose_pair(estimate: Estimate, K: np.ndarray, people: str | None, source: str) -> TrackPair:
    """The two people of an estimate, the one who is on the left first.

    K: [3, 3] intrinsics.  people: the user's choice: two names, each perhaps several pieces' joined by +.  source: what
    the user called the file. Raises UserError where there are not two, or two that are never there together.
    """
    tracks = {track.name: track for track in estimate.tracks}
    if people is not None:
        named = [[name.strip() for name in person.split("+")] for person in people.split(",")]
        unknown = [name for names in named for name in names if name not in tracks]
        if len(named) != 2 or unknown:
            raise UserError(f"--people {people}: give two of {', '.join(tracks)}, such as 1,2 or 1+4,2")
        first, second = (_joined([tracks[name] for name in names]) for names in named)
        return first, second
    if len(tracks) < 2:
        raise UserError(
            f"{source}: one person only; give a result of two, or a second file where the tool writes one a person"
        )
    shown = {name: _in_picture(track, K, world=estimate.up is not None) for name, track in tracks.items()}
    together = {pair: _together(*(shown[name] for name in pair)) for pair in itertools.combinations(tracks, 2)}
    names = max(together, key=lambda pair: together[pair][:2])
    close, both, first_is_left = together[names]
    if both == 0:
        raise UserError(f"{source}: no two people are ever seen in one frame; name the two with --people")
    if len(tracks) > 2:
        _LOGGER.warning(
            "%d people: taking %s, who are near each other in %d frames (--people names others)",
            len(tracks), " and ".join(names), close,
        )  # fmt: skip
    first, second = names if first_is_left else names[::-1]
    return tracks[first], tracks[second]


def _joined(pieces: Sequence[Track]) -> Track:
    """One person's pieces as one track. Raises UserError where they overlap."""
    frames = np.concatenate([piece.frames for piece in pieces])
    order = np.argsort(frames)
    name = "+".join(piece.name for piece in pieces)
    if len(np.unique(frames)) != len(frames):
        raise UserError(f"--people: {name} are in one frame at once, so not one person")

    def together(field: str) -> Any:
        parts = [getattr(piece, field) for piece in pieces]
        return None if parts[0] is None else np.concatenate(parts)[order]

    axes = np.concatenate([np.broadcast_to(piece.axes, (len(piece.frames), 3, 3)) for piece in pieces])
    per_frame = ("confidence", "rotations", "trans", "keypoints", "keypoint_confidence")
    return dataclasses.replace(
        pieces[0], name=name, frames=frames[order], axes=axes[order], **{field: together(field) for field in per_frame}
    )


def _in_picture(track: Track, K: np.ndarray, *, world: bool) -> tuple[np.ndarray, np.ndarray]:
    """A track's frames [n], and in each the person's place and size [n, 3], in pixels; in metres of a world."""
    if track.trans is None:
        assert track.keypoints is not None and track.keypoint_confidence is not None
        seen = track.keypoint_confidence[..., None] > 0
        low = np.where(seen, track.keypoints, np.inf).min(axis=1)
        high = np.where(seen, track.keypoints, -np.inf).max(axis=1)
        place, size = (low + high) / 2, np.linalg.norm(high - low, axis=-1)
    elif world:
        place, size = track.trans[:, :2], np.full(len(track.trans), STATURE)
    else:
        place = track.trans[:, :2] / track.trans[:, 2:] * K[[0, 1], [0, 1]] + K[:2, 2]
        size = K[0, 0] * STATURE / np.maximum(track.trans[:, 2], 1e-3)
    return track.frames, np.column_stack([place, size])


def _together(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> tuple[int, int, bool]:
    """In how many frames two people are near each other, in how many both are, and whether the first is on the left."""
    _, own, other = np.intersect1d(a[0], b[0], return_indices=True)
    if len(own) == 0:
        return 0, 0, True
    x, y = a[1][own], b[1][other]
    return int(near(x, y).sum()), len(own), bool(np.median(x[:, 0] - y[:, 0]) <= 0)
