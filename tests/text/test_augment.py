import pytest

from sm_jax.text.augment import exchanged, mirrored


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("The left hand is on the right shoulder.", "The right hand is on the left shoulder."),
        ("Left and right; clockwise.", "Right and left; counterclockwise."),
        ("They fight alright, upright, leftover.", "They fight alright, upright, leftover."),
    ],
)  # fmt: skip
def test_sides_are_exchanged_and_only_they(text, other):
    assert mirrored(text) == other
    assert mirrored(other) == text


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("The first person pulls the second person up.", "The second person pulls the first person up."),
        ("First one jabs, then person 2 blocks.", "Second one jabs, then person 1 blocks."),
        ("Dancer A leads dancer B.", "Dancer B leads dancer A."),
        ("One person waits a second, the other helps first.", "One person waits a second, the other helps first."),
    ],
)
def test_people_are_exchanged_and_only_they(text, other):
    assert exchanged(text) == other
    assert exchanged(other) == text
