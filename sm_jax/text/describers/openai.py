"""Any server that speaks OpenAI's chat protocol with pictures: hosted ones, vLLM, Ollama, llama.cpp.

Pictures of people leave this machine here, so there is no default address: nothing is sent unless the user named one.
"""

import base64
import dataclasses
import logging
import math
import queue
import random
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

from sm_jax.errors import UserError
from sm_jax.text.describers.completion import Complaint, Completion, NoCompletion, read_answer
from sm_jax.text.describers.connection import connect
from sm_jax.text.describers.vlm import Message, Model
from sm_jax.text.description_json import MOST_CHARACTERS, SCHEMA, BadReply, one_line

try:
    import httpx
    import tenacity
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[vlm]'") from error

_LOGGER = logging.getLogger(__name__)

_MOST_BYTES = 16 * MOST_CHARACTERS  # of an answer, with what stands around the reply
_TRIES = 4  # of one request, where the server is busy or the connection breaks
_LONGEST_WAIT = 60.0  # seconds
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
EXAMPLE = "http://localhost:11434/v1"
_Exchange = tuple[httpx.Response, str]  # what came back, and its words
_FORMAT = {"type": "json_schema", "json_schema": {"name": "description", "schema": SCHEMA, "strict": True}}
_IS_UNKNOWN = r"(?:un(?:supported|recogni[sz]ed|known|expected)|not (?:supported|permitted|allowed)|extra|forbidden)"
# How servers complain of an option that they do not take; of max_tokens some say what they want instead.
_REFUSED = {
    name: re.compile(words, re.IGNORECASE | re.DOTALL)
    for name, words in {
        "response_format": r"response_?format|json_?schema|\bschema\b|grammar|guided|structured.?output|json.?mode",
        "temperature": r"temperature",
        "stream": r"""["'`]stream["'`]|\bstream (?:mode|param|must|is)|(?:only|not) supports? stream|non.stream""",
        "max_completion_tokens": rf"{_IS_UNKNOWN}.*max_completion_tokens",
        "max_tokens": rf"max_completion_tokens|{_IS_UNKNOWN}.*max_tokens|max_tokens.*{_IS_UNKNOWN}",
    }.items()
}
_TOO_MANY = re.compile(r"too (?:large|big|high|long)|exceed|context|at most|maximum|greater|less than", re.IGNORECASE)
_ONLY_STREAMS = re.compile(r"only|must|enable|required|non.stream", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoint:
    """url: such as http://localhost:11434/v1.  key: sent as bearer token, and shown nowhere.  timeout: seconds for one
    answer.  max_tokens: of one answer.  max_requests: to the server in all, tries that failed included.  pause: seconds
    before the first repetition, doubled at each."""

    url: str
    model: str
    key: str | None = None
    timeout: float = 120.0
    max_tokens: int = 1500
    max_requests: int = 8
    pause: float = 1.0


def model(endpoint: Endpoint) -> Model:
    """The endpoint's model, to be asked. Raises UserError for an address that is none."""
    try:
        url = httpx.URL(endpoint.url)
    except httpx.InvalidURL as error:
        raise UserError(f"{one_line(endpoint.url, 80)} is no address ({error}); give one like {EXAMPLE}") from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise UserError(f"{url.copy_with(userinfo=b'')} is no address of a server; give one like {EXAMPLE}")
    address = str(url.copy_with(query=None, fragment=None)).rstrip("/").removesuffix("/chat/completions")
    try:
        url.host.encode("idna")
    except UnicodeError as error:
        raise UserError(f"{one_line(url.host, 80)} is no name of a host ({error}); give one like {EXAMPLE}") from error
    if endpoint.key and not (endpoint.key.isascii() and endpoint.key.isprintable()):
        raise UserError("the API key holds characters that no key has; copy it again")  # and it is not shown
    if not endpoint.model.isprintable():
        raise UserError(f"{one_line(endpoint.model, 80)}: a model's name has no such characters; copy it again")
    identity: dict[str, object] = {"endpoint": address, "model": endpoint.model}
    return Model(name=one_line(endpoint.model, 80), identity=identity, ask=_Client(endpoint, address).ask)


class _MayPass(Exception):
    """A fault that may be gone the next time. final: what to say if it is not.  wait: seconds that the server asks for,
    where it does."""

    def __init__(self, reason: str, final: UserError, wait: float | None = None):
        super().__init__(reason)
        self.final, self.wait = final, wait


class _Client:
    """Sends requests, counts them, and learns which options the server does not take."""

    def __init__(self, endpoint: Endpoint, address: str):
        self.endpoint, self.address, self.sent = endpoint, address, 0
        self.connection = connect(httpx.URL(address))
        self.options: dict[str, Any] = {
            "max_tokens": endpoint.max_tokens,
            "temperature": 0,
            "stream": False,
            "response_format": _FORMAT,
        }

    def ask(self, messages: Sequence[Message]) -> str:
        pictures = sum(isinstance(part, bytes) for message in messages for part in message.parts)
        _LOGGER.info("sending %d pictures of the two people to %s (%s)", pictures, self.address, self.endpoint.model)
        asked = [_as_json(message) for message in messages]
        while True:
            answer = self._insist({"model": self.endpoint.model, "messages": asked, **self.options})
            if isinstance(answer, Completion):
                return self._words(answer)
            if (options := _accepted(self.options, answer)) is None:
                raise self._refusal(answer)
            self.options = options

    def _insist(self, body: dict[str, Any]) -> Completion | Complaint:
        """What the server answers; asked again, after a while, where the fault may pass."""
        backoff = tenacity.wait_exponential(multiplier=self.endpoint.pause)

        def wait(state: tenacity.RetryCallState) -> float:
            return (_fault(state).wait or backoff(state)) * (1.0 + 0.1 * random.random())

        again = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_MayPass),
            stop=tenacity.stop_after_attempt(min(_TRIES, max(self.endpoint.max_requests - self.sent, 1))),
            wait=wait,
            before_sleep=lambda state: _LOGGER.info(
                "%s: %s; again in %.1f s", self.address, _fault(state), state.upcoming_sleep
            ),
            reraise=True,
        )
        try:
            return again(self._attempt, body)
        except _MayPass as fault:
            raise fault.final from fault

    def _attempt(self, body: dict[str, Any]) -> Completion | Complaint:
        """What the server answers to one request. Raises _MayPass where another one may fare better."""
        try:
            response, words = self._send(body)
        except (httpx.TimeoutException, TimeoutError) as error:  # it may have been paid for: not again
            raise UserError(
                f"{self.address} gave no answer within {self.endpoint.timeout:g} s; raise --timeout,"
                " or send fewer pictures with --images"
            ) from error
        except httpx.HTTPError as error:
            reason, remedy = self._safe(str(error) or type(error).__name__), self.connection.remedy(error)
            doubt = (
                f"is the proxy in {self.connection.variable} right?"
                if self.connection.proxy
                else "is the server running?"
            )
            final = UserError(f"cannot talk to {self.address}{self._route()}: {reason}; {remedy or doubt}")
            raise final if remedy else _MayPass(reason, final) from error
        try:
            answer = read_answer(response.status_code, words)
        except NoCompletion as error:
            said = f"{self.address} answers{self._route()}, but not in OpenAI's chat protocol"
            raise UserError(f"{said} ({self._safe(str(error))}); does the address end in /v1?") from error
        if isinstance(answer, Complaint) and answer.status in _PASSING:
            wait = _asked_wait(response)
            in_vain = answer.remedy or (wait or 0.0) > _LONGEST_WAIT or _accepted(self.options, answer)
            if not in_vain:
                raise _MayPass(answer.label, self._refusal(answer), wait)
        return answer

    def _send(self, body: dict[str, Any]) -> _Exchange:
        """One request: what came back, with its words. Raises httpx.HTTPError, or TimeoutError when time is up."""
        if self.sent >= self.endpoint.max_requests:
            raise UserError(
                f"{self.address}: {self.sent} requests were sent and none brought a description; raise --max-requests"
            )
        self.sent += 1
        headers = {"Accept-Encoding": "identity"}
        if self.endpoint.key:
            headers["Authorization"] = f"Bearer {self.endpoint.key}"
        timeout, url = self.endpoint.timeout, f"{self.address}/chat/completions"

        def exchange() -> _Exchange:
            content = bytearray()
            with self.connection.client(timeout) as client:
                with client.stream("POST", url, json=body, headers=headers) as response:
                    for piece in response.iter_bytes():
                        content += piece
                        if len(content) > _MOST_BYTES:
                            said = f"{self.address} answers with more than {_MOST_BYTES} bytes"
                            raise UserError(f"{said}; is it a chat server?")
                return response, content.decode("utf-8", errors="replace")

        return _within(timeout, exchange)

    def _words(self, answer: Completion) -> str:
        """The words of a completion that is whole."""
        if answer.cut:
            most = self.endpoint.max_tokens
            raise BadReply(f"the answer was cut off at {most} tokens (--max-tokens); it must be shorter")
        if len(answer.tokens) == 2:
            _LOGGER.info("%s: %s tokens in, %s out", self.address, *answer.tokens)
        return answer.words

    def _refusal(self, answer: Complaint) -> UserError:
        remedies = {
            401: "check the key: --api-key or OPENAI_API_KEY",
            402: "check your account and its quota",
            403: "check the key: --api-key or OPENAI_API_KEY",
            404: "check --model and the address, which mostly ends in /v1",
            407: f"check the name and password of the proxy in {self.connection.variable}",
            413: "send fewer pictures with --images",
            429: "wait, or check your quota",
        }
        other = "check --model, which must take pictures" if answer.status < 500 else "try again later"
        if 300 <= answer.status < 400:
            other = "it sends elsewhere, where nothing is sent: give the final address"
        remedy = remedies.get(answer.status) or answer.remedy or other
        return UserError(
            f"{self.address} answers{self._route()} with {answer.label} ({self._safe(answer.words)}); {remedy}"
        )

    def _route(self) -> str:
        return f" through the proxy of {self.connection.variable}" if self.connection.proxy else ""

    def _safe(self, text: str) -> str:
        """Words of the server or the network, short and without the key, which some servers echo."""
        return one_line(text.replace(self.endpoint.key, "…") if self.endpoint.key else text, 160)


def _fault(state: tenacity.RetryCallState) -> _MayPass:
    """Why there is to be another try."""
    fault = state.outcome.exception() if state.outcome else None
    assert isinstance(fault, _MayPass)
    return fault


def _accepted(options: dict[str, Any], complaint: Complaint) -> dict[str, Any] | None:
    """The options without the one that the server complains of; None where it is of none of them."""
    for name, pattern in _REFUSED.items():
        number = name.endswith("tokens") and _TOO_MANY.search(complaint.body)  # which the user has to change
        if name in options and pattern.search(complaint.body) and not number:
            fewer = {key: value for key, value in options.items() if key != name}
            if name == "max_tokens":
                return fewer | {"max_completion_tokens": options[name]}
            return fewer | {"stream": True} if name == "stream" and _ONLY_STREAMS.search(complaint.body) else fewer
    return None


def _within(seconds: float, work: Callable[[], _Exchange]) -> _Exchange:
    """What `work` returns or raises; TimeoutError if that takes longer. httpx limits each read alone, and a server
    that sends a byte now and then would hold us for ever."""
    done: queue.SimpleQueue[_Exchange | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put(work())
        except BaseException as error:  # handed to the one who waits
            done.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        result = done.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, BaseException):
        raise result
    return result


def _as_json(message: Message) -> dict[str, Any]:
    parts = [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(part).decode()}"}}
        for part in message.parts
    ]
    # servers take an assistant's turn as a plain string only
    return {"role": message.role, "content": message.parts[0] if message.role == "assistant" else parts}


def _asked_wait(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
