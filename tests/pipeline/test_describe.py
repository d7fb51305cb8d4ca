import json

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.errors import UserError
from sm_jax.geometry.camera import project_points
from sm_jax.motion.resample import resample
from sm_jax.perception.observation_file import save_observation
from sm_jax.pipeline.describe import describe_input, lines
from sm_jax.text.clip_frames import ClipFrames
from sm_jax.text.describers import from_user, rules
from sm_jax.types import Contact, Description, Phase
from tests.motion.motions import front_camera, observe, random_motion

SAID = Description(
    text="They shake hands.",
    phases=(Phase(text="They meet.", start=0, end=15),),
    contacts=(
        Contact(region_a="hand", side_a="right", region_b="upper_arm", person_a=1, start=15, end=30, confidence=0.85),
    ),
    source="text",
)


@pytest.fixture
def seen(tmp_path):
    body, camera = load_body("open-low"), front_camera(40)
    motion = resample(random_motion(frames=4), jnp.linspace(0.0, 3.0, 40))
    pixels, _ = project_points(camera, smpl.keypoints(body, smpl.pose(body, motion)))
    save_observation(tmp_path / "seen.npz", observe(motion, camera, pixels))
    return str(tmp_path / "seen.npz")


def test_a_description_to_read():
    frames = ClipFrames(index=np.arange(0, 30), fps=30.0, start=0.1)
    assert list(lines(SAID, frames)) == [
        "They shake hands.",
        "    0.10 –  0.60 s, frames 0 – 15  They meet.",
        "contacts:",
        "    0.60 –  1.10 s, frames 15 – 30  person 1's right hand – person 0's upper arm  85% sure, from your text",
    ]
    assert list(lines(Description(text="They wait.", source="text"), frames)) == ["They wait.", "contacts: none"]


def test_what_is_written_is_what_is_said_again(seen, tmp_path, capsys):
    def describe(describer, out, overwrite=False):
        describe_input(seen, describer, out=out, body_name="open-low", focal=None, overwrite=overwrite)
        return capsys.readouterr().out

    first, second = tmp_path / "first.json", tmp_path / "second.json"
    printed = describe(rules.describe, first)
    content = json.loads(first.read_text())
    assert content["source"] == "rules" and content["text"] == printed.splitlines()[0]
    assert describe(from_user.from_file(first), second) == printed.replace("from rules", "from your text")
    assert json.loads(second.read_text()) == content | {"source": "text"}
    with pytest.raises(UserError, match="first.json exists"):
        describe(rules.describe, first)
    describe(from_user.describe_sentence("They wait."), first, overwrite=True)
    assert json.loads(first.read_text())["text"] == "They wait."
    with pytest.raises(UserError, match="ends in .json"):
        describe(rules.describe, tmp_path / "said.txt")


def test_what_is_nested_too_deeply_is_no_description_of_ours(tmp_path):
    (tmp_path / "said.json").write_text("[" * 100_000)
    with pytest.raises(UserError, match="holds something that sm-jax did not write"):
        describe_input(
            "nowhere.mp4", rules.describe, out=tmp_path / "said.json", body_name="open-low", focal=None, overwrite=True
        )
