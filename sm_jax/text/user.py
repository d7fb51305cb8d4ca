"""The describer that a person is: a sentence, whose contacts are placed in time by looking at the estimate."""

import numpy as np

from sm_jax.errors import UserError
from sm_jax.text.contacts import region_mask
from sm_jax.text.describer import Describer, Scene
from sm_jax.text.phrases import Touch, touches
from sm_jax.text.regions import region_distances
from sm_jax.text.touch import spans
from sm_jax.types import Contact, Description

# A contact that lasts holds in the frames this much farther apart than the nearest ones (metres): the estimate's
# distance is wrong by a constant more than by what changes.
_SLACK = 0.15
_MOMENT = 0.1  # seconds on each side of a brief contact
_GAP, _SHORTEST = 0.5, 0.1


def say(text: str) -> Describer:
    """A describer that says this sentence of any scene. Raises UserError for an empty one."""
    if not text.strip():
        raise UserError("the text is empty; say what the two people do, or leave it out and rules will")

    def describe(scene: Scene) -> Description:
        spoken = touches(text)
        distance = region_distances(scene.joints) if spoken else np.zeros((0, 0, 0))
        contacts = tuple(contact for touch in spoken for contact in _place(touch, distance, scene.fps))
        return Description(text=text.strip(), contacts=contacts, source="text")

    return describe


def _place(touch: Touch, distance: np.ndarray, fps: float) -> list[Contact]:
    """Who and when: the order of the people that comes nearer, and the frames in which it does."""
    mask_a, mask_b = region_mask(touch.region_a, touch.side_a) > 0, region_mask(touch.region_b, touch.side_b) > 0
    # least distance over the regions meant, if person 0 has region_a and if person 1 has it
    ways = [distance[:, mask_a][:, :, mask_b].min((1, 2)), distance[:, mask_b][:, :, mask_a].min((1, 2))]
    same = touch.region_a == touch.region_b and touch.side_a == touch.side_b
    people = {"person 0": (0,), "person 1": (1,), "each": (0,) if same else (0, 1)}.get(
        touch.order, (int(ways[1].min() < ways[0].min()),)
    )
    return [
        Contact(
            region_a=touch.region_a,
            region_b=touch.region_b,
            side_a=touch.side_a,
            side_b=touch.side_b,
            person_a=person,
            start=start,
            end=end,
            confidence=touch.confidence,
        )
        for person in people
        for start, end in _when(ways[person], fps, brief=touch.brief)
    ]


def _when(distance: np.ndarray, fps: float, *, brief: bool) -> list[tuple[int, int]]:
    nearest = int(distance.argmin())
    if brief:
        around = round(_MOMENT * fps)
        return [(max(nearest - around, 0), min(nearest + around + 1, len(distance)))]
    near = distance < distance[nearest] + _SLACK
    return spans(near, fps, _GAP, _SHORTEST) or [(nearest, nearest + 1)]
