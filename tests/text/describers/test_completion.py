"""What servers answer, read without one; with one: test_openai.py."""

import json

import pytest

from sm_jax.text.describers.completion import Complaint, Completion, NoCompletion, read_answer
from sm_jax.text.description_json import BadReply


def test_a_completion():
    message = {"role": "assistant", "content": "They hug."}
    body = {"choices": [{"message": message}], "usage": {"prompt_tokens": 900, "completion_tokens": 80}}
    assert read_answer(200, json.dumps(body)) == Completion("They hug.", cut=False, tokens=(900, 80))
    body = {"choices": [{"message": message, "finish_reason": "length"}]}
    assert read_answer(201, json.dumps(body)) == Completion("They hug.", cut=True, tokens=())


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"content": None}, "no words"),
        ({"content": []}, "no words"),
        ({"content": "", "tool_calls": [{"function": {"name": "look", "arguments": ""}}]}, "no words"),
        ({"content": "I", "refusal": "I will not."}, "a refusal: I will not."),
    ],
)
def test_a_completion_without_words(message, words):
    with pytest.raises(BadReply, match=words):
        read_answer(200, json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}))


def test_why_there_are_no_words():
    with pytest.raises(BadReply, match="no words .content_filter."):
        read_answer(200, json.dumps({"choices": [{"message": {}, "finish_reason": "content_filter"}]}))


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "7", '"hello"', "hello", "[" * 100_000, '{"choices": []}', "data: [DONE]"]
)
def test_what_is_neither(body):
    with pytest.raises(NoCompletion):
        read_answer(200, body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"error": {"message": "no"}}', "no"),
        ('{"error": "no"}', "no"),
        ('{"detail": [{"loc": ["body", "stream"], "msg": "no"}]}', "body.stream: no"),
        ('{"errors": [{"message": "no"}, {"message": "never"}]}', "no; never"),
        ('{"message": "no"}', "no"),
        ("<html><script>alert(1)</script><b>no &amp; never</b></html>", "no & never"),
        ("no", "no"),
        ("", "without a word"),
        ("<" * 100_000, ""),
        ("<script" * 20_000, ""),
    ],
)
def test_the_words_of_a_complaint(body, words):
    answer = read_answer(418, body)
    assert isinstance(answer, Complaint) and (answer.status, answer.label) == (418, "status 418")
    assert " ".join(answer.words.split()) == words or not words


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": "503", "message": "no"}, 503),
        ({"code": 1301, "message": "no"}, 400),
        ({"type": "rate_limit_error"}, 429),
        ({"message": "Too many requests"}, 429),
        ({"message": "the model is loading"}, 503),
        ({"type": "timeout_error"}, 504),
        ({"code": "invalid_api_key"}, 401),
        ({"type": "internal_server_error"}, 500),
        ("model eyes not found", 404),
    ],
)
def test_the_status_of_an_error_under_status_200(error, status):
    answer = read_answer(200, json.dumps({"error": error}))
    assert isinstance(answer, Complaint) and answer.status == status


def test_a_limit_of_tokens_a_minute_is_no_limit_of_a_request():
    answer = read_answer(429, json.dumps({"error": {"message": "Limit 30000 tokens per minute"}}))
    assert isinstance(answer, Complaint) and answer.remedy is None
