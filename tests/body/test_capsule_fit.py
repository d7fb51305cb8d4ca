import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.capsules import NAMES, capsules, signed_distance
from sm_jax.body.io import load_body
from tests.body.models import rest_motion


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


@jax.jit
def distance_to_union(body, motion):
    posed = smpl.pose(body, motion)
    start, end, radius = capsules(body, posed)
    return signed_distance(smpl.vertices(body, posed), start, end, radius[:, None]).min(-1)


@pytest.mark.parametrize("beta", [None, 0, 2, 3])
def test_union_follows_the_skin_to_a_centimetre(body, beta):
    betas = jnp.zeros((2, 10)) if beta is None else jnp.zeros((2, 10)).at[:, beta].set(1.5)
    assert np.abs(distance_to_union(body, dataclasses.replace(rest_motion(T=1), betas=betas))).mean() < 0.012


def test_left_and_right_are_alike(body):
    radius = dict(zip(NAMES, np.asarray(body.capsules.radius), strict=True))
    for name in NAMES:
        if name.startswith("left_"):
            assert radius[name] == pytest.approx(radius[name.replace("left_", "right_")], abs=2e-3)
