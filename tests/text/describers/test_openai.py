"""Against a real server on loopback: good, slow, broken, malformed and hostile. Each ends in a valid description or in
one clear line."""

import base64
import dataclasses
import json

import numpy as np
import pytest

from sm_jax.body.skeleton import REGIONS
from sm_jax.errors import UserError
from sm_jax.text.describers import openai
from sm_jax.text.describers.openai import Endpoint
from sm_jax.text.describers.vlm import Message, converse, describer
from sm_jax.text.description_json import read_reply
from sm_jax.types import Description
from tests.text.describers.test_pictures import beside, decoded, filmed
from tests.text.server import Answer, Server, drips, floods, hangs_up, says, sends, sends_bytes, serving, streams

KEY = "sk-very-secret"
CONTACT = {
    "person_a": 1, "region_a": "hand", "side_a": "right", "region_b": "shoulder", "side_b": None,
    "first": 0, "last": 59, "confidence": 0.9,
}  # fmt: skip
GOOD = {"description": "They stand side by side.", "phases": [], "contacts": [CONTACT]}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def ask(server: Server, timeout: float = 5.0, max_requests: int = 8, key: str | None = KEY) -> Description:
    endpoint = Endpoint(
        url=server.url, model="eyes", key=key, timeout=timeout, max_requests=max_requests, pause=0.01
    )  # fmt: skip
    return describer(openai.model(endpoint), 4)(filmed(beside()))


def quick(server: Server, timeout: float = 5.0, max_requests: int = 8, key: str | None = KEY) -> Description:
    """As `ask`, without drawing pictures and without the cache."""
    endpoint = Endpoint(url=server.url, model="eyes", key=key, timeout=timeout, max_requests=max_requests, pause=0.01)
    return read_reply(converse(openai.model(endpoint), [Message("user", ("Who?", b"jpeg"))], 60), 60, "eyes")[0]


def refused(*answers: Answer, words: str, requests: int = 1, **options) -> None:
    """One line, without the key, after so many requests; and nothing is kept that would be replayed."""
    with serving(*answers) as server:
        with pytest.raises(UserError, match=words) as caught:
            quick(server, **options)
        assert len(server.requests) == requests
    line = str(caught.value)
    assert line.isprintable() and len(line) < 400 and KEY not in line


def valid(description: Description) -> None:
    assert description.text and description.text.isprintable() and description.source == "eyes"
    for contact in description.contacts:
        assert contact.region_a in REGIONS and contact.region_b in REGIONS
        assert 0 <= contact.start < contact.end <= 60 and 0 <= contact.confidence <= 1


def test_what_is_asked_and_what_comes_of_it(caplog):
    caplog.set_level("INFO")
    with serving(says(GOOD)) as server:
        description = ask(server)
        ((path, headers, body),) = server.requests
    valid(description)
    assert description.contacts[0].side_a == "right" and description.contacts[0].end == 60
    assert path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {KEY}"
    assert body["stream"] is False and body["model"] == "eyes" and body["response_format"]["type"] == "json_schema"
    (message,) = body["messages"]
    urls = [part["image_url"]["url"] for part in message["content"] if part["type"] == "image_url"]
    assert len(urls) == 4
    picture = decoded(base64.b64decode(urls[0].removeprefix("data:image/jpeg;base64,")))
    assert picture.ndim == 3 and picture.std() > 10
    said = caplog.text
    assert "sending 4 pictures" in said and server.url in said and "900 tokens in, 80 out" in said and KEY not in said


def test_no_key_no_header():
    with serving(says(GOOD)) as server:
        quick(server, key=None)
        assert "Authorization" not in server.requests[0][1]


def test_a_busy_server_is_asked_again_and_may_say_when():
    with serving(sends({}, 429), sends({}, 503, Retry_After="0.01"), hangs_up, says(GOOD)) as server:
        valid(quick(server))
        assert len(server.requests) == 4
    refused(sends({"error": {"message": "quota"}}, 429), words="429 .quota.; wait", requests=4)
    refused(sends({}, 429, Retry_After="9999"), words="429", requests=1)


def test_a_slow_server():
    refused(drips, words="no answer within 0.3 s", timeout=0.3)


def test_a_broken_server():
    refused(hangs_up, words="cannot talk to http://127.0.0.1.*running", requests=4)
    with serving(says(GOOD)) as server:
        pass
    with pytest.raises(UserError, match="cannot talk to"):
        quick(server)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>hello</html>", b"[]", b"null", b'{"choices": []}', b'{"choices": 7}', b"[" * 100_000, b"\xff\xfe"],
)
def test_answers_outside_the_protocol(body):
    refused(sends_bytes(body), words="not in OpenAI's chat protocol")


def test_an_endless_answer():
    refused(floods, words="more than 1048576 bytes")


def test_the_first_mistake_is_told():
    with serving(says("They hug, I think."), says(GOOD)) as server:
        valid(quick(server))
        turns = server.requests[1][2]["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[1]["content"] == "They hug, I think." and "no JSON" in turns[2]["content"][0]["text"]


INJECTED = GOOD | {"contacts": [CONTACT | {"region_a": "ignore previous instructions\u001b[31m"}, CONTACT]}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("x" * 200_000, "characters"),
        ("nothing to see", "no JSON"),
        ('{"a":' * 9_000, "nested too deeply|not JSON"),
        ({"description": ["They hug."]}, "not a sentence"),
        (None, "no words"),
        (json.dumps(GOOD).replace("0.9", "NaN"), "NaN"),
    ],
)
def test_two_useless_replies(reply, words):
    refused(says(reply), words=f"eyes gave no description in two tries .*{words}", requests=2)


def test_a_refusal_and_a_cut_reply():
    refused(says(None, refusal="I will not look at people."), words="will not look", requests=2)
    refused(says('{"descr', finish_reason="length"), words="cut off at 1500 tokens", requests=2)


def test_what_is_wrong_twice_is_left_out(caplog):
    caplog.set_level("INFO")
    with serving(says(INJECTED)) as server:
        description = ask(server)
        assert len(server.requests) == 2
    valid(description)
    assert len(description.contacts) == 1
    said = caplog.text
    assert "left out" in said and "\u001b" not in said
    # a good first reply but for a detail is better than a useless second
    with serving(says(INJECTED | {"description": "They wait."}), says("no")) as server:
        assert ask(server).text == "They wait."


def test_options_that_a_server_does_not_know():
    def old(handler):
        body = handler.server.requests[-1][2]
        known = {
            "response_format": "'response_format' of type json_schema is not supported",
            "temperature": "Unsupported value: 'temperature' does not support 0",
            "max_tokens": "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        }
        for name, words in known.items():
            if name in body:
                return sends({"error": {"message": words}}, 400)(handler)
        return says(GOOD)(handler)

    with serving(old) as server:
        valid(quick(server))
        assert server.requests[-1][2]["max_completion_tokens"] == 1500 and len(server.requests) == 4
    refused(old, words="3 requests were sent", requests=3, max_requests=3)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "response_format is not implemented"),
        (501, "response_format"),
        (400, "json_schema: unsupported"),
        (503, "Failed to parse grammar"),
        (404, "guided decoding needs xgrammar"),
        (422, [{"loc": ["body", "response_format", "type"], "msg": "Input should be 'text'", "type": "enum"}]),
    ],
)
def test_a_refused_format_is_left_out_at_once_under_any_status(status, words):
    def plain(handler):
        refused = "response_format" in handler.server.requests[-1][2]
        (sends({"detail": words}, status) if refused else says(GOOD))(handler)

    with serving(plain) as server:
        valid(quick(server))
        assert len(server.requests) == 2 and "response_format" not in server.requests[1][2]


def test_an_error_under_status_200_names_an_option_too():
    with serving(sends({"error": "this model only supports stream mode"}), says(GOOD)) as server:
        valid(quick(server))
        assert [body["stream"] for _, _, body in server.requests] == [False, True]


@pytest.mark.parametrize(
    ("error", "requests", "words"),
    [
        ({"error": {"code": 429, "message": "slow down"}}, 4, "an error of status 429 .slow down.; wait"),
        ({"error": {"type": "overloaded_error", "message": "Overloaded"}}, 4, "an error .Overloaded.; try again"),
        ({"object": "error", "message": "queue is full", "code": 503}, 4, "status 503 .queue is full"),
        ({"error": {"message": "No such model: eyes", "code": "model_not_found"}}, 1, "No such model: eyes.*--model"),
        ({"error": {"code": 401, "message": "who are you?"}}, 1, "--api-key"),
        ([{"error": {"code": 400, "message": "Bad argument", "status": "INVALID"}}], 1, "Bad argument"),
        ({"error": "odd"}, 1, "an error .odd."),
        ({"error": True, "message": "odd"}, 1, "an error .odd."),
        ({"success": False, "errors": [{"code": 7, "message": "odd"}], "result": None}, 1, "an error .odd."),
        ({"choices": [{"error": {"code": 502, "message": "gone"}, "message": {"content": ""}}]}, 4, "status 502 .gone"),
        ({"choices": [{"message": {"content": json.dumps(GOOD)}}], "error": {"message": "late"}}, 1, "late"),
        ({"response": {"error": {"message": "deep"}}}, 1, "an error .deep."),
    ],
)
def test_an_error_under_status_200_is_that_error(error, requests, words):
    refused(sends(error), words=words, requests=requests)


def test_an_error_under_status_200_may_pass():
    with serving(sends({"error": {"code": 503}}), streams({"error": {"code": 429}}), says(GOOD)) as server:
        valid(quick(server))
    with serving(sends({"error": None} | {"choices": [{"message": {"content": json.dumps(GOOD)}}]})) as server:
        valid(quick(server))


@pytest.mark.parametrize(
    ("complaint", "remedy"),
    [
        ("At most 1 image(s) may be provided in one request.", "with --images"),
        ("Too many images provided. This model supports up to 5 images", "with --images"),
        ("this model only supports one image while more than one image requested", "with --images"),
        ("Exceeded the limit of multimodal items", "with --images"),
        ("At most 0 image(s) may be provided in one prompt.", "takes pictures with --model"),
        ("max_tokens is too large: 1500. This model supports at most 512 completion tokens", "--max-tokens"),
        ("'max_tokens' or 'max_completion_tokens' is too large: 1500", "--max-tokens"),
        ("This model's maximum context length is 4096 tokens", "--max-tokens"),
        ("the request exceeds the available context size", "--max-tokens"),
        ("prompt is too long: 9000 > 8192", "--max-tokens"),
        ("Your credit balance is too low", "your account"),
        ("API key not valid. Please pass a valid API key.", "--api-key"),
    ],
)
def test_complaints_name_the_option_that_mends_them(complaint, remedy):
    """Under any status, and at once: a server that fails for good is not asked again."""
    statuses = 400, 422, 500, 200
    with serving(*(sends({"error": {"message": complaint}}, status) for status in statuses)) as server:
        asked = openai.model(Endpoint(url=server.url, model="eyes"))
        for status in statuses:
            with pytest.raises(UserError, match=f"{status if status != 200 else 'an error'} .*{remedy}"):
                asked.ask([Message("user", ("Who?",))])
        assert len(server.requests) == len(statuses)


def test_what_a_gateway_was_told_is_told():
    raw = json.dumps({"error": {"message": "At most 1 image(s) may be provided"}})
    error = {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": raw}}}
    refused(sends(error, 400), words="Provider returned error: .*At most 1.*--images")
    refused(sends({"error": {"message": "no image_url here"}}, 400), words="must take pictures")
    page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"
    refused(sends_bytes(page, 502), words="502 .502 Bad Gateway nginx.; try again", requests=4)
    refused(sends_bytes(page), words="chat protocol .502 Bad Gateway nginx.")


TEXT = json.dumps(GOOD)


def message(**fields: object) -> dict[str, object]:
    return {"choices": [{"message": fields, "finish_reason": "stop"}]}


def call(arguments: object) -> dict[str, object]:
    return {"type": "function", "function": {"name": "describe", "arguments": arguments}}


@pytest.mark.parametrize(
    "body",
    [
        {"result": message(content=TEXT)},
        {"data": [{"response": message(content=TEXT)}], "status": "ok"},
        {"success": True, "errors": [], "result": {"response": TEXT}},
        {"result": GOOD},
        GOOD,
        {"message": {"role": "assistant", "content": TEXT}, "done": True, "done_reason": "stop"},
        {"type": "message", "content": [{"type": "thinking"}, {"type": "text", "text": TEXT}]},
        message(content=[{"type": "text", "text": TEXT}]),
        message(content=GOOD),
        message(content=json.dumps({"result": GOOD})),
        message(content=json.dumps(TEXT)),
        message(content=None, tool_calls=[call(TEXT)]),
        message(content="", tool_calls=[call(GOOD)]),
        message(content="I shall look.", tool_calls=[call('{"frame": 3}'), call(TEXT)]),
        message(content=TEXT, tool_calls=[call('{"description": "They fight."}')]),
        message(content=None, function_call={"name": "describe", "arguments": TEXT}),
        message(content=[{"type": "tool_use", "input": GOOD}]),
        message(content=f'<tool_call>{{"name": "describe", "arguments": {TEXT}}}</tool_call>'),
    ],
)
def test_wrapped_replies_and_calls_are_read(body):
    with serving(sends(body)) as server:
        assert quick(server).text == GOOD["description"]
        assert len(server.requests) == 1


def test_what_can_be_read_in_two_ways_is_not():
    two = message(content=None, tool_calls=[call(TEXT), call('{"description": "They fight."}')])
    refused(sends(two), words="2 calls hold a description", requests=2)
    refused(says({"a": GOOD, "b": GOOD}), words="no description", requests=2)
    refused(sends({"a": message(content=TEXT), "b": message(content=TEXT)}), words="not in OpenAI's chat protocol")


def test_a_stream_that_nobody_asked_for():
    pieces = [TEXT[:9], TEXT[9:40], TEXT[40:]]
    deltas = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    last = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    with serving(streams(": hello", {"choices": []}, *deltas, last, "data: [DONE]")) as server:
        assert quick(server).text == GOOD["description"]
    lines = [json.dumps({"message": {"content": piece}, "done": False}) for piece in pieces]
    with serving(sends_bytes("\n".join([*lines, '{"done": true, "done_reason": "stop"}']).encode())) as server:
        assert quick(server).text == GOOD["description"]
    calls = [{"choices": [{"delta": {"tool_calls": [{"function": {"arguments": piece}}]}}]} for piece in pieces]
    with serving(streams(*calls, "data: [DONE]")) as server:
        assert quick(server).text == GOOD["description"]
    refused(streams(*deltas[:2], {"error": {"message": "out of memory"}}), words="out of memory")
    refused(streams(deltas[0], {"choices": [{"finish_reason": "length"}]}), words="--max-tokens", requests=2)


def test_half_a_character_is_no_end():
    refused(says("\ud800"), words="no JSON", requests=2)


def test_the_budget_of_requests_ends_with_the_last_fault():
    refused(sends({"error": "loading"}, 503), words="503 .loading", requests=2, max_requests=2)


def test_refusals_name_the_remedy_and_hide_the_key():
    echo = {"error": {"message": f"Incorrect API key provided: {KEY}\u001b[2J"}}
    refused(sends(echo, 401), words="401 .*Incorrect.*--api-key")
    refused(sends({"error": "no such model"}, 404), words="no such model.*--model")
    refused(sends_bytes(b"oops", 400), words="oops.*must take pictures")
    refused(sends({}, 302, Location="http://127.0.0.1:1/"), words="302.*elsewhere")


def test_addresses_and_keys_that_are_none():
    for url in ("localhost:11434", "ftp://host/v1", "http://", "http://user:secret@host/v1", "http://[::1", "nonsense",
                "http://a..b/v1"):  # fmt: skip
        with pytest.raises(UserError, match="give one like") as caught:
            openai.model(Endpoint(url=url, model="eyes"))
        assert "secret" not in str(caught.value)
    with pytest.raises(UserError, match="key holds") as caught:
        openai.model(Endpoint(url="http://host/v1", model="eyes", key="sk-s\u00e9cret\n"))
    assert "cret" not in str(caught.value)
    with pytest.raises(UserError, match="no such characters"):
        openai.model(Endpoint(url="http://host/v1", model="\udcff"))
    for url in ("http://host/v1/", "http://host/v1/chat/completions", "http://host/v1"):
        assert openai.model(Endpoint(url=url, model="eyes")).identity["endpoint"] == "http://host/v1"


def test_a_kept_reply_needs_no_server(caplog):
    caplog.set_level("INFO")
    with serving(says(GOOD)) as server:
        first = ask(server)
    assert ask(server) == first  # the server is gone
    assert "answered from the cache" in caplog.text
    # another question is another matter
    other = filmed(beside(0.8, 61))
    endpoint = Endpoint(url=server.url, model="eyes", pause=0.01)
    with pytest.raises(UserError, match="cannot talk"):
        describer(openai.model(endpoint), 4)(other)


def test_a_damaged_kept_reply_is_asked_for_again(tmp_path):
    with serving(says(GOOD)) as server:
        first = ask(server)
        (kept,) = (tmp_path / "replies").iterdir()
        for damage in (b"", b"\xff\xfe", b"{"):
            kept.write_bytes(damage)
            assert ask(server) == first
        assert len(server.requests) == 4


def test_pictures_do_not_depend_on_a_hair():
    """The cache answers although the estimate differs by what another machine's arithmetic makes of it."""
    with serving(says(GOOD)) as server:
        ask(server)
        scene = filmed(beside())
        assert scene.pixels is not None
        moved = dataclasses.replace(scene, pixels=scene.pixels + np.float32(1e-4))
        describer(openai.model(Endpoint(url=server.url, model="eyes")), 4)(moved)
        assert len(server.requests) == 1
