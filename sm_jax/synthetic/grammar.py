"""Sentences for what is done, in many phrasings.

A template is a sentence with choices `[nods|bows|]`, which do not nest, people `{a}` and `{b}`, and words that the
script gives. People are either numbered (`the first person`) or told apart in the order in which they come up (`one`,
`the other`).
"""

import re

import numpy as np

WORDS = 27  # words and punctuation marks; the text encoder reads 30 tokens
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_PERSON = re.compile(r"\{([ab])\}")
_NUMBERED = ("the first person", "the second person")
_ORDERED = (("one person", "the other"), ("one", "the other"), ("one of them", "the other person"))


def write(templates: tuple[str, ...], words: dict[str, str], lead: int, count: int, chance: np.random.Generator):
    """`count` different sentences (fewer if there are fewer templates) with role a as person `lead`."""
    order = chance.permutation(len(templates))[:count]
    return tuple(dict.fromkeys(_sentence(templates[i], words, lead, chance) for i in order))


def length(sentence: str) -> int:
    """Words and punctuation marks of a sentence."""
    return len(re.findall(r"\w+|[^\w\s]", sentence))


def _sentence(template: str, words: dict[str, str], lead: int, chance: np.random.Generator) -> str:
    text = _CHOICE.sub(lambda match: str(chance.choice(match[1].split("|"))), template)
    names = dict(zip("ab", _NUMBERED if lead == 0 else _NUMBERED[::-1], strict=True))
    mentioned = _PERSON.findall(text)
    # "One and the other pull one of them up" nobody says.
    once = len(set(mentioned)) == len(mentioned) and "{a} and {b}" not in text
    if once and chance.random() < 0.5:
        names |= dict(zip(mentioned, _ORDERED[chance.integers(len(_ORDERED))], strict=False))
    text = re.sub(r"\s+([.,])", r"\1", re.sub(r"\s+", " ", text.format(**names, **words))).strip()
    return text[0].upper() + text[1:]
