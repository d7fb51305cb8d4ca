"""Every sentence fits the encoder, names who it means, and says left and right only where the script does."""

import re

import numpy as np
import pytest

from sm_jax.synthetic import generate
from sm_jax.synthetic.classes import CLASSES

SIDES = re.compile(r"\b(left|right)\b")


def sentences(name, lead, cast, times=20):
    chance = np.random.default_rng(0)
    for _ in range(times):
        words = CLASSES[name].script(cast, chance).words
        yield words, generate.write_sentences(CLASSES[name].sentences, words, lead, 9, chance)


@pytest.mark.parametrize("name", CLASSES)
def test_sentences_are_whole_short_and_different(name, cast):
    assert len(CLASSES[name].sentences) >= 5
    seen = set()
    for _, texts in sentences(name, 1, cast):
        assert len(set(texts)) == len(texts)
        seen |= set(texts)
        for text in texts:
            assert generate.sentence_length(text) <= generate.WORDS and text[0].isupper() and text.endswith(".")
            assert not re.search(r"[\[\]{}|]|  | \.|^ ", text), text
    assert len(seen) > 15


def test_people_are_numbered_by_the_lead():
    chance, template = np.random.default_rng(1), ("{b} sees {a}'s hand.",)
    said = {text for _ in range(60) for text in generate.write_sentences(template, {}, 1, 1, chance)}
    assert "The first person sees the second person's hand." in said
    assert "One person sees the other's hand." in said
    assert not any("second person sees" in text for text in said)


def test_sides_come_from_the_script(cast):
    for words, texts in sentences("pat", 0, cast):
        assert {side for text in texts for side in SIDES.findall(text)} <= set(words.values())


def test_choices_are_all_made():
    chance = np.random.default_rng(2)
    said = {generate.write_sentences(("They [nod|bow|].",), {}, 0, 1, chance)[0] for _ in range(40)}
    assert said == {"They nod.", "They bow.", "They."}
