"""Many classes; some, each for a reason, are kept from training."""

from collections import Counter

from sm_jax.synthetic.classes import CLASSES


def test_whole_classes_are_held_out_for_a_reason():
    splits = Counter(entry.split for entry in CLASSES.values())
    assert len(CLASSES) >= 20 and splits["test"] >= 4 and splits["val"] == 2
    for entry in CLASSES.values():
        assert bool(entry.reason) == (entry.split != "train")
