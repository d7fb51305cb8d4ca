"""Batches of true windows, each with a sentence and its contacts, from sets of pair sequences."""

import dataclasses
import random
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from sm_jax.body import smpl
from sm_jax.data import codec, loader
from sm_jax.data.codec import Record
from sm_jax.data.loader import Window, WindowLoader
from sm_jax.data.schema import PairSequence
from sm_jax.fitting.padding import pad_motion
from sm_jax.motion.conditions import TextEmbedding
from sm_jax.text.contacts import CAPACITY, contact_targets
from sm_jax.text.describer import Scene
from sm_jax.text.encoder import TextEncoder
from sm_jax.text.facts import observe
from sm_jax.text.rules import write
from sm_jax.text.touch import find_contacts
from sm_jax.text.variants import exchanged, mirrored
from sm_jax.train.examples import Windows
from sm_jax.types import Array, ContactTargets, Motion

STRIDE = 48  # frames between the windows that the rules describe
_WORDINGS = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Labels:
    """What is said of one record. contacts: over all its frames.  sentences: of every described window, the numbers
    [S, 2, 2] of its sentences in the table, as they are or mirrored, with the people in order or exchanged."""

    contacts: ContactTargets
    sentences: list[np.ndarray]


class DescribedWindows:
    """Windows of `length` frames, drawn at random, each with one of the sentences that describe it.

    Called with the number of a batch it returns this process' part of the batch; it has no other state, so a restart
    continues exactly. The sentences are those of the sequence, and the rule describer's about the nearest described
    window. A part `dropout` of the windows has no text. Whether a window is mirrored or its people exchanged is drawn
    here, since the sentence must agree.
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
        process: int = 0,
        processes: int = 1,
    ):
        self._loader = WindowLoader(sets, length, batch, seed, process, processes)
        self._records = [records for records, _ in sets]
        self._length, self._seed, self._dropout = length, seed, dropout
        table = _Table()
        self._labels = [
            [_labels(record, length, body, table) for record in tqdm(records, desc="describing", unit="sequence")]
            for records in self._records
        ]
        self._text = encoder.encode(table.texts)

    def __call__(self, position: int) -> Windows:
        """This process' part of batch number `position`."""
        numbers = self._loader.numbers(position)
        rows = [self._row(*pair) for pair in zip(numbers, self._loader.windows(position), strict=True)]
        columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
        sentence, told = columns.pop("sentence"), columns.pop("told").astype(np.float32)
        contacts = ContactTargets(**{name: columns.pop(name) for name in ("mask_a", "mask_b", "weight")})
        return Windows(
            text=TextEmbedding(
                tokens=self._text.tokens[sentence] * told[:, None, None],
                mask=self._text.mask[sentence] * told[:, None],
                pooled=self._text.pooled[sentence] * told[:, None],
            ),
            contacts=contacts,
            number=numbers.astype(np.int32),
            **columns,
        )

    def ahead(self, position: int) -> Iterator[Windows]:
        """The batches from `position` on, made in another thread before they are asked for."""
        return loader.ahead(self, position)

    def _row(self, number: int, window: Window) -> dict[str, Any]:
        """One window's arrays, `sentence` (its number) and `told`."""
        chance = np.random.default_rng((self._seed, number))
        record, labels = self._records[window.set][window.record], self._labels[window.set][window.record]
        span = slice(window.start, window.start + self._length)
        flips = chance.integers(2, size=2)
        nearest = min((window.start + STRIDE // 2) // STRIDE, len(labels.sentences) - 1)
        sentences = labels.sentences[nearest]
        weight = labels.contacts.weight[:, span]
        kept = np.argsort(-weight.sum(axis=1), kind="stable")[:CAPACITY]
        return {
            "rotations": record["rotations"][span].swapaxes(0, 1),
            "pelvis": record["pelvis"][span].swapaxes(0, 1),
            "betas": record["betas"].swapaxes(0, 1),
            "present": record["present"].astype(np.float32),
            "mask_a": labels.contacts.mask_a[kept],
            "mask_b": labels.contacts.mask_b[kept],
            "weight": weight[kept],
            "mirrored": flips[0] > 0,
            "exchanged": flips[1] > 0,
            "sentence": sentences[chance.integers(len(sentences)), flips[0], flips[1]],
            "told": chance.random() >= self._dropout,
        }


@jax.jit
def _joints(body: smpl.Body, motion: Motion) -> Array:
    return smpl.pose(body, motion).joints


class _Table:
    """Sentences, numbered as they come."""

    def __init__(self):
        self._numbers: dict[str, int] = {}

    @property
    def texts(self) -> list[str]:
        return list(self._numbers)

    def numbers(self, text: str) -> np.ndarray:
        """Numbers [2, 2] of a sentence's variants: mirrored or not, exchanged or not."""
        variants = ((text, exchanged(text)), (mirrored(text), mirrored(exchanged(text))))
        return np.array([[self._numbers.setdefault(v, len(self._numbers)) for v in row] for row in variants])


def _labels(record: Record, length: int, body: smpl.Body, table: _Table) -> Labels:
    sequence = codec.decode(record)
    n_frames = sequence.motion.pelvis.shape[1]
    described = [(*sequence.texts, *told) for told in _rules(sequence, length, body)] or [sequence.texts]
    return Labels(
        contacts=contact_targets(sequence.contacts, n_frames, max(CAPACITY, len(sequence.contacts))),
        sentences=[np.stack([table.numbers(text) for text in texts or ("",)]) for texts in described],
    )


def _rules(sequence: PairSequence, length: int, body: smpl.Body) -> Iterator[list[str]]:
    """What the rule describer says of the windows that begin every STRIDE frames, if both people are there."""
    starts = sequence.motion.pelvis.shape[1] - length + 1
    if not sequence.present.all() or starts <= 0:
        return
    joints = np.asarray(_joints(body, pad_motion(sequence.motion)))
    for start in range(0, starts, STRIDE):
        cut = joints[:, start : start + length]
        scene = Scene(joints=cut, visibility=np.ones(cut.shape[:3]), fps=sequence.fps)
        facts = observe(scene, find_contacts(scene))
        yield [write(facts, random.Random(seed)) for seed in range(_WORDINGS)]
