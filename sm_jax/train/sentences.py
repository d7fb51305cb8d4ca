"""What is said of the windows of a training: by the sequence itself, and by rules from the truth and from estimates."""

import dataclasses
from collections.abc import Iterator

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.data import codec
from sm_jax.data.codec import Record
from sm_jax.data.schema import PairSequence
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate
from sm_jax.motion.frames import map_frames, pad_motion
from sm_jax.text.augment import exchanged, mirrored
from sm_jax.text.contacts import CAPACITY, contact_targets
from sm_jax.text.describers import rules
from sm_jax.text.describers.describer import DescriberInput, describer_input
from sm_jax.types import Array, ContactTargets, Motion, Observation

STRIDE = 48  # frames between the windows that the rules describe
_WORDINGS = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Labels:
    """What is said of one record. contacts: over all its frames.  sentences: of every described window, the numbers
    [S, 2, 2] of its sentences in the table, as they are or mirrored, with the people in order or exchanged."""

    contacts: ContactTargets
    sentences: list[np.ndarray]


class Table:
    """Sentences, numbered as they come."""

    def __init__(self):
        self._numbers: dict[str, int] = {}

    @property
    def texts(self) -> list[str]:
        """The sentences by their numbers."""
        return list(self._numbers)

    def numbers(self, text: str) -> np.ndarray:
        """Numbers [2, 2] of a sentence's variants: mirrored or not, exchanged or not."""
        variants = ((text, exchanged(text)), (mirrored(text), mirrored(exchanged(text))))
        return np.array([[self._numbers.setdefault(v, len(self._numbers)) for v in row] for row in variants])


def label(record: Record, length: int, body: smpl.Body, table: Table) -> Labels:
    """A record's contacts, and the sentences of its windows of `length` frames, which go into the table."""
    sequence = codec.decode(record)
    n_frames = sequence.motion.pelvis.shape[1]
    described = [(*sequence.texts, *told) for told in _rules(sequence, length, body)] or [sequence.texts]
    return Labels(
        contacts=contact_targets(sequence.contacts, n_frames, max(CAPACITY, len(sequence.contacts))),
        sentences=[np.stack([table.numbers(text) for text in texts or ("",)]) for texts in described],
    )


def _rules(sequence: PairSequence, length: int, body: smpl.Body) -> Iterator[list[str]]:
    """What rules say of the windows that begin every STRIDE frames, if both people are there: half of it from the
    truth, half from an estimate, as it will be in use."""
    starts = sequence.motion.pelvis.shape[1] - length + 1
    if not sequence.present.all() or starts <= 0:
        return
    joints = np.asarray(_joints(body, pad_motion(sequence.motion)))
    for number, start in enumerate(range(0, starts, STRIDE)):
        span = slice(start, start + length)
        cut = joints[:, span]
        seen = _simulate(number, map_frames(sequence.motion, lambda x: x[:, span]), body, sequence.fps)  # noqa: B023
        scenes = (
            DescriberInput(joints=cut, visibility=np.ones(cut.shape[:3]), fps=sequence.fps),
            describer_input(seen, body),
        )
        yield [rules.describe(scene, seed).text for scene in scenes for seed in range(_WORDINGS)]


@jax.jit
def _joints(body: smpl.Body, motion: Motion) -> Array:
    return smpl.pose(body, motion).joints


@jax.jit
def _simulate(number: int, motion: Motion, body: smpl.Body, fps: float) -> Observation:
    return simulate(jax.random.key(number), motion, body, SimulatorConfig(fps=fps))
