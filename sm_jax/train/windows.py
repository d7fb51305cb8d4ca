"""Batches of true windows, each with a sentence and its contacts, from sets of pair sequences."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from sm_jax.body import smpl
from sm_jax.data import loader
from sm_jax.data.codec import Record
from sm_jax.data.loader import Window, WindowLoader
from sm_jax.text.contacts import CAPACITY
from sm_jax.text.encoder import TextEncoder
from sm_jax.train.examples import RawBatch
from sm_jax.train.sentences import STRIDE, Table, label
from sm_jax.types import ContactTargets, TextEmbedding

_TORN = 0.25  # share of the placed windows of two people whose people are their own


class DescribedWindows:
    """Windows of `length` frames, drawn at random, each with one of the sentences that describe it.

    Called with the number of a batch it returns this process' part of the batch; it has no other state, so a restart
    continues exactly. The sentences are those of `sentences.label`. A part `dropout` of the windows has no text, and a
    part `wrong` of the others one that describes another window. Whether a window is mirrored or its people exchanged
    is drawn here, since the sentence must agree.

    In a part `placed` of the windows the second person comes from another window, or is the first one's own partner
    torn off; nothing is said of them, nothing touches, and a part `mixed` of those is also to get poses that nobody
    recorded. A single person is paired there, and alone in the other windows.
    """

    def __init__(
        self,
        sets: Sequence[tuple[Sequence[Record], float]],
        length: int,
        batch: int,
        seed: int,
        body: smpl.Body,
        encoder: TextEncoder,
        dropout: float,
        wrong: float = 0.0,
        process: int = 0,
        processes: int = 1,
        *,
        placed: float = 0.0,
        mixed: float = 0.0,
    ):
        self._placed, self._mixed = placed, mixed
        self._loader = WindowLoader(sets, length, batch, seed, process, processes)
        self._records = [records for records, _ in sets]
        self._length, self._seed, self._dropout, self._wrong = length, seed, dropout, wrong
        table = Table()
        self._labels = [
            [
                label(record, length, body, table)
                for record in tqdm(records, desc="describing", unit="sequence", disable=None)
            ]
            for records in self._records
        ]
        self._text = encoder.encode(table.texts)

    def __call__(self, position: int) -> RawBatch:
        """This process' part of batch number `position`."""
        numbers = self._loader.numbers(position)
        drawn = zip(numbers, self._loader.windows(position), self._loader.partners(position), strict=True)
        rows = [self._row(number, window) | self._pairing(number, window, partner) for number, window, partner in drawn]
        columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
        sentence, has_text = columns.pop("sentence"), columns.pop("has_text").astype(np.float32)
        contacts = ContactTargets(**{name: columns.pop(name) for name in ("mask_a", "mask_b", "weight")})
        return RawBatch(
            text=TextEmbedding(
                tokens=self._text.tokens[sentence] * has_text[:, None, None],
                mask=self._text.mask[sentence] * has_text[:, None],
                pooled=self._text.pooled[sentence] * has_text[:, None],
            ),
            contacts=contacts,
            number=numbers.astype(np.int32),
            **columns,
        )

    def ahead(self, position: int) -> Iterator[RawBatch]:
        """The batches from `position` on, made in another thread before they are asked for."""
        return loader.ahead(self, position)

    def _row(self, number: int, window: Window) -> dict[str, Any]:
        """One window's arrays, `sentence` (its number) and `has_text`."""
        chance = np.random.default_rng((self._seed, number))
        labels = self._labels[window.set][window.record]
        span = slice(window.start, window.start + self._length)
        flips = chance.integers(2, size=2)
        nearest = min((window.start + STRIDE // 2) // STRIDE, len(labels.sentences) - 1)
        sentences = labels.sentences[nearest]
        sentence = sentences[chance.integers(len(sentences)), flips[0], flips[1]]
        has_text = chance.random() >= self._dropout
        if chance.random() < self._wrong:
            sentence = chance.integers(len(self._text.pooled))
        weight = labels.contacts.weight[:, span]
        kept = np.argsort(-weight.sum(axis=1), kind="stable")[:CAPACITY]
        return {
            **self._people(window),
            "mask_a": labels.contacts.mask_a[kept],
            "mask_b": labels.contacts.mask_b[kept],
            "weight": weight[kept],
            "mirrored": flips[0] > 0,
            "exchanged": flips[1] > 0,
            "sentence": sentence,
            "has_text": has_text,
        }

    def _people(self, window: Window) -> dict[str, np.ndarray]:
        """The motion of both people of a window, and who of them is there."""
        record, span = self._records[window.set][window.record], slice(window.start, window.start + self._length)
        return {
            "rotations": record["rotations"][span].swapaxes(0, 1),
            "pelvis": record["pelvis"][span].swapaxes(0, 1),
            "betas": record["betas"].swapaxes(0, 1),
            "present": record["present"].astype(np.float32),
        }

    def _pairing(self, number: int, window: Window, partner: Window) -> dict[str, Any]:
        """Whether a window's people are placed anew and mixed; if so, the arrays that change."""
        chance = np.random.default_rng((self._seed, number, 1))
        placed, mixed, torn = chance.random(3) < (self._placed, self._mixed, _TORN)
        if not placed:
            return {"placed": False, "mixed": False}
        own, other = self._people(window), self._people(partner)
        if torn and own["present"].all():
            pair = own
        else:
            people = [(one, chance.choice(np.flatnonzero(one["present"]))) for one in (own, other)]
            pair = {name: np.stack([one[name][person] for one, person in people]) for name in own}
        nothing = np.zeros((CAPACITY, self._length), np.float32)
        return pair | {"placed": True, "mixed": mixed, "has_text": False, "weight": nothing}
