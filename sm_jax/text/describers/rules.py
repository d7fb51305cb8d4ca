"""The describer that is always there: the facts of two skeletons, written as a short true sentence."""

import random
import re

from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.rules.contacts import find_contacts
from sm_jax.text.rules.facts import Facts, observe
from sm_jax.types import Description

# Contacts less sure than this guide nobody: where bodies hide each other, an estimate's depth makes up more contacts
# than it finds, and following them costs more than it gains.
SURE = 0.5
WORDS = 27  # words and punctuation marks; the text encoder reads 30 tokens

_PEOPLE = ("Two people", "Two persons", "A pair of people")
FACING = {
    "": ("are together",),
    "face to face": ("face each other", "stand face to face", "are turned towards each other"),
    "back to back": ("stand back to back", "turn their backs on each other"),
    "one behind": ("are one behind the other", "stand with one behind the other"),
    "side by side": ("stand side by side", "are next to each other"),
    "same way": ("face the same way", "look in the same direction"),
    "at an angle": ("stand at an angle to each other", "are half turned to each other"),
}
DISTANCE = {
    "close": ("close together", "within reach", "at close range"),
    "apart": ("far apart", "well apart"),
}
MOVEMENT = {
    "approach": ("coming closer", "getting nearer to each other"),
    "part": ("moving apart", "getting farther from each other"),
    "circle": ("turning around each other", "circling each other"),
    "turn": ("one turning around", "one spinning"),
    "move": ("stepping around", "moving through the room"),
    "still": ("staying in place", "hardly moving from the spot"),
}
POSTURE = {
    "lie": ("lying down", "on the ground"),
    "sit": ("sitting", "seated"),
    "bend": ("bending over", "leaning far over"),
    "raise arms": ("with raised arms", "with a hand above the head"),
}
TOUCH = {
    "embrace": ("holding each other in their arms", "embracing", "with arms around each other"),
    "hold hands": ("holding hands", "hand in hand", "with their hands joined"),
    "hands": ("their hands touching", "touching hands"),
    "hand on arm": ("a hand on the other's arm", "one touching the other's arm"),
    "hand on body": ("a hand on the other's body", "one touching the other's body"),
    "arm on body": ("an arm against the other's body", "one with an arm against the other"),
    "arms": ("their arms touching", "arm against arm"),
}


def describe(scene: DescriberInput, seed: int | None = None) -> Description:
    """A sentence that fits the text encoder, and the contacts that the estimate surely shows. A `Describer`.

    The wording varies with `seed`; without one it follows from the facts, so the same clip always gets the same words.
    Swapping the people changes neither facts nor words.
    """
    contacts = find_contacts(scene)
    facts = observe(scene, contacts)
    return Description(
        text=write(facts, random.Random(repr(facts) if seed is None else seed)),
        contacts=tuple(contact for contact in contacts if contact.confidence >= SURE),
        source="rules",
    )


def write(facts: Facts, chance: random.Random) -> str:
    """Facts in words, the most telling first, as many as fit in WORDS."""
    low = {"lie", "sit"} & {name for name, _ in facts.postures}
    ways = [way for way in FACING[facts.facing] if not (low and way.startswith("stand"))]
    opening = f"{chance.choice(_PEOPLE)} {chance.choice(ways)}"
    if facts.distance:
        opening = f"{opening.removesuffix(' together')} {chance.choice(DISTANCE[facts.distance])}"
    clauses = [chance.choice(TOUCH[name]) for name in facts.touches[:3]]
    if facts.movement:
        clauses.insert(1, chance.choice(MOVEMENT[facts.movement]))
    clauses[2:2] = [f"{'both' if n == 2 else 'one'} {chance.choice(POSTURE[name])}" for name, n in facts.postures]
    sentence = opening
    for clause in clauses:
        longer = f"{sentence}, {clause}"
        if len(re.findall(r"\w+|[^\w\s]", longer)) < WORDS:
            sentence = longer
    return f"{sentence}."
