"""What is true of every choreography."""

import numpy as np

from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.synthetic import direct
from sm_jax.synthetic.classes import CLASSES
from sm_jax.synthetic.script import Between, On, Script

SAMPLES = 30


def scripts(name: str, cast) -> list[Script]:
    return [CLASSES[name].script(cast, np.random.default_rng(seed)) for seed in range(SAMPLES)]


def check(name: str, cast) -> list[Script]:
    """Scripts of a class, after what all must keep to: length, speed, slots, regions that exist, times in order."""
    made = scripts(name, cast)
    assert len({script.seconds for script in made}) > SAMPLES / 2
    for script in made:
        assert 2.0 < script.seconds < 8.0
        t = np.arange(0.0, script.seconds, 1 / 30)
        for role in (script.a, script.b):
            speed = np.linalg.norm(np.diff(role.way(t)[:, :2], axis=0), axis=-1) * 30
            assert speed.max() < 1.9, f"{name} runs"
            for side in ("left", "right"):
                assert sum(hand.side == side for hand in role.hands) < direct.CAPACITY
            for move in (*role.hands, *role.feet):
                assert move.end >= move.start and move.start < script.seconds
            for hand in role.hands:
                assert not isinstance(hand.to, On) or hand.to.region in SIDED_REGIONS
        for touch in direct.touches(script):
            assert {touch.a, touch.b} <= set(SIDED_REGIONS) and 0.0 <= touch.start < touch.end
    return made


def apart(script: Script, second: float) -> float:
    """Metres between the hips at a second."""
    a, b = (role.way(np.array([second]))[0, :2] for role in (script.a, script.b))
    return float(np.linalg.norm(a - b))


def meeting_places(script: Script) -> list[tuple[np.ndarray, np.ndarray]]:
    """Where hands of a and of b go between the people, pairwise, both in a's axes."""
    a, b = (
        [np.array(hand.to.point) for hand in role.hands if isinstance(hand.to, Between)]
        for role in (script.a, script.b)
    )
    return list(zip(a, [point * np.array([-1.0, -1.0, 1.0]) for point in b], strict=True))
