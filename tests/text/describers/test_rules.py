import itertools
import random

import numpy as np
import pytest

from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.describers.rules import describe, write
from sm_jax.text.encoder import TOKENS
from sm_jax.text.rules.facts import Facts
from tests.helpers import cached_asset
from tests.text.figures import pair
from tests.text.rules.test_contacts import handshake


def scene(joints: np.ndarray) -> DescriberInput:
    return DescriberInput(joints=joints, visibility=np.ones(joints.shape[:3]), fps=30.0)


def test_a_handshake_in_words():
    said = describe(scene(handshake()))
    assert said.source == "rules" and len(said.contacts) == 1
    assert "hand" in said.text and ("face" in said.text or "towards each other" in said.text)


def test_the_same_scene_gets_the_same_words_and_seeds_vary_them():
    assert describe(scene(handshake())) == describe(scene(handshake()))
    assert len({describe(scene(handshake()), seed).text for seed in range(20)}) > 5


def test_words_do_not_depend_on_who_is_first():
    for joints in (handshake(), pair(0.4), pair(2.5)):
        assert describe(scene(joints)).text == describe(scene(joints[::-1])).text


def test_nothing_seen_makes_no_claim():
    unseen = DescriberInput(joints=pair(), visibility=np.zeros((2, 30, 24)), fps=30.0)
    assert describe(unseen).text.endswith("are together.")


def test_every_sentence_fits_the_text_encoder():
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(str(cached_asset("minilm") / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    wordy = ("embrace", "hand on arm", "arm on body")
    chance = random.Random(0)
    for facing, movement, postures in itertools.product(
        ("back to back", "at an angle", "one behind"), ("part", "circle", "move"), ((), (("sit", 1), ("raise arms", 2)))
    ):
        facts = Facts(facing=facing, distance="close", movement=movement, postures=postures, touches=wordy)
        for _ in range(5):
            assert len(tokenizer.encode(write(facts, chance)).ids) <= TOKENS


def test_who_sits_does_not_stand():
    said = [write(Facts(facing="face to face", postures=(("sit", 1),)), random.Random(seed)) for seed in range(20)]
    assert len(set(said)) > 5 and not any("stand" in text for text in said)


def test_together_is_said_once():
    said = {write(Facts(distance="close"), random.Random(seed)) for seed in range(30)}
    assert "Two people are close together." in said and not any("together close" in text for text in said)
