"""summary.json is plain JSON and says what was seen."""

import dataclasses
import json

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body.skeleton import JOINTS
from sm_jax.export import summary
from sm_jax.types import Contact, Description

DESCRIPTION = Description(text="They hug.", contacts=(Contact(region_a="hand", region_b="back", end=7),), source="text")


def test_every_joint_belongs_to_one_part():
    assert sorted(name for names in summary.PARTS.values() for name in names) == sorted(JOINTS)


def test_coverage_by_hand(content):
    first, second = summary.coverage(content.visibility, content.infilled)
    assert first["left_arm"] == {"visibility": round(1 - 6 / 28, 4), "infilled": round(6 / 28, 4)}
    assert first["all"]["infilled"] == round(6 / (7 * 24), 4)
    assert first["right_arm"] == second["left_arm"] == {"visibility": 1, "infilled": 0}


def test_written_and_read(content, tmp_path):
    made = summary.summarise(
        content,
        DESCRIPTION,
        seconds={"perception": 1.5, "infiller": 2.0},
        energies_before={"contact": np.float32("nan"), "ground": jnp.ones(())},
        energies_after={"contact": 0.25, "ground": np.float64(0.5)},
        energies_meaning={"contact": "gap", "ground": "height", "shape": "not asked for"},
        share=np.array([1.0, 0.67]),
        measures={"jitter": {"before": np.float32(2.0), "after": None}},
        command="sm-jax reconstruct clip.mp4",
        hypotheses=[{"total": np.float32(2.0), "ground": 1.0}, {"total": np.float32(0.5), "ground": 0.5}],
    )
    summary.save_summary(tmp_path / "summary.json", made)
    read = json.loads((tmp_path / "summary.json").read_text(), parse_constant=pytest.fail)
    assert read["energies"].pop("compared").startswith("before: of the first estimate")
    assert read["energies"] == {
        "meaning": {"contact": "gap", "ground": "height"},
        "before": {"contact": None, "ground": 1.0},
        "after": {"contact": 0.25, "ground": 0.5},
        "hypotheses": [{"total": 2.0, "ground": 1.0}, {"total": 0.5, "ground": 0.5}],
    }
    assert read["body"] == "open-low" and "open body" in read["body_terms"]
    assert read["seconds"] == {"perception": 1.5, "infiller": 2.0, "total": 3.5}
    assert read["description"]["contacts"][0]["region_b"] == "back" and read["description"]["text"] == "They hug."
    far = read["camera"].pop("people_m_away")
    assert read["camera"] == {
        "focal_px": 300, "principal_point_px": [120, 100], "image_size": [240, 200], "moving": None
    }  # fmt: skip
    for one in far:
        assert one["least"] == pytest.approx(0.94 * one["median"]) and one["most"] == pytest.approx(
            1.06 * one["median"]
        )
    assert read["warnings"] == []
    whole, part = read["returned_to_the_estimate"]
    assert whole.startswith("person 0: no,") and part.startswith("person 1: by 33%,")
    assert read["share_of_models_motion"] == [1.0, 0.67] and read["command"] == "sm-jax reconstruct clip.mp4"
    assert read["measures"] == {"jitter": {"before": 2.0, "after": None}}
    assert read["frames"] == 7 and read["provenance"]["seed"] == 3


def summarised(content):
    return summary.summarise(
        content, DESCRIPTION, seconds={}, energies_before={}, energies_after={},
        energies_meaning={}, share=np.zeros(2), measures={},
    )  # fmt: skip


def test_a_moving_camera_is_called_moving(content):
    moved = dataclasses.replace(content.camera, t=content.camera.t + np.arange(7)[:, None])
    made = summarised(dataclasses.replace(content, camera=moved))
    assert made["camera"]["moving"] and made["returned_to_the_estimate"][0].startswith("person 0: altogether,")


def test_what_the_pictures_say_of_camera_and_distance_is_believed(content):
    """A camera that is taken as standing and was seen to move; a focal length that is a guess."""
    for moved, moves in ((0.03, True), (0.001, False), (None, None)):
        said = {"camera_moved": moved, "focal_is_heuristic": True, "remarks": ["the camera moves"]}
        made = summarised(dataclasses.replace(content, provenance=content.provenance | said))
        assert made["camera"]["moving"] is moves and made["warnings"] == ["the camera moves"]
        for one in made["camera"]["people_m_away"]:
            assert one["least"] == pytest.approx(0.44 * one["median"]) and one["most"] == pytest.approx(
                1.56 * one["median"]
            )


def test_what_has_no_place_is_refused(tmp_path):
    with pytest.raises(TypeError, match="set"):
        summary.save_summary(tmp_path / "summary.json", {"a": {1, 2}})
    assert not list(tmp_path.iterdir())
