"""What a chat server answers: a model's words, or a complaint.

Servers of OpenAI's chat protocol, and the gateways before them, stream, wrap and phrase both in ways of their own. What
can be read in one way only is read.
"""

import contextlib
import dataclasses
import html
import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from sm_jax.text.description_json import BadReply, holds_description, one_line

_DEPTH = 4  # of wrappers around a completion
_LONGEST_COMPLAINT = 8_000  # characters that are looked at


class NoCompletion(Exception):
    """An answer that is neither a completion nor a complaint."""


@dataclasses.dataclass(frozen=True)
class Complaint:
    """status: HTTP's, or what an error under status 200 says of itself, or its words mean.  label: which of them, for
    people.  words: of the complaint itself.  body: all that came, in which options are named."""

    status: int
    label: str
    words: str
    body: str

    @property
    def remedy(self) -> str | None:
        """What the user can do about it, where the words tell. Asking again as before is in vain then."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return None  # it may well speak of tokens: a minute's
        return next((remedy for pattern, remedy in _REMEDIES if pattern.search(self.words)), None)


@dataclasses.dataclass(frozen=True)
class Completion:
    """words: of the model, not empty.  cut: whether they end at the limit of tokens.  tokens: read and written, where
    the server counts them, else fewer."""

    words: str
    cut: bool
    tokens: tuple[int, ...]


def read_answer(status: int, body: str) -> Completion | Complaint:
    """What an answer holds. Raises BadReply for a completion without words, NoCompletion for what is neither."""
    content = _parsed(body)
    if not 200 <= status < 300:
        return Complaint(status, f"status {status}", _words_of_error(_error_in(content) or content, body), _plain(body))
    if (error := _error_in(content)) is not None:
        words = _words_of_error(error, body)
        said = _status_in(error) or (_status_in(content) if isinstance(content, Mapping) else None)
        label = f"an error of status {said}" if said else "an error"
        return Complaint(said or _status_meant(error), label, words, _plain(body))
    completion = _completion_in(content)
    if completion is None:
        raise NoCompletion(one_line(_plain(body), 160) or "nothing")
    return completion


def _parsed(body: str) -> Any:
    """The JSON of a body, the events of a stream joined into one completion; None where it is neither."""
    try:
        return json.loads(body)
    except RecursionError:
        return None
    except ValueError:
        events = list(_events(body))
    if failed := [event for event in events if _error_in(event) is not None]:
        return failed[0]
    return _joined(events) if events else None


def _events(body: str) -> Iterator[Any]:
    """The JSON values of server-sent events, or of lines that are JSON objects each."""
    for line in body.split("\n"):
        if line.startswith(("data:", "{")):
            with contextlib.suppress(ValueError, RecursionError):  # [DONE], or cut off
                yield json.loads(line.removeprefix("data:"))


def _joined(events: list[Any]) -> dict[str, Any]:
    """One completion of the pieces of a stream."""
    words, refusal, calls, finish, usage = "", "", {}, None, None
    for event in filter(lambda event: isinstance(event, Mapping), events):
        choice = _choice_in(event) or event
        message = _message_in(choice)
        words, refusal = words + _words_in(choice), refusal + _text(message.get("refusal"))
        for call in _mappings(message.get("tool_calls")):
            number = str(call.get("index", 0))
            calls[number] = calls.get(number, "") + "".join(_arguments([call]))
        finish, usage = _finish(choice, event) or finish, event.get("usage") or usage
    tools = [{"arguments": arguments} for arguments in calls.values()]
    message = {"content": words, "tool_calls": tools, "refusal": refusal}
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": usage}


def _completion_in(content: Any, depth: int = _DEPTH) -> Completion | None:
    """The completion that a value is, or the only one that it wraps."""
    if not isinstance(content, Mapping) or depth == 0:
        return None
    if (choice := _choice_in(content)) is not None:
        return _completion(choice, content)
    if isinstance(content.get("description"), str):  # the model's JSON itself
        return Completion(json.dumps(content), cut=False, tokens=())
    if _words_in(content) or _calls_in(content):
        return _completion(content, content)
    found = [_completion_in(inner, depth - 1) for inner in map(_only, content.values()) if inner is not None]
    found = [each for each in found if each is not None]
    return found[0] if len(found) == 1 else None


def _completion(choice: Mapping[str, Any], around: Mapping[str, Any]) -> Completion:
    message, finish = _message_in(choice), _finish(choice, around)
    words = _answer(_words_in(choice), _calls_in(choice))
    if refusal := message.get("refusal"):
        raise BadReply(one_line(f"no words but a refusal: {refusal}", 160))
    if not words:
        raise BadReply(one_line(f"no words ({finish})" if finish and finish != "stop" else "no words", 160))
    usage = around.get("usage")
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")] if isinstance(usage, Mapping) else []
    return Completion(
        words=words.encode(errors="replace").decode(),  # JSON can hold half a character, and nothing else can
        cut=finish in ("length", "max_tokens", "MAX_TOKENS"),
        tokens=tuple(count for count in counts if isinstance(count, int)),
    )


def _answer(words: str, calls: list[str]) -> str:
    """What is meant by words and the arguments of calls: the words, unless a call alone holds a description."""
    if holds_description(words):
        return words
    telling = [call for call in calls if holds_description(call)]
    if len(telling) > 1:
        raise BadReply(f"{len(telling)} calls hold a description; answer with one")
    return telling[0] if telling else words or (calls[0] if len(calls) == 1 else "")


def _choice_in(content: Any) -> Mapping[str, Any] | None:
    choices = content.get("choices") if isinstance(content, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, Mapping) else None


def _message_in(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = (choice.get(name) for name in ("message", "delta"))
    return next((each for each in inner if isinstance(each, Mapping)), choice)


def _words_in(choice: Mapping[str, Any]) -> str:
    message = _message_in(choice)
    names = ("content", "text", "response", "output_text", "generated_text")
    return next((words for name in names if (words := _text(message.get(name)))), "")


def _text(value: Any) -> str:
    """Text, the texts of parts, or an object that was to be text."""
    if isinstance(value, list):
        return "".join(_text(part) for part in value)
    if isinstance(value, Mapping):
        inner = value.get("text", value.get("value"))
        return json.dumps(value, ensure_ascii=False) if "description" in value else _text(inner)
    return value if isinstance(value, str) else ""


def _calls_in(choice: Mapping[str, Any]) -> list[str]:
    """The arguments of each call of a tool, as JSON."""
    message = _message_in(choice)
    return _arguments([message.get("function_call"), *_list(message.get("tool_calls")), *_list(message.get("content"))])


def _arguments(calls: list[Any]) -> list[str]:
    functions = _mappings([call.get("function", call) for call in _mappings(calls)])
    found = [function.get("arguments") or function.get("input") for function in functions]
    return [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in found if each]


def _finish(choice: Mapping[str, Any], around: Any) -> str | None:
    """Why the model stopped, under the names that servers have for it."""
    places = (choice, around if isinstance(around, Mapping) else {})
    reasons = (place.get(name) for place in places for name in ("finish_reason", "stop_reason", "done_reason"))
    return next((reason for reason in reasons if isinstance(reason, str)), None)


def _error_in(content: Any, depth: int = _DEPTH) -> Any | None:
    """What in an answer says that it is an error, whatever its status."""
    content = _only(content)
    if content is None or depth == 0:
        return None
    for name in ("error", "errors"):
        if error := content.get(name):
            return content if error is True else error
    if choice := _choice_in(content):
        return choice.get("error") or None
    if content.get("object") == "error" or content.get("type") == "error" or content.get("success") is False:
        return content
    if not _words_in(content) and any(isinstance(content.get(name), str) for name in ("message", "msg", "detail")):
        return content
    wrapped = [error for inner in content.values() if (error := _error_in(inner, depth - 1)) is not None]
    return wrapped[0] if len(wrapped) == 1 and len(content) == 1 else None


def _status_in(error: Any) -> int | None:
    """The HTTP status that an error names."""
    names = ("code", "status", "status_code", "statusCode", "http_code", "http_status")
    for value in ((_only(error) or {}).get(name) for name in names):
        if isinstance(value, int | str) and re.fullmatch(r"[45]\d\d", str(value)):
            return int(value)
    return None


def _status_meant(error: Any) -> int:
    """The HTTP status that fits an error best which names none."""
    words = json.dumps(error)
    return next((status for pattern, status in _MEANINGS if pattern.search(words)), HTTPStatus.BAD_REQUEST)


def _words_of_error(error: Any, body: str) -> str:
    return (_sentence(error) or _plain(body))[:_LONGEST_COMPLAINT].strip() or "without a word"


def _sentence(error: Any, depth: int = _DEPTH) -> str:
    """The words in a complaint, which has no one form."""
    if isinstance(error, str) or depth == 0:
        return str(error)
    if isinstance(error, list):
        return "; ".join(_sentence(each, depth - 1) for each in error[:3])
    if not isinstance(error, Mapping):
        return ""
    names = ("message", "msg", "detail", "error", "errors", "error_description", "description", "reason", "title")
    words = next((words for name in names if (words := _sentence(error.get(name), depth - 1))), "")
    place, metadata = error.get("loc"), error.get("metadata")
    if isinstance(place, list):  # of a value in the request
        words = f"{'.'.join(map(str, place))}: {words}"
    if isinstance(metadata, Mapping) and isinstance(metadata.get("raw"), str):  # what a gateway was told
        words = f"{words}: {metadata['raw']}"
    return words


def _plain(body: str) -> str:
    """A body's words, without the marks of a web page."""
    body = body[:_LONGEST_COMPLAINT]
    page = body.lstrip().startswith("<")
    return html.unescape(re.sub(r"<(script|style)\b.*?</\1>|<[^<>]*>", " ", body, flags=re.DOTALL)) if page else body


def _only(value: Any) -> Mapping[str, Any] | None:
    """An object, or the only one of an array."""
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    return value if isinstance(value, Mapping) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in _list(value) if isinstance(each, Mapping)]


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE | re.VERBOSE)


_MANY = (
    r"(?:too\W+(?:many|much|long|large|big)|at\W+most|up\W+to|max(?:imum)?|limit\w*|exceed\w*|more\W+than|fewer"
    r"|only\W+(?:one|\d)|reduce\w*)"
)
_IMAGES = r"(?:image|picture|photo|media|attachment|multi-?modal)"
_REMEDIES = (
    (
        _pattern(r"api[ _-]?key | unauthori[sz]ed | authenticat | credential"),
        "check the key: --api-key or OPENAI_API_KEY",
    ),
    (_pattern(r"at\W+most\W+0\W | limit\W+(?:is|of)\W+0\W"), "name a model that takes pictures with --model"),
    (_pattern(rf"\b{_MANY}\b.{{0,60}}{_IMAGES} | {_IMAGES}.{{0,60}}\b{_MANY}\b"), "send fewer pictures with --images"),
    (
        _pattern(
            rf"max_(?:completion_|new_|output_)?tokens | \b{_MANY}\b.{{0,80}}\btokens?\b"
            rf"| \btokens?\b.{{0,80}}\b{_MANY}\b | context[ _](?:length|window|size|limit) | n_ctx"
            r"| (?:prompt|input|request|message)s?\W+(?:is\W+|are\W+)?too\W+l"
        ),
        "ask for fewer with --max-tokens, or send fewer pictures with --images",
    ),
    (_pattern(r"quota | billing | balance | payment | \bcredits?\b"), "check your account and its quota"),
)
_MEANINGS = (
    (_pattern(r"rate.?limit | too.?many.?requests | throttl"), 429),
    (_pattern(r"overload | unavailable | \bbusy\b | capacity | loading | try.again | temporar"), 503),
    (_pattern(r"time[d_ -]*out"), 504),
    (_pattern(r"api.?key | unauthori[sz]ed | authenticat"), 401),
    (_pattern(r"permission | forbidden"), 403),
    (_pattern(r"not.?found | no.such | does.not.exist"), 404),
    (_pattern(r"internal | server.?error | api_error"), 500),
)
