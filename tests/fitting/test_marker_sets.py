import numpy as np
import pytest

from sm_jax.body.assets import load_body
from sm_jax.body.skeleton import JOINTS
from sm_jax.errors import UserError
from sm_jax.fitting import marker_sets


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


def test_markers_sit_on_the_skin_near_their_site(body):
    placed = marker_sets.place(body, list(marker_sets.SITES))
    point = np.asarray(body.joint_template)[placed.joint] + placed.offset
    skin = np.linalg.norm(np.asarray(body.v_template)[None] - point[:, None], axis=-1).min(axis=1)
    np.testing.assert_allclose(skin, 0, atol=1e-6)
    sites = np.array([site for _, site in marker_sets.SITES.values()])
    assert np.linalg.norm(placed.offset - sites, axis=-1).max() < 0.06


def test_sides_mirror_each_other(body):
    placed = marker_sets.place(body, list(marker_sets.SITES))
    for i, label in enumerate(placed.labels):
        if label.startswith("L"):
            j = placed.labels.index("R" + label[1:])
            assert JOINTS[placed.joint[j]] == JOINTS[placed.joint[i]].replace("left", "right")
            np.testing.assert_allclose(placed.offset[j], placed.offset[i] * [-1, 1, 1], atol=0.04)


def test_actors_other_names_and_strangers(body):
    known = [label for label in marker_sets.SITES if label not in ("LFRM", "LTIB", "RBAC")]
    labels = ["Anna:LFRA", "Prop1", *(f"Anna:{label}" for label in known), "anna:lshn"]
    placed = marker_sets.place(body, labels)
    assert len(placed.labels) == len(labels) - 1 and "Prop1" not in placed.labels
    assert placed.column[0] == 0 and placed.column[1] == 2
    assert JOINTS[placed.joint[0]] == "left_elbow" and JOINTS[placed.joint[-1]] == "left_knee"


def test_sites_of_ones_own(body):
    labels = [f"m{i}" for i in range(12)]
    placed = marker_sets.place(body, labels, dict.fromkeys(labels, ("head", (0.0, 0.1, 0.1))))
    assert len(placed.labels) == 12 and {JOINTS[j] for j in placed.joint} == {"head"}


def test_too_few_known_markers_are_refused(body):
    with pytest.raises(UserError, match="only 1 of the markers LFHD, x, y are of a known set"):
        marker_sets.place(body, ["LFHD", "x", "y"])
