"""The field's data sets of two people as sources: every recording refitted to our body, one item each."""

import dataclasses
import pathlib
from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data.schema import PairSequence
from sm_jax.data.sources.datasets import DATASETS
from sm_jax.data.sources.recordings import FoundRecording
from sm_jax.fitting.mocap.refit import refit
from sm_jax.synthetic.build import Item, Recipe
from sm_jax.synthetic.recipes import BODY


@dataclasses.dataclass(frozen=True)
class RecordedPairs:
    """A data set by its name in `DATASETS`."""

    dataset: ClassVar[str]
    source_dir: pathlib.Path
    """Folder that the data set was unpacked to."""
    bodies: pathlib.Path | None = None
    """Folder of licensed body models (SMPLX_NEUTRAL.npz, …), for sets that hold nothing but their parameters."""
    body: str = BODY
    """Body to bring it to: the packaged one, or the path of a licensed SMPL file."""

    def recipe(self) -> Recipe:
        """Raises UserError where no recording is there, or a body model is missing."""
        found = DATASETS[self.dataset].find(self.source_dir, self.bodies)
        body = load_body(self.body)

        def items() -> Iterator[Item]:
            for one in found:
                yield Item(one.name, partial(_refitted, one, body))

        key = repr((self, self.source_dir.resolve()))
        return Recipe(self.dataset, key, len(found), items, DATASETS[self.dataset].acknowledgement)


class Hi4d(RecordedPairs):
    """Hi4D: 20 pairs in close contact, SMPL."""

    dataset = "hi4d"


class Chi3d(RecordedPairs):
    """CHI3D: staged contact, SMPL-X; needs SMPLX_NEUTRAL in --bodies."""

    dataset = "chi3d"


class ThreeDpw(RecordedPairs):
    """3DPW: the sequences of two people, SMPL."""

    dataset = "3dpw"


class InterHuman(RecordedPairs):
    """InterHuman: interactions with sentences, joints of SMPL-H."""

    dataset = "interhuman"


class InterX(RecordedPairs):
    """Inter-X: interactions with sentences, SMPL-X; needs SMPLX_MALE, SMPLX_FEMALE or SMPLX_NEUTRAL in --bodies."""

    dataset = "interx"


class Harmony4d(RecordedPairs):
    """Harmony4D: wrestling, dancing, fencing, SMPL."""

    dataset = "harmony4d"


def _refitted(found: FoundRecording, body: smpl.Body) -> tuple[PairSequence, str]:
    recording = found.read()
    sequence, residual = refit(body, recording.landmarks, recording.source)
    return sequence, residual.line()
