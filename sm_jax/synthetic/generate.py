"""Made-up sequences: class, number and seed decide bodies, choreography, words, everything."""

import dataclasses
import zlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.data.schema import PairSequence
from sm_jax.errors import UserError
from sm_jax.fitting.anchors import anchors
from sm_jax.fitting.floor import contact_on_floor
from sm_jax.fitting.hold import hold
from sm_jax.fitting.retarget import random_betas
from sm_jax.motion.frames import map_frames
from sm_jax.synthetic import direct, grammar
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
        texts=grammar.write(CLASSES[name].sentences, script.words, lead, _SENTENCES, chance),
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
        motion = jax.device_get(hold(body, motion, anchors(body, motion, intended(script, held=True), FPS)))
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
