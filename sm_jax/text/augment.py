"""The sentence that is true of a motion's mirror image, or of the same motion with the people in the other order."""

import re

_SIDES = {"left": "right", "right": "left", "clockwise": "counterclockwise", "counterclockwise": "clockwise"}
_SIDE = re.compile(rf"\b({'|'.join(_SIDES)})(?=\b|handed)", re.IGNORECASE)
_ORDER = {"first": "second", "second": "first", "1": "2", "2": "1", "one": "two", "two": "one", "a": "b", "b": "a"}
_PERSON = re.compile(
    r"\b(?:(?P<ordinal>first|second)(?= (?:person|one|dancer|fighter)\b)"
    r"|(?<=person )(?P<number>1|2|one|two|a|b)\b|(?<=dancer )(?P<dancer>1|2|one|two|a|b)\b)",
    re.IGNORECASE,
)


def mirrored(text: str) -> str:
    """Left and right exchanged, and the direction of turns."""
    return _SIDE.sub(lambda match: _like(match.group(), _SIDES[match.group().lower()]), text)


def exchanged(text: str) -> str:
    """The first person and the second exchanged ("person 1", "dancer B" too)."""
    return _PERSON.sub(lambda match: _like(match.group(), _ORDER[match.group().lower()]), text)


def _like(model: str, word: str) -> str:
    """The word, with a capital if the model has one."""
    return word.capitalize() if model[0].isupper() else word
