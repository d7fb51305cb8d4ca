"""The data sets as one tensorflow-datasets builder, with one configuration a source, written as ArrayRecord files.

TensorFlow itself is not needed: examples are read with `as_data_source`.

    >>> builder = MotionPairs(config="salsa", data_dir="~/data")
    >>> builder.download_and_prepare()
    >>> sequences = read(builder, "train")
"""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow_datasets as tfds
from scipy.spatial.transform import Rotation

from sm_jax.data import store
from sm_jax.data.schema import PairSequence, Split
from sm_jax.types import Motion

# What each configuration reads. A reader yields every sequence of its source, on the body "open-low".
SOURCES: dict[str, Callable[[], list[PairSequence]]] = {"salsa": store.load_salsa}


class MotionPairs(tfds.core.GeneratorBasedBuilder):
    """Motion of two people. An example is one sequence; frames come first in every array that has them."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name) for name in SOURCES]  # noqa: RUF012

    def __init__(self, **arguments):
        super().__init__(file_format="array_record", **arguments)

    def _info(self) -> tfds.core.DatasetInfo:
        frames = lambda *shape: tfds.features.Tensor(shape=(None, *shape), dtype=np.float32)  # noqa: E731
        features = {
            "name": tfds.features.Text(),
            "text": tfds.features.Text(),
            "fps": tfds.features.Scalar(np.float32),
            "axis_angle": frames(2, 24, 3),
            "pelvis": frames(2, 3),
            "betas": tfds.features.Tensor(shape=(2, 10), dtype=np.float32),
            "foot_contact": frames(2, 4),
            "hand_contact": frames(2, 2),
        }
        return tfds.core.DatasetInfo(builder=self, description=__doc__, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        del dl_manager  # sources are local files
        config = self.builder_config
        assert config is not None  # there is no data set without a source
        sequences = SOURCES[config.name]()
        splits = sorted({sequence.split for sequence in sequences})
        return {
            split: self._generate_examples(sequences=[s for s in sequences if s.split == split]) for split in splits
        }

    def _generate_examples(self, sequences: list[PairSequence]) -> Iterator[tuple[str, dict]]:
        for sequence in sequences:
            yield sequence.name, _example(sequence)


def read(builder: MotionPairs, split: Split) -> list[PairSequence]:
    """The sequences of a split of a prepared builder."""
    source = builder.as_data_source(split)  # pyright: ignore[reportCallIssue]  (tfds' decorator hides the signature)
    return [_sequence(example, split) for example in source]


def _example(sequence: PairSequence) -> dict:
    motion = sequence.motion
    R = np.concatenate([motion.global_orient[:, :, None], motion.body_pose], axis=2).swapaxes(0, 1)
    return {
        "name": sequence.name,
        "text": sequence.text,
        "fps": sequence.fps,
        "axis_angle": Rotation.from_matrix(R.reshape(-1, 3, 3)).as_rotvec().reshape(R.shape[:-1]).astype(np.float32),
        "pelvis": np.swapaxes(motion.pelvis, 0, 1),
        "betas": np.asarray(motion.betas),
        "foot_contact": sequence.foot_contact.swapaxes(0, 1),
        "hand_contact": sequence.hand_contact,
    }


def _sequence(example: dict, split: Split) -> PairSequence:
    axis_angle = example["axis_angle"].swapaxes(0, 1)
    R = Rotation.from_rotvec(axis_angle.reshape(-1, 3)).as_matrix().astype(np.float32).reshape(*axis_angle.shape, 3)
    return PairSequence(
        name=example["name"].decode(),
        motion=Motion(
            global_orient=R[:, :, 0],
            body_pose=R[:, :, 1:],
            pelvis=example["pelvis"].swapaxes(0, 1),
            betas=example["betas"],
        ),
        foot_contact=example["foot_contact"].swapaxes(0, 1),
        hand_contact=example["hand_contact"],
        fps=float(example["fps"]),
        text=example["text"].decode(),
        split=split,
    )
