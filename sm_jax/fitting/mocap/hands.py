"""Hands that hold each other, in motion whose hands do not quite meet: found by their distance over time.

Retargeted motion capture leaves a gap of decimetres between hands that held each other. A hold shows as a small gap
that lasts and moves little.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from sm_jax.body.skeleton import JOINTS
from sm_jax.types import Array, Contact, Side

TOUCH = 0.12  # metres: knuckles nearer than this count as a contact

_SIDES: tuple[Side, Side] = ("left", "right")
_HANDS = tuple(JOINTS.index(f"{side}_hand") for side in _SIDES)
_NEAR, _FAR = 0.22, 0.38  # metres: a hold comes as near as the first and never leaves the second
_SPEED = 1.5  # m/s between two hands that hold each other, at most
_SHORTEST, _REST = 0.4, 0.5  # seconds: of a hold, and between one and the same hand's next


def find_holds(joints: Array, fps: float) -> tuple[Contact, ...]:
    """Which hands hold each other and when: joints [P, T, 24, 3] of two people, person 0's hand first.

    A hand holds one hand at a time: of overlapping candidates the nearer pair wins.
    """
    offset = np.asarray(joints)[0][:, _HANDS, None] - np.asarray(joints)[1][:, None, _HANDS]
    gap = np.linalg.norm(gaussian_filter1d(offset, 0.05 * fps, axis=0), axis=-1)
    speed = np.linalg.norm(np.gradient(gaussian_filter1d(offset, 0.1 * fps, axis=0), axis=0), axis=-1) * fps
    candidates = []
    for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for span in _runs((gap[:, a, b] < _FAR) & (speed[:, a, b] < _SPEED)):
            if span.stop - span.start >= _SHORTEST * fps and gap[span, a, b].min() < _NEAR:
                candidates.append((gap[span, a, b].mean(), span, a, b))
    held, rest = np.zeros((len(gap), 2, 2), bool), round(_REST * fps)
    for _, span, a, b in sorted(candidates, key=lambda c: c[0]):
        around = slice(max(0, span.start - rest), span.stop + rest)
        if not held[around, a, 1 - b].any() and not held[around, 1 - a, b].any():
            held[span, a, b] = True
    return _contacts(held)


def touching(holds: tuple[Contact, ...], joints: Array) -> tuple[Contact, ...]:
    """The parts of holds in which the hands' knuckles really are together in joints [P, T, 24, 3]."""
    return _contacts(held_frames(holds, np.asarray(joints).shape[1]) & (hand_gaps(joints) < TOUCH))


def held_frames(holds: tuple[Contact, ...], n_frames: int) -> np.ndarray:
    """Holds as [T, 2, 2] bool: hand of person 0, left or right, against hand of person 1. Other contacts are none."""
    held = np.zeros((n_frames, 2, 2), bool)
    for contact in holds:
        if contact.region_a == contact.region_b == "hand" and contact.side_a and contact.side_b:
            pair = _SIDES.index(contact.side_a), _SIDES.index(contact.side_b)
            held[(slice(contact.start, contact.end), *(pair if contact.person_a == 0 else pair[::-1]))] = True
    return held


def hand_gaps(joints: Array) -> np.ndarray:
    """Distance [T, 2, 2] in metres between the hands (knuckles) of person 0 and of person 1: joints [P, T, 24, 3]."""
    joints = np.asarray(joints)
    return np.linalg.norm(joints[0][:, _HANDS, None] - joints[1][:, None, _HANDS], axis=-1)


def _contacts(held: np.ndarray) -> tuple[Contact, ...]:
    return tuple(
        Contact(region_a="hand", side_a=_SIDES[a], region_b="hand", side_b=_SIDES[b], start=span.start, end=span.stop)
        for a, b in ((0, 0), (0, 1), (1, 0), (1, 1))
        for span in _runs(held[:, a, b])
    )


def _runs(active: np.ndarray) -> list[slice]:
    edges = np.flatnonzero(np.diff(np.pad(active, 1).astype(np.int8)))
    return [slice(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
