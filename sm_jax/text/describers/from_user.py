"""The describer that a person is: a sentence, whose contacts are placed in time by looking at the estimate, or a JSON
file."""

import json
import os
import pathlib
import re

import numpy as np

from sm_jax.errors import UserError
from sm_jax.text.clip_frames import ClipFrames
from sm_jax.text.contacts import region_mask
from sm_jax.text.describers.describer import Describer, DescriberInput
from sm_jax.text.description_json import MOST_FILE_CHARACTERS, BadReply, read_file
from sm_jax.text.regions import region_distances
from sm_jax.text.rules.contacts import spans
from sm_jax.text.rules.phrases import PhraseContact, parse_contacts
from sm_jax.types import Contact, Description

# A contact that lasts holds in the frames this much farther apart than the nearest ones (metres): the estimate's
# distance is wrong by a constant more than by what changes.
_SLACK = 0.15
_MOMENT = 0.1  # seconds on each side of a brief contact
_GAP, _SHORTEST = 0.5, 0.1
_BEGINNING = 0.5  # seconds at the start of a clip that say who is on the left
_NUMBER = re.compile(r"\b(?:person|dancer)\s+#?(\d+|two)\b", re.I)


def describe_text(text: str | os.PathLike[str]) -> Describer:
    """A describer that says a sentence, or what a file says, where a path or a name that ends in .json is given.
    Raises UserError for an empty sentence and for a file that cannot be read."""
    if isinstance(text, str) and not text.strip().endswith(".json"):
        return describe_sentence(text)
    return from_file(pathlib.Path(text))


def describe_sentence(text: str) -> Describer:
    """A describer that says this sentence of any scene. Raises UserError for an empty one, and for one that speaks of
    a person 2, since people are 0 and 1."""
    if not text.strip():
        raise UserError("the text is empty; say what the two people do, or leave it out and rules will")
    if others := [number for number in _NUMBER.findall(text) if number not in ("0", "1")]:
        raise UserError(f"the text speaks of person {others[0]}: people are 0 and 1, as the overlay numbers them")

    def describe(scene: DescriberInput) -> Description:
        spoken = parse_contacts(text)
        on_left = left_one(scene)
        distance = region_distances(scene.joints) if spoken else np.zeros((0, 0, 0))
        contacts = tuple(contact for touch in spoken for contact in _place(touch, distance, scene.fps, on_left))
        return Description(text=text.strip(), contacts=contacts, source="text")

    return describe


def from_file(path: pathlib.Path) -> Describer:
    """A describer that says what a JSON file says (`text.description_json`), or the summary.json of a result. Raises
    UserError, with line and column, for a file that is none, and the describer for one whose spans do not fit its
    scene."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            written = file.read(MOST_FILE_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {getattr(error, 'strerror', None) or 'not a text file'}; name a JSON file") from error

    def read(frames: ClipFrames | None) -> Description:
        try:
            description, faults = read_file(written, frames)
        except BadReply as error:
            raise UserError(f"{path}: {_place_of_syntax(written)}{error}; see docs/describing.md") from error
        if faults:
            place = _place_of_item(written, faults[0])
            raise UserError(f"{path}: {place}{'; '.join(faults[:3])}; see docs/describing.md")
        return description

    read(None)  # what is wrong with the file alone is wrong before anything slow
    return lambda scene: read(scene.frames)


def _place_of_syntax(written: str) -> str:
    """Where a text stops being JSON, to stand before what is wrong with it; empty where it is JSON."""
    try:
        json.loads(written)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}: "
    except (ValueError, RecursionError):
        pass
    return ""


def _place_of_item(written: str, fault: str) -> str:
    """Where the item begins of which a fault speaks (`contacts[2]: …`), to stand before it; empty if not found."""
    named = re.match(r"(\w+)\[(\d+)\]", fault)
    opened = named and re.search(rf'"{named[1]}"\s*:\s*\[\s*', written)
    if not (named and opened):
        return ""
    decoder, at = json.JSONDecoder(strict=False), opened.end()
    try:
        for _ in range(int(named[2])):
            _, end = decoder.raw_decode(written, at)
            at = end + len(written[end:]) - len(written[end:].lstrip(" \t\r\n,"))
    except (ValueError, RecursionError):
        return ""
    line_start = written.rfind("\n", 0, at) + 1
    return f"line {written.count(chr(10), 0, at) + 1}, column {at - line_start + 1}: "


def left_one(scene: DescriberInput) -> int | None:
    """Who is on the left of the picture: for most of the clip, else at first, if they change places. None without a
    camera."""
    if scene.pixels is None:
        return None
    column = scene.pixels[..., 0].mean(axis=-1)  # [P, T]
    share = float((column[0] < column[1]).mean())
    if 1 / 3 < share < 2 / 3:
        beginning = max(round(_BEGINNING * scene.fps), 1)
        share = float((column[0] < column[1])[:beginning].mean())
    return 0 if share >= 0.5 else 1


def _place(touch: PhraseContact, distance: np.ndarray, fps: float, on_left: int | None) -> list[Contact]:
    """Who and when: where words leave the order of the people open, the one that comes nearer; the frames in which it
    does."""
    mask_a, mask_b = region_mask(touch.region_a, touch.side_a) > 0, region_mask(touch.region_b, touch.side_b) > 0
    # least distance over the regions meant, if person 0 has region_a and if person 1 has it
    ways = [distance[:, mask_a][:, :, mask_b].min((1, 2)), distance[:, mask_b][:, :, mask_a].min((1, 2))]
    same = touch.region_a == touch.region_b and touch.side_a == touch.side_b
    people = {"person 0": (0,), "person 1": (1,), "each": (0,) if same else (0, 1)}
    if on_left is not None:
        people |= {"left": (on_left,), "right": (1 - on_left,)}
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
        for person in people.get(touch.order, (int(ways[1].min() < ways[0].min()),))
        for start, end in _when(ways[person], fps, brief=touch.brief)
    ]


def _when(distance: np.ndarray, fps: float, *, brief: bool) -> list[tuple[int, int]]:
    nearest = int(distance.argmin())
    if brief:
        around = round(_MOMENT * fps)
        return [(max(nearest - around, 0), min(nearest + around + 1, len(distance)))]
    near = distance < distance[nearest] + _SLACK
    return spans(near, fps, _GAP, _SHORTEST) or [(nearest, nearest + 1)]
