import warnings

import jax
import numpy as np
import pytest

from sm_jax.text.encoder import NAME, TOKENS, WIDTH, TextEncoder, default_sha256
from tests.helpers import cached_asset


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder.load(cached_asset("minilm"))


def test_close_meanings_are_close(encoder):
    pooled = encoder.encode(
        ["two people hug each other", "a couple embraces", "one man kicks another man", "they shake hands"]
    ).pooled
    likeness = pooled @ pooled.T
    assert likeness[0, 1] > 0.7
    assert likeness[0, 1] > 0.2 + max(likeness[0, 2], likeness[0, 3], likeness[1, 2])


def test_known_values(encoder):
    """Values of an earlier implementation that agreed with sentence-transformers (CPU, float32) to 1.3e-7."""
    pooled = encoder.encode(["two people hug each other"]).pooled
    np.testing.assert_allclose(pooled[0, :4], [-0.0333656, 0.0585938, 0.0314606, 0.0116581], atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(pooled, axis=1), 1.0, atol=1e-6)


def test_no_text_is_zero(encoder):
    text = encoder.encode(["", "  ", "two people dance"])
    tokens, mask, pooled = text.tokens, text.mask, text.pooled
    assert not tokens[:2].any() and not mask[:2].any() and not pooled[:2].any()
    assert tokens[2].any() and mask[2].sum() == 5
    assert not tokens[2, 5:].any()


def test_shapes_do_not_depend_on_how_many(encoder):
    one, many = encoder.encode_one("they fight"), encoder.encode(["they fight"] * 9)
    assert (
        many.tokens.shape == (9, TOKENS, WIDTH) and many.mask.shape == (9, TOKENS) and many.pooled.shape == (9, WIDTH)
    )
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x[8], y, atol=1e-6), many, one)
    assert [len(array) for array in jax.tree.leaves(encoder.encode([]))] == [0, 0, 0]


def test_a_long_text_says_what_is_not_read(encoder):
    with pytest.warns(UserWarning, match="not read: 'and fall asleep'"):
        text = encoder.encode(["word " * 30 + "and fall asleep"])
    assert text.mask.sum() == TOKENS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder.encode(["word " * 30])


def test_the_default_encoder_s_hash_is_known_without_it(encoder, monkeypatch, tmp_path):
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path))
    assert default_sha256() == encoder.sha256 and not list(tmp_path.iterdir())


def test_another_encoder_has_another_name_and_hash(encoder, tmp_path):
    assert TextEncoder.load().name == NAME and encoder.sha256 == TextEncoder.load().sha256
    for file in cached_asset("minilm").iterdir():
        (tmp_path / file.name).symlink_to(file)
    config = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").unlink()
    (tmp_path / "config.json").write_text(config + " ")
    other = TextEncoder.load(tmp_path)
    assert other.name == tmp_path.name and other.sha256 != encoder.sha256
