"""Batches of true windows with a sentence each, from pair sequences."""

import random
from collections.abc import Sequence

import numpy as np

from sm_jax.body import smpl
from sm_jax.data.loader import WindowLoader
from sm_jax.data.schema import PairSequence
from sm_jax.motion.conditions import TextEmbedding
from sm_jax.text.describer import Scene
from sm_jax.text.encoder import TextEncoder
from sm_jax.text.facts import observe
from sm_jax.text.rules import write
from sm_jax.text.touch import find_contacts
from sm_jax.train.examples import Windows

STRIDE = 48  # frames between the windows that are described


class DescribedWindows:
    """Windows of `length` frames, drawn at random, each with one of the sentences that describe it.

    Called with the number of a batch it returns the batch; it has no other state, so a restart continues exactly.
    The sentences are the rule describer's, about the nearest described window, in two wordings, and the sequence's own.
    A part `dropout` of the windows has no text.
    """

    def __init__(
        self,
        sequences: Sequence[PairSequence],
        length: int,
        batch: int,
        seed: int,
        body: smpl.Body,
        encoder: TextEncoder,
        dropout: float,
    ):
        self._loader = WindowLoader(sequences, length, batch, seed)
        self._batch, self._seed, self._dropout = batch, seed, dropout
        sentences, self._choices = _sentences(sequences, length, body)
        known = sorted(set(np.concatenate(sentences).tolist()))
        self._text = TextEmbedding(**dict(zip(("tokens", "mask", "pooled"), encoder.encode(known), strict=True)))
        self._number = np.array([[known.index(text) for text in texts] for texts in sentences])

    def __call__(self, position: int) -> Windows:
        """Batch number `position`."""
        chance = np.random.default_rng((self._seed, position))
        window = chance.integers(len(self._loader), size=self._batch)
        wording = chance.integers(self._number.shape[1], size=self._batch)
        number = self._number[self._choices[window], wording]
        told = (chance.random(self._batch) >= self._dropout).astype(np.float32)
        return Windows(
            motion=self._loader.windows(window),
            text=TextEmbedding(
                tokens=self._text.tokens[number] * told[:, None, None],
                mask=self._text.mask[number] * told[:, None],
                pooled=self._text.pooled[number] * told[:, None],
            ),
            number=(position * self._batch + np.arange(self._batch)).astype(np.int32),
        )


def _sentences(sequences: Sequence[PairSequence], length: int, body: smpl.Body) -> tuple[list[list[str]], np.ndarray]:
    """Sentences of every described window [N][3], and for each window of the loader the number of the nearest one."""
    sentences, choices = [], []
    for sequence in sequences:
        starts = sequence.motion.pelvis.shape[1] - length + 1
        if starts <= 0:
            continue  # too short for the loader too
        joints = np.asarray(smpl.pose(body, sequence.motion).joints)
        choices.append(len(sentences) + np.minimum((np.arange(starts) + STRIDE // 2) // STRIDE, (starts - 1) // STRIDE))
        for start in range(0, starts, STRIDE):
            cut = joints[:, start : start + length]
            scene = Scene(joints=cut, visibility=np.ones(cut.shape[:3]), fps=sequence.fps)
            facts = observe(scene, find_contacts(scene))
            sentences.append([write(facts, random.Random(seed)) for seed in (0, 1)] + [sequence.text])
    return sentences, np.concatenate(choices)
