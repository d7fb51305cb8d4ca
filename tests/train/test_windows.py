import jax
import numpy as np

from sm_jax.body.assets import load_body
from sm_jax.data.schema import PairSequence
from sm_jax.text.encoder import TextEncoder
from sm_jax.train.windows import STRIDE, DescribedWindows, _sentences
from tests.helpers import cached_asset
from tests.motion.motions import random_motion

LENGTH = 20


def sequence(name: str, frames: int, distance: float) -> PairSequence:
    motion = jax.tree.map(np.asarray, random_motion(1, frames, distance))
    feet, hands = np.zeros((2, frames, 4), np.float32), np.zeros((frames, 2, 2), np.float32)
    return PairSequence(
        name=name, motion=motion, foot_contact=feet, hand_contact=hands, fps=30.0, text=name, split="train"
    )


SEQUENCES = [sequence("short", 10, 1.0), sequence("near", LENGTH + STRIDE, 0.4), sequence("far", LENGTH, 5.0)]


def test_every_window_has_the_sentences_of_the_nearest_described_one():
    sentences, choices = _sentences(SEQUENCES, LENGTH, load_body())
    assert len(sentences) == 3 and len(choices) == STRIDE + 2
    np.testing.assert_array_equal(choices[: STRIDE // 2], 0)
    np.testing.assert_array_equal(choices[STRIDE // 2 : -1], 1)
    assert choices[-1] == 2 and "far" in sentences[2]
    assert sentences[0][0] != sentences[2][0]


def test_batches_follow_from_their_number():
    encoder = TextEncoder.load(cached_asset("minilm"))
    source = DescribedWindows(SEQUENCES, LENGTH, batch=3, seed=0, body=load_body(), encoder=encoder, dropout=0.5)
    batch = source(4)
    assert batch.motion.pelvis.shape == (3, 2, LENGTH, 3) and batch.text.tokens.shape == (3, 32, 384)
    np.testing.assert_array_equal(batch.number, [12, 13, 14])
    jax.tree.map(np.testing.assert_array_equal, batch, source(4))
    assert not np.array_equal(batch.motion.pelvis, source(5).motion.pelvis)


def test_text_is_dropped_at_the_rate_asked_for():
    encoder = TextEncoder.load(cached_asset("minilm"))
    source = DescribedWindows(SEQUENCES, LENGTH, batch=400, seed=0, body=load_body(), encoder=encoder, dropout=0.25)
    text = source(0).text
    silent = text.mask.sum(1) == 0
    assert 0.18 < silent.mean() < 0.32
    assert not text.tokens[silent].any() and not text.pooled[silent].any() and text.pooled[~silent].any(1).all()
