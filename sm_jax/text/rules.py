"""The describer that is always there: the facts of two skeletons, written as a short true sentence."""

import random
import re

from sm_jax.text.describer import Scene
from sm_jax.text.facts import EMBRACE, Facts, observe
from sm_jax.text.touch import find_contacts
from sm_jax.types import Description

WORDS = 27  # words and punctuation marks; the text encoder reads 30 tokens

_PEOPLE = ("Two people", "Two persons", "A pair of people")
_FACING = {
    "": ("are together",),
    "face to face": ("face each other", "stand face to face", "are turned towards each other"),
    "back to back": ("stand back to back", "turn their backs on each other"),
    "one behind": ("are one behind the other", "stand with one behind the other"),
    "side by side": ("stand side by side", "are next to each other"),
    "at an angle": ("stand at an angle to each other", "stand half turned to each other"),
}
_DISTANCE = {
    "very close": ("very close", "in close contact range"),
    "close": ("close together", "within reach"),
    "near": ("a step apart", "some distance apart"),
    "apart": ("far apart", "well apart"),
}
_MOVEMENT = {
    "approach": ("coming closer", "moving towards each other"),
    "part": ("moving apart", "stepping away from each other"),
    "circle": ("turning around each other", "circling each other"),
    "turn": ("turning around", "spinning"),
    "move": ("stepping around", "moving through the room"),
    "still": ("staying in place", "hardly moving"),
}
_POSTURE = {
    "lie": ("lying down", "on the ground"),
    "sit": ("sitting", "seated"),
    "bend": ("bending over", "leaning far over"),
    "raise arms": ("with raised arms", "with a hand above the head"),
}
_TOUCH = {
    (EMBRACE, EMBRACE): ("holding each other in their arms", "embracing", "with arms around each other"),
    ("hand", "hand"): ("holding hands", "hand in hand", "with their hands joined"),
}
_NAMES = {"upper_arm": "upper arm", "belly": "stomach"}


def describe(scene: Scene, seed: int | None = None) -> Description:
    """A sentence that fits the text encoder, and the contacts that the estimate shows. A `Describer`.

    The wording varies with `seed`; without one it follows from the facts, so the same clip always gets the same words.
    Swapping the people changes neither facts nor words.
    """
    contacts = find_contacts(scene)
    facts = observe(scene, contacts)
    return Description(
        text=write(facts, random.Random(repr(facts) if seed is None else seed)), contacts=contacts, source="rules"
    )


def write(facts: Facts, chance: random.Random) -> str:
    """Facts in words, the most telling first, as many as fit in WORDS."""
    opening = f"{chance.choice(_PEOPLE)} {chance.choice(_FACING[facts.facing])}"
    if facts.distance:
        opening = f"{opening} {chance.choice(_DISTANCE[facts.distance])}"
    clauses = [_touch(pair, chance) for pair in facts.touches[:3]]
    if facts.movement:
        clauses.insert(1, chance.choice(_MOVEMENT[facts.movement]))
    clauses[2:2] = [f"{'both' if n == 2 else 'one'} {chance.choice(_POSTURE[name])}" for name, n in facts.postures]
    sentence = opening
    for clause in clauses:
        longer = f"{sentence}, {clause}"
        if len(re.findall(r"\w+|[^\w\s]", longer)) < WORDS:
            sentence = longer
    return f"{sentence}."


def _touch(pair: tuple[str, str], chance: random.Random) -> str:
    if pair in _TOUCH:
        return chance.choice(_TOUCH[pair])
    actor, touched = (_NAMES.get(region, region) for region in pair)
    if actor == "hand":
        return chance.choice((f"a hand on the other's {touched}", f"one touching the other's {touched}"))
    if pair[0] in ("forearm", "upper_arm") and touched in ("back", "waist", "shoulder", "neck"):
        return chance.choice((f"an arm around the other's {touched}", f"one holding the other's {touched}"))
    return f"{actor} against {touched}"
