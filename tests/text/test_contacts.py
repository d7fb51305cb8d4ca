import numpy as np
import pytest

from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.errors import UserError
from sm_jax.text.contacts import CAPACITY, contact_targets, region_mask
from sm_jax.types import Array, Contact


def names(mask: Array) -> set[str]:
    return {name for name, value in zip(SIDED_REGIONS, mask, strict=True) if value}


def test_an_unspecified_side_allows_both():
    assert names(region_mask("hand", None)) == {"left_hand", "right_hand"}
    assert names(region_mask("hand", "left")) == {"left_hand"}
    assert names(region_mask("back", None)) == {"back"}
    with pytest.raises(UserError, match="tail"):
        region_mask("tail", None)


def test_rows_hold_person_0_in_mask_a():
    contact = Contact(region_a="hand", side_a="left", region_b="back", person_a=1, start=2, end=5, confidence=0.5)
    targets = contact_targets([contact], 8)
    assert targets.mask_a.shape == targets.mask_b.shape == (CAPACITY, 22) and targets.weight.shape == (CAPACITY, 8)
    assert names(targets.mask_a[0]) == {"back"} and names(targets.mask_b[0]) == {"left_hand"}
    np.testing.assert_array_equal(targets.weight[0], [0, 0, 0.5, 0.5, 0.5, 0, 0, 0])
    assert not targets.mask_a[1:].any() and not targets.weight[1:].any()
    assert targets.weight.dtype == targets.mask_a.dtype == np.float32


def test_spans_of_one_kind_share_a_row_and_the_surer_counts():
    spans = [(2, 6, 0.9), (0, 4, 0.3)]
    targets = contact_targets(
        [Contact(region_a="hand", region_b="hand", start=a, end=b, confidence=c) for a, b, c in spans], 6
    )
    np.testing.assert_allclose(targets.weight[0], [0.3, 0.3, 0.9, 0.9, 0.9, 0.9])
    assert not targets.weight[1:].any()


def test_the_weightiest_stay_when_there_are_too_many():
    regions = ("head", "neck", "chest", "belly", "back", "waist")
    contacts = [
        Contact(region_a=a, region_b=b, end=10, confidence=0.01 * (1 + i * 6 + j))
        for i, a in enumerate(regions)
        for j, b in enumerate(regions)
    ]
    targets = contact_targets(contacts, 10)
    np.testing.assert_allclose(targets.weight[:, 0], 0.01 * np.arange(36, 28, -1), rtol=1e-6)


def test_a_span_outside_the_clip_is_cut():
    targets = contact_targets([Contact(region_a="head", region_b="head", start=-3, end=99)], 4)
    np.testing.assert_array_equal(targets.weight[0], np.ones(4, np.float32))
