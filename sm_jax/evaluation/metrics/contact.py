"""Who touches whom where: distances between body regions, and the scores of the contacts that follow from them."""

from typing import NamedTuple

import numpy as np

from sm_jax.types import Array


class ContactScores(NamedTuple):
    """precision, recall and f1 in [0, 1] (nan where undefined), and how many contacts there are to find."""

    precision: float
    recall: float
    f1: float
    true_contacts: int


def region_distances(surface: Array, region: Array, regions: int) -> np.ndarray:
    """Smallest distance between every region of person 0 and every region of person 1, metres: [T, R, R].

    surface: [2, T, S, 3] surface points; region: [S] their region's number below `regions`. A region without points
    is infinitely far. Distances are between samples of the surface, so they err by up to the sampling's spacing.
    """
    order = np.argsort(region, kind="stable")
    present, starts = np.unique(np.asarray(region)[order], return_index=True)
    first, second = np.asarray(surface, np.float64)[:, :, order]
    distances = np.full((first.shape[0], regions, regions), np.inf)
    for frame, (a, b) in enumerate(zip(first, second, strict=True)):  # all frames at once would take gigabytes
        nearest = np.linalg.norm(a[:, None] - b[None], axis=-1)
        nearest = np.minimum.reduceat(np.minimum.reduceat(nearest, starts, axis=0), starts, axis=1)
        distances[frame][np.ix_(present, present)] = nearest
    return distances


def contact_scores(predicted: Array, truth: Array, radius: float = 0.05) -> ContactScores:
    """Precision, recall and F1 of `distance < radius`, over all frames and pairs. predicted, truth: [T, R, R] metres.

    BUDDI's contact F-score, with contacts taken from the distances. F1 is nan where neither side has a contact.
    """
    found, there = np.asarray(predicted) < radius, np.asarray(truth) < radius
    hits, claims, contacts = int((found & there).sum()), int(found.sum()), int(there.sum())
    return ContactScores(
        precision=hits / claims if claims else float("nan"),
        recall=hits / contacts if contacts else float("nan"),
        f1=2 * hits / (claims + contacts) if claims + contacts else float("nan"),
        true_contacts=contacts,
    )


def pcc(predicted: Array, contacts: Array, radius: float) -> float:
    """Percentage of correct contacts: share of the annotated pairs that come nearer than `radius` metres, in [0, 1].

    predicted: [T, R, R] distances; contacts: [T, R, R] bool annotation (BUDDI, FlickrCI3D). nan without contacts.
    """
    chosen = np.asarray(predicted)[np.asarray(contacts, bool)]
    return float((chosen < radius).mean()) if chosen.size else float("nan")
