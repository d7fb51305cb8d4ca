import numpy as np
import pytest

from sm_jax.body.skeleton import JOINTS
from sm_jax.text import facts
from sm_jax.text.describer import Scene
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
        (0, 0, (0, 1), "one behind"),
        (0, 90, (0, 1), "at an angle"),
    ],
)
def test_facing(turn_first, turn_second, shift, expected):
    joints = still(turned(standing(), turn_first), turned(standing(), turn_second, shift))
    assert facts.facing(joints) == facts.facing(joints[::-1]) == expected


@pytest.mark.parametrize(("apart", "expected"), [(0.3, "very close"), (0.7, "close"), (1.3, "near"), (3.0, "apart")])
def test_distance(apart, expected):
    assert facts.distance(pair(apart)) == expected


def test_movement():
    joints = pair(1.0, frames=60)
    along = np.linspace(0, 1, 60)[:, None]
    walk = np.array([0.0, 1.0, 0.0])
    assert facts.movement(joints, 30.0) == "still"
    assert facts.movement(joints[:, :10], 30.0) == ""
    away, together = joints.copy(), joints.copy()
    away[1] += along[..., None] * walk
    together[:] += 2 * along[..., None] * walk
    assert facts.movement(away, 30.0) == "part"
    assert facts.movement(away[:, ::-1], 30.0) == "approach"
    assert facts.movement(together, 30.0) == "move"
    spin = joints.copy()
    spin[0] = [turned(standing(), degrees) for degrees in np.linspace(0, 200, 60)]
    assert facts.movement(spin, 30.0) == "turn"
    around = joints.copy()
    around[1] = [turned(turned(standing(), 180, (0, 1)), degrees) for degrees in np.linspace(0, 200, 60)]
    assert facts.movement(around, 30.0) == "circle"


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


def test_arms_of_both_make_an_embrace():
    def hold(person: int) -> Contact:
        return Contact(region_a="forearm", region_b="back", person_a=person, end=10)

    assert facts.touches((hold(0),)) == (("forearm", "back"),)
    assert facts.touches((hold(0), hold(1))) == ((facts.EMBRACE, facts.EMBRACE), ("forearm", "back"))


def test_hands_touch_backs_whoever_is_first():
    contact = Contact(region_a="back", region_b="hand", end=10)
    assert facts.touches((contact,)) == (("hand", "back"),)


def test_nothing_seen_says_nothing():
    scene = Scene(joints=pair(), visibility=np.zeros((2, 30, 24)), fps=30.0)
    assert facts.observe(scene, ()) == facts.Facts()
