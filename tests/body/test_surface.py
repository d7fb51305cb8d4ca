import itertools

import numpy as np
import pytest

from sm_jax.body import skeleton
from sm_jax.body.io import PACKAGED, load_body


@pytest.mark.parametrize("name", PACKAGED)
def test_every_region_has_points_on_its_own_side(name):
    body = load_body(name)
    region, position = np.asarray(body.surface_region), np.asarray(body.v_template)[np.asarray(body.surface_index)]
    assert len(set(np.asarray(body.surface_index).tolist())) == 256
    for i, sided in enumerate(skeleton.SIDED_REGIONS):
        mine = position[region == i]
        assert len(mine) >= 3, sided
        if sided.startswith("left_"):
            assert (mine[:, 0] > 0).all(), sided
        if sided.startswith("right_"):
            assert (mine[:, 0] < 0).all(), sided


@pytest.mark.parametrize("name", PACKAGED)
def test_regions_lie_where_anatomy_has_them(name):
    body = load_body(name)
    region, position = np.asarray(body.surface_region), np.asarray(body.v_template)[np.asarray(body.surface_index)]
    centre = {sided: position[region == i].mean(0) for i, sided in enumerate(skeleton.SIDED_REGIONS)}
    assert centre["chest"][2] > centre["back"][2] + 0.1
    heights = ["left_foot", "left_shin", "left_thigh", "left_buttock", "waist", "chest", "neck", "head"]
    assert all(centre[a][1] < centre[b][1] for a, b in itertools.pairwise(heights))
    assert centre["belly"][2] > centre["left_buttock"][2] + 0.1 and centre["belly"][1] < centre["chest"][1]
    arms = ["left_shoulder", "left_upper_arm", "left_forearm", "left_hand"]
    assert all(centre[a][0] < centre[b][0] for a, b in itertools.pairwise(arms))
