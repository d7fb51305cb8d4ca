import dataclasses
import json

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.text.describers.pictures import show
from sm_jax.text.describers.vlm import Message, Model, describer, memory, question, widened
from sm_jax.text.description_json import BadReply
from sm_jax.types import Contact, Description, Phase
from tests.text.describers.test_pictures import beside, filmed

HUG = json.dumps({"description": "They hug."})


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path))


def model(*replies: str | BadReply, **identity: object) -> tuple[Model, list[int]]:
    """A model that gives these replies, and how long each conversation was."""
    left, lengths = list(replies), []

    def ask(messages):
        lengths.append(len(messages))
        reply = left.pop(0)
        if isinstance(reply, BadReply):
            raise reply
        return reply

    return Model(name="eyes", identity={"model": "eyes"} | identity, ask=ask), lengths


def test_pictures_stand_between_their_numbers():
    scene = filmed(beside())
    shown = show(scene, 3)
    (message,) = question(scene, shown)
    assert message.role == "user" and len(message.parts) == 7
    assert [isinstance(part, bytes) for part in message.parts] == [False, *[False, True] * 3]
    assert message.parts[1] == f"Frame {shown[0].frame}, {shown[0].frame / 30:.2f} s:"


def test_one_more_try_and_no_third():
    asked, lengths = model("nothing", HUG)
    assert describer(asked, 2)(filmed(beside())).text == "They hug." and lengths == [1, 3]
    asked, lengths = model(BadReply("it refuses"), "nothing", other=1)
    with pytest.raises(UserError, match="two tries .*no JSON"):
        describer(asked, 2)(filmed(beside()))
    assert lengths == [1, 3]


def test_what_is_kept_depends_on_all_that_is_asked():
    message = Message("user", ("who?", b"jpeg"))
    first, _ = model()
    paths = {
        memory(first, [message]),
        memory(model(other=1)[0], [message]),
        memory(first, [dataclasses.replace(message, role="assistant")]),
        memory(first, [Message("user", ("who?", b"jpeh"))]),
        memory(first, [Message("user", ("who?jpeg",))]),
        memory(first, [Message("user", (b"who?", "jpeg"))]),
    }
    assert len(paths) == 6 and memory(first, [message]) in paths


def test_a_kept_reply_is_not_asked_for():
    asked, lengths = model(HUG)
    describe = describer(asked, 2)
    assert describe(filmed(beside())) == describe(filmed(beside())) and lengths == [1]


def test_a_cache_that_cannot_be_written_costs_nothing_but_a_line(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path / "file"))
    assert describer(model(HUG)[0], 2)(filmed(beside())).text == "They hug."
    assert "not kept" in caplog.text


def test_spans_reach_half_way_to_the_next_picture():
    def spans(start: int, end: int) -> tuple[int, int]:
        contact = Contact(region_a="hand", region_b="hand", start=start, end=end)
        phase = Phase(text="They wait.", start=start, end=end)
        said = Description(text="They wait.", phases=(phase,), contacts=(contact,), source="eyes")
        found = widened(said, np.array([10, 20, 40]), 60)
        assert (found.phases[0].start, found.phases[0].end) == (found.contacts[0].start, found.contacts[0].end)
        return found.contacts[0].start, found.contacts[0].end

    assert spans(20, 21) == (15, 30)
    assert spans(10, 21) == (0, 30)
    assert spans(20, 41) == (15, 60)
    assert spans(0, 60) == (0, 60)
    assert spans(17, 18) == (15, 30)
