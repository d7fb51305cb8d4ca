import pytest

from sm_jax.errors import UserError
from sm_jax.text.describers import rules
from sm_jax.text.describers.choice import Vision, choose
from tests.text.describers.test_openai import GOOD
from tests.text.describers.test_pictures import beside, filmed
from tests.text.server import says, serving

NAMES = ("OPENAI_BASE_URL", "OPENAI_MODEL", "OPENAI_API_KEY")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_rules_unless_there_is_a_text(tmp_path):
    assert choose(None, None, Vision()) is rules.describe is choose("rules", None, Vision())
    assert choose(None, "They hug.", Vision())(filmed(beside())).text == "They hug."
    (tmp_path / "said.json").write_text('{"text": "They wait."}')
    assert choose("text", str(tmp_path / "said.json"), Vision())(filmed(beside())).text == "They wait."


@pytest.mark.parametrize(
    ("kind", "text", "vision", "words"),
    [
        ("text", None, Vision(), "--text"),
        ("openai", "They hug.", Vision(), "one of the two"),
        ("rules", "They hug.", Vision(), "one of the two"),
        ("openai", None, Vision(), "nothing was sent: .*--endpoint or OPENAI_BASE_URL"),
        ("openai", None, Vision(model="eyes", api_key="key"), "nothing was sent"),
        ("openai", None, Vision(endpoint="http://127.0.0.1:9/v1"), "--model or OPENAI_MODEL"),
        ("openai", None, Vision(images=0), "--images 0"),
        ("openai", None, Vision(timeout=float("nan")), "--timeout nan"),
        ("transformers", None, Vision(), "--model"),
        ("transformers", None, Vision(model="eyes", max_tokens=-1), "--max-tokens -1"),
    ],
)
def test_what_does_not_go_together(kind, text, vision, words):
    with pytest.raises(UserError, match=words):
        choose(kind, text, vision)


def test_a_key_alone_sends_nothing(monkeypatch):
    """Many people have OPENAI_API_KEY set; it names no server."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("OPENAI_MODEL", "eyes")
    with pytest.raises(UserError, match="nothing was sent"):
        choose("openai", None, Vision())


def test_options_go_before_the_environment(monkeypatch):
    with serving(says(GOOD)) as server:
        for name, value in zip(NAMES, (server.url, "eyes", " sk-mine\n"), strict=True):
            monkeypatch.setenv(name, value)
        assert choose("openai", None, Vision())(filmed(beside())).source == "eyes"
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        other = Vision(endpoint=server.url, model="other", api_key="sk-other", images=2)
        assert choose("openai", None, other)(filmed(beside())).source == "other"
        (_, first, _), (_, second, body) = server.requests
    assert first["Authorization"] == "Bearer sk-mine" and second["Authorization"] == "Bearer sk-other"
    assert sum(part["type"] == "image_url" for part in body["messages"][0]["content"]) == 2
