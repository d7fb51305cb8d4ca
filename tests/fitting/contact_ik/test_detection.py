import dataclasses

import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.fitting.contact_ik.detection import detect_contacts
from tests.fitting.people import FPS, facing


def test_a_hand_laid_on_the_other_is_found_with_its_side_and_span(body):
    motion = facing(1.0)
    posed = smpl.pose(body, motion)
    # Person 1 comes with the left shoulder to the right hand of person 0, for 30 frames.
    way = posed.joints[0, 0, 23] - posed.joints[1, 0, 16] + jnp.array([0.05, 0.0, 0.0])
    motion = dataclasses.replace(motion, pelvis=jnp.asarray(motion.pelvis).at[1, 20:50].add(way[None]))
    kinds = {(c.side_a, c.region_a, c.side_b, c.region_b): (c.start, c.end) for c in detect_contacts(body, motion, FPS)}
    assert any(kind[:2] == ("right", "hand") and kind[2] == "left" and span == (20, 50) for kind, span in kinds.items())


def test_people_apart_do_not_touch(body):
    assert detect_contacts(body, facing(1.0), FPS) == ()


def test_a_touch_in_passing_is_none(body):
    motion = facing(1.0)
    motion = dataclasses.replace(motion, pelvis=jnp.asarray(motion.pelvis).at[1, 30:34, 0].set(0.2))
    assert detect_contacts(body, motion, FPS) == ()


def test_at_most_a_dozen_kinds(body):
    found = detect_contacts(body, facing(0.1), FPS)
    kinds = {(c.side_a, c.region_a, c.side_b, c.region_b) for c in found}
    assert 0 < len(kinds) <= 12
    assert [c.start for c in found] == sorted(c.start for c in found)
    assert all(not (c.region_a in ("foot", "shin") and c.region_b in ("foot", "shin")) for c in found)
    assert np.all([c.end - c.start >= 0.25 * FPS for c in found])
