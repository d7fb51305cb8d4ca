"""Real clips as tasks of the sampler: those of the rendered benchmark, with every contact that their estimates show."""

import jax
import jax.numpy as jnp

from sm_jax.benchmark.sets import BENCHMARKS
from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.motion.conditions import TextEmbedding
from sm_jax.scene import scene_of
from sm_jax.tasks import Task, make_task
from sm_jax.text.contacts import contact_targets
from sm_jax.text.touch import find_contacts
from sm_jax.types import Observation

_TOKENS = 0.05 * jax.random.normal(jax.random.key(0), (32, 384))
TEXT = TextEmbedding(tokens=_TOKENS, mask=jnp.ones(32), pooled=_TOKENS.mean(axis=0))


def observations() -> tuple[list[Observation], smpl.Body]:
    """What the front-end made of the clips, all of one length, and the body."""
    cases = BENCHMARKS["rendered"]()
    return [case.observation for case in cases if case.observation is not None], load_body(cases[0].body)


def tasks(count: int) -> tuple[list[Task], smpl.Body, int]:
    """The first so many clips, their body and the frames of each. The text is noise: its encoder is a download, and
    what it says costs no time in the networks."""
    observed, body = observations()
    frames, found = observed[0].visibility.shape[1], []
    for number, seen in enumerate(observed[:count]):
        contacts = contact_targets(find_contacts(scene_of(seen, body)), frames)
        found.append(make_task(seen, contacts, TEXT, jax.random.key(number)))
    return found, body, frames
