"""Made-up sequences: class, number and seed decide bodies, choreography, words, everything."""

import dataclasses
import re
import zlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.data.schema import PairSequence
from sm_jax.errors import UserError
from sm_jax.fitting.contact_ik.anchors import anchors
from sm_jax.fitting.contact_ik.solve import solve_contacts
from sm_jax.fitting.mocap.floor import contact_on_floor
from sm_jax.fitting.mocap.retarget import random_betas
from sm_jax.motion.frames import map_frames
from sm_jax.synthetic import direct
from sm_jax.synthetic.cast import measure, skin
from sm_jax.synthetic.classes import CLASSES
from sm_jax.synthetic.figure import perform
from sm_jax.synthetic.script import Script
from sm_jax.synthetic.verify import verified
from sm_jax.types import Contact, Motion

FPS = direct.FPS
_FRAMES = 256  # all sequences are performed with so many frames and then cut
_SHORTEST, _LONGEST = 64, 240  # frames
_SENTENCES = 6


def generate(body: smpl.Body, name: str, number: int, seed: int = 0) -> PairSequence:
    """Sample `number` of the class `name`. Raises UserError for a class that does not exist."""
    script, motion, chance = rehearse(body, name, number, seed)
    frames = length(script)
    contacts = verified(body, motion, intended(script))
    lead = int(chance.integers(2))
    motion, contacts = _as_people(_somewhere(motion, chance), contacts, lead)
    return PairSequence(
        name=f"{name}_{number}",
        source="synthetic",
        body=body.name,
        motion=map_frames(motion, lambda x: x[:, :frames]),
        fps=float(FPS),
        split=CLASSES[name].split,
        present=np.ones(2, bool),
        foot_contact=np.asarray(contact_on_floor(body, motion, float(FPS)))[:, :frames],
        contacts=contacts,
        texts=write_sentences(CLASSES[name].sentences, script.words, lead, _SENTENCES, chance),
    )


def rehearse(body: smpl.Body, name: str, number: int, seed: int) -> tuple[Script, Motion, np.random.Generator]:
    """A sample's script, its motion with role a as person 0, and the chance that is left for what follows.

    The motion goes on, still, after the script's end: all are equally long, so that they share compiled programs.
    """
    if name not in CLASSES:
        raise UserError(f"no class of interactions named {name}; there are {', '.join(CLASSES)}")
    chance = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    betas = np.asarray(random_betas(jax.random.key(int(chance.integers(2**31))), (2, body.shapedirs.shape[-1])))
    skins = skin(body, betas)
    people = measure(skins, 0), measure(skins, 1)
    script = CLASSES[name].script(people, chance)
    motion = jax.device_get(perform(body, jnp.asarray(betas), direct.tracks(script, people, skins, _FRAMES, chance)))
    if intended(script):  # arms that do not hold anything keep out of the other's body all the same
        motion = jax.device_get(solve_contacts(body, motion, anchors(body, motion, intended(script, held=True), FPS)))
    return script, motion, chance


def length(script: Script) -> int:
    """Frames of a script's sequence."""
    return int(np.clip(round(script.seconds * FPS), _SHORTEST, _LONGEST))


def intended(script: Script, held: bool = False) -> list[Contact]:
    """The contacts that a script means to make, or only those that inverse kinematics closes."""
    frames = length(script)
    return [direct.contact(touch, frames) for touch in direct.touches(script) if touch.held or not held]


def sequences(body: smpl.Body, per_class: int, seed: int = 0) -> Iterator[PairSequence]:
    """The samples 0 to per_class - 1 of every class."""
    for name in CLASSES:
        for number in range(per_class):
            yield generate(body, name, number, seed)


def count(per_class: int) -> int:
    """How many sequences `sequences` yields."""
    return per_class * len(CLASSES)


def _somewhere(motion: Motion, chance: np.random.Generator) -> Motion:
    """The motion turned about the vertical and moved over the floor by chance."""
    turn, shift = chance.uniform(-np.pi, np.pi), np.array([*chance.normal(0.0, 0.5, 2), 0.0])
    R = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    return dataclasses.replace(motion, global_orient=R @ motion.global_orient, pelvis=motion.pelvis @ R.T + shift)


def _as_people(motion: Motion, contacts: tuple[Contact, ...], lead: int) -> tuple[Motion, tuple[Contact, ...]]:
    """Role a becomes person `lead`."""
    step = 1 - 2 * lead
    motion = jax.tree.map(lambda x: np.asarray(x, np.float32)[::step], motion)
    return motion, tuple(dataclasses.replace(contact, person_a=lead) for contact in contacts)


# Sentences for what is done, in many phrasings. A template is a sentence with choices `[nods|bows|]`, which do not
# nest, people `{a}` and `{b}`, and words that the script gives. People are either numbered (`the first person`) or
# told apart in the order in which they come up (`one`, `the other`).


WORDS = 27  # words and punctuation marks; the text encoder reads 30 tokens
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_PERSON = re.compile(r"\{([ab])\}")
_NUMBERED = ("the first person", "the second person")
_ORDERED = (("one person", "the other"), ("one", "the other"), ("one of them", "the other person"))


def write_sentences(
    templates: tuple[str, ...], words: dict[str, str], lead: int, count: int, chance: np.random.Generator
):
    """`count` different sentences (fewer if there are fewer templates) with role a as person `lead`."""
    order = chance.permutation(len(templates))[:count]
    return tuple(dict.fromkeys(_sentence(templates[i], words, lead, chance) for i in order))


def sentence_length(sentence: str) -> int:
    """Words and punctuation marks of a sentence."""
    return len(re.findall(r"\w+|[^\w\s]", sentence))


def _sentence(template: str, words: dict[str, str], lead: int, chance: np.random.Generator) -> str:
    text = _CHOICE.sub(lambda match: str(chance.choice(match[1].split("|"))), template)
    names = dict(zip("ab", _NUMBERED if lead == 0 else _NUMBERED[::-1], strict=True))
    mentioned = _PERSON.findall(text)
    # "One and the other pull one of them up" nobody says.
    once = len(set(mentioned)) == len(mentioned) and "{a} and {b}" not in text
    if once and chance.random() < 0.5:
        names |= dict(zip(mentioned, _ORDERED[chance.integers(len(_ORDERED))], strict=False))
    text = re.sub(r"\s+([.,])", r"\1", re.sub(r"\s+", " ", text.format(**names, **words))).strip()
    return text[0].upper() + text[1:]
