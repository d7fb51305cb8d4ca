"""How many programs do many different clips need?"""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax import sampling
from sm_jax.body import smpl
from sm_jax.body.skeleton import REGIONS
from sm_jax.motion import windows
from sm_jax.motion.conditions import TextEmbedding
from sm_jax.pipeline import Request, reconstruct_many
from sm_jax.sampling import Models, Settings
from sm_jax.tasks import cut
from sm_jax.text.contacts import contact_targets
from sm_jax.types import Contact, Observation

CLIPS, SHORTEST = 50, 20  # frames


def count(seen: Sequence[Observation], models: Models, body: smpl.Body, settings: Settings, seed: int) -> dict:
    """Programs compiled while clips of random lengths, texts, contacts and shapes of the people are reconstructed."""
    random = np.random.default_rng(seed)
    requests = [_request(seen[n % len(seen)], random, n) for n in range(CLIPS)]
    lengths = [request.observation.visibility.shape[1] for request in requests]
    before = _compiled()
    reconstruct_many(requests, models, body, settings)
    return {
        "programs": _compiled() - before,
        "clips": CLIPS,
        "different_lengths": len(set(lengths)),
        "buckets": sorted({windows.count(frames) for frames in lengths}),
    }


def _request(seen: Observation, random: np.random.Generator, number: int) -> Request:
    """The beginning of an observation, of people of other shapes, with another text and other contacts."""
    frames = int(random.integers(SHORTEST, seen.visibility.shape[1], endpoint=True))
    betas = random.normal(size=seen.motion.betas.shape).astype(np.float32)
    pairs = random.choice(REGIONS, size=(int(random.integers(4)), 2)).tolist()
    text = TextEmbedding(
        tokens=jnp.asarray(random.normal(size=(32, 384)), jnp.float32),
        mask=jnp.asarray(np.arange(32) < random.integers(33), jnp.float32),
        pooled=jnp.asarray(random.normal(size=384), jnp.float32),
    )
    return Request(
        observation=cut(dataclasses.replace(seen, motion=dataclasses.replace(seen.motion, betas=betas)), slice(frames)),
        text=text,
        contacts=contact_targets([Contact(region_a=a, region_b=b, end=frames) for a, b in pairs], frames),
        key=jax.random.key(number),
    )


def _compiled() -> int:
    return sampling.compiled._cache_size()  # pyright: ignore[reportAttributeAccessIssue]
