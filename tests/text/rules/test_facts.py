import numpy as np
import pytest

from sm_jax.body.skeleton import JOINTS
from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.rules import facts
from sm_jax.types import Contact
from tests.text.figures import pair, reach, standing, turned


def still(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.repeat(np.stack([first, second])[:, None], 30, axis=1)


@pytest.mark.parametrize(
    ("turn_first", "turn_second", "shift", "expected"),
    [
        (0, 180, (0, 1), "face to face"),
        (180, 0, (0, 1), "back to back"),
        (0, 0, (1, 0), "side by side"),
        (0, 0, (0, 2), "one behind"),
        (0, 0, (0, 1), "same way"),  # so near, which of them is in front may be a mistake of depth
        (0, 90, (0, 1), "at an angle"),
    ],
)
def test_facing(turn_first, turn_second, shift, expected):
    joints = still(turned(standing(), turn_first), turned(standing(), turn_second, shift))
    assert facts.facing(joints) == facts.facing(joints[::-1]) == expected


@pytest.mark.parametrize(("apart", "expected"), [(0.3, "close"), (0.7, "close"), (1.3, ""), (3.0, "apart")])
def test_distance(apart, expected):
    assert facts.distance(pair(apart)) == expected


def moving(joints: np.ndarray) -> str:
    return facts.movement(DescriberInput(joints=joints, visibility=np.ones(joints.shape[:3]), fps=30.0))


def test_movement():
    joints = pair(1.0, frames=60)
    along = np.linspace(0, 1.5, 60)[:, None]
    walk = np.array([0.0, 1.0, 0.0])
    assert moving(joints) == "still"
    assert moving(joints[:, :10]) == ""
    away, together = joints.copy(), joints.copy()
    away[1] += along[..., None] * walk
    together[:] += along[..., None] * walk
    assert moving(away) == "part"
    assert moving(away[:, ::-1]) == "approach"
    assert moving(together) == "move"
    spin = joints.copy()
    spin[0] = [turned(standing(), degrees) for degrees in np.linspace(0, 200, 60)]
    assert moving(spin) == "turn"
    around = joints.copy()
    around[1] = [turned(turned(standing(), 180, (0, 1)), degrees) for degrees in np.linspace(0, 200, 60)]
    assert moving(around) == "circle"


def test_a_trunk_that_is_turned_round_in_one_frame_does_not_turn():
    spin = pair(1.0, frames=60)
    spin[0] = [turned(standing(), degrees) for degrees in [0] * 30 + [170] * 30]
    assert moving(spin) == "still"


def test_postures():
    joints = pair(1.0)
    assert facts.postures(joints) == ()
    reach(joints[0], "left", joints[0, 0, JOINTS.index("left_shoulder")] + np.array([0.0, 0.0, 0.6]))
    assert facts.postures(joints) == (("raise arms", 1),)
    seated = pair(1.0)
    for side in ("left", "right"):
        knee = seated[:, :, JOINTS.index(f"{side}_hip")] + np.array([0.0, 0.4, 0.0])
        seated[:, :, JOINTS.index(f"{side}_knee")] = knee
        seated[:, :, JOINTS.index(f"{side}_ankle")] = knee - np.array([0.0, 0.0, 0.4])
    assert facts.postures(seated) == (("sit", 2),)
    tipped = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    lying = still(standing(), standing() @ tipped.T + np.array([0, 0, 0.1]))
    assert facts.postures(lying) == (("lie", 1),)


def touch(a: str, b: str, seconds: float, confidence: float = 0.6, person: int = 0) -> Contact:
    return Contact(region_a=a, region_b=b, person_a=person, end=round(30 * seconds), confidence=confidence)


def test_arms_of_both_make_an_embrace():
    def held(*people: int) -> tuple[str, ...]:
        return facts.touches(tuple(touch("forearm", "back", 1.0, person=person) for person in people), 30.0)

    assert held(0) == ("arm on body",)
    assert held(0, 1) == ("embrace",)


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        (touch("hand", "hand", 1.0), ("hold hands",)),
        (touch("hand", "hand", 0.2), ("hands",)),
        (touch("hand", "hand", 0.2, confidence=0.1), ()),
        (touch("upper_arm", "hand", 0.2), ("hand on arm",)),
        (touch("forearm", "upper_arm", 0.5), ("arms",)),
        (touch("back", "hand", 1.0), ("hand on body",)),
        (touch("back", "hand", 0.3), ()),
        (touch("head", "chest", 2.0, confidence=1.0), ()),
        (touch("thigh", "thigh", 2.0, confidence=1.0), ()),
    ],
)
def test_only_sure_touches_are_said(contact, said):
    assert facts.touches((contact,), 30.0) == said


def test_nothing_seen_says_nothing():
    visibility = np.zeros((2, 30, 24))
    visibility[:, :5] = 1.0
    for seen in (visibility, np.zeros_like(visibility)):
        assert facts.observe(DescriberInput(joints=pair(), visibility=seen, fps=30.0), ()) == facts.Facts()
