import warnings

import numpy as np
import pytest

from sm_jax.text.encoder import TOKENS, WIDTH, TextEncoder
from tests.helpers import cached_asset


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder.load(cached_asset("minilm"))


def test_close_meanings_are_close(encoder):
    _, _, pooled = encoder.encode(
        ["two people hug each other", "a couple embraces", "one man kicks another man", "they shake hands"]
    )
    likeness = pooled @ pooled.T
    assert likeness[0, 1] > 0.7
    assert likeness[0, 1] > 0.2 + max(likeness[0, 2], likeness[0, 3], likeness[1, 2])


def test_known_values(encoder):
    """Values of an earlier implementation that agreed with sentence-transformers (CPU, float32) to 1.3e-7."""
    _, _, pooled = encoder.encode(["two people hug each other"])
    np.testing.assert_allclose(pooled[0, :4], [-0.0333656, 0.0585938, 0.0314606, 0.0116581], atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(pooled, axis=1), 1.0, atol=1e-6)


def test_no_text_is_zero(encoder):
    tokens, mask, pooled = encoder.encode(["", "  ", "two people dance"])
    assert not tokens[:2].any() and not mask[:2].any() and not pooled[:2].any()
    assert tokens[2].any() and mask[2].sum() == 5
    assert not tokens[2, 5:].any()


def test_shapes_do_not_depend_on_how_many(encoder):
    one, many = encoder.encode(["they fight"]), encoder.encode(["they fight"] * 9)
    assert many[0].shape == (9, TOKENS, WIDTH) and many[1].shape == (9, TOKENS) and many[2].shape == (9, WIDTH)
    np.testing.assert_allclose(many[0][8], one[0][0], atol=1e-6)
    assert [array.shape[0] for array in encoder.encode([])] == [0, 0, 0]


def test_a_long_text_says_what_is_not_read(encoder):
    with pytest.warns(UserWarning, match="not read: 'and fall asleep'"):
        _, mask, _ = encoder.encode(["word " * 30 + "and fall asleep"])
    assert mask.sum() == TOKENS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder.encode(["word " * 30])
