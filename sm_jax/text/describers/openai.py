"""Any server that speaks OpenAI's chat protocol with pictures: hosted ones, vLLM, Ollama, llama.cpp.

Pictures of people leave this machine here, so there is no default address: nothing is sent unless the user named one.
"""

import base64
import dataclasses
import json
import math
import queue
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from sm_jax.errors import UserError
from sm_jax.text.describers.vlm import Message, Model
from sm_jax.text.description_json import MOST_CHARACTERS, SCHEMA, BadReply, one_line

try:
    import httpx
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[vlm]'") from error

_MOST_BYTES = 16 * MOST_CHARACTERS  # of an answer, with what stands around the reply
_TRIES = 4  # of one request, where the server is busy or the connection breaks
_LONGEST_WAIT = 60.0  # seconds
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
EXAMPLE = "http://localhost:11434/v1"
_Exchange = tuple[httpx.Response, str]  # what came back, and its words
_FORMAT = {"type": "json_schema", "json_schema": {"name": "description", "schema": SCHEMA, "strict": True}}


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
    if endpoint.key and not (endpoint.key.isascii() and endpoint.key.isprintable()):
        raise UserError("the API key holds characters that no key has; copy it again")  # and it is not shown
    identity: dict[str, object] = {"endpoint": address, "model": endpoint.model}
    return Model(name=one_line(endpoint.model, 80), identity=identity, ask=_Client(endpoint, address).ask)


class _Client:
    """Sends requests, counts them, and learns which options the server does not take."""

    def __init__(self, endpoint: Endpoint, address: str):
        self.endpoint, self.address, self.sent = endpoint, address, 0
        self.options: dict[str, Any] = {
            "max_tokens": endpoint.max_tokens,
            "temperature": 0,
            "response_format": _FORMAT,
        }

    def ask(self, messages: Sequence[Message]) -> str:
        pictures = sum(isinstance(part, bytes) for message in messages for part in message.parts)
        _say(f"sending {pictures} pictures of the two people to {self.address} ({self.endpoint.model})")
        asked = [_as_json(message) for message in messages]
        while True:
            status, answer = self._insist({"model": self.endpoint.model, "messages": asked, **self.options})
            if status == 200:
                return self._reply(answer)
            if status not in (400, 422) or not self._give_up_an_option(answer):
                raise self._refusal(status, answer)

    def _insist(self, body: dict[str, Any]) -> tuple[int, str]:
        """The server's status and answer; sent again, after a while, where the fault may pass."""
        pause = self.endpoint.pause
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                response, answer = self._send(body)
            except (httpx.TimeoutException, TimeoutError) as error:  # it may have been paid for: not again
                raise UserError(
                    f"{self.address} gave no answer within {self.endpoint.timeout:g} s; raise --timeout,"
                    " or send fewer pictures with --images"
                ) from error
            except httpx.HTTPError as error:
                reason = self._safe(str(error) or type(error).__name__)
                if last:
                    raise UserError(f"cannot talk to {self.address}: {reason}; is the server running?") from error
                wait = pause
            else:
                reason, wait = f"status {response.status_code}", _asked_wait(response) or pause
                if response.status_code not in _PASSING or last or wait > _LONGEST_WAIT:
                    return response.status_code, answer
            wait *= 1.0 + 0.1 * random.random()
            _say(f"{self.address}: {reason}; again in {wait:.1f} s")
            time.sleep(wait)
            pause *= 2.0
        raise AssertionError("the last try returns or raises")

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
            with httpx.Client(timeout=timeout) as client:
                with client.stream("POST", url, json=body, headers=headers) as response:
                    for piece in response.iter_bytes():
                        content += piece
                        if len(content) > _MOST_BYTES:
                            said = f"{self.address} answers with more than {_MOST_BYTES} bytes"
                            raise UserError(f"{said}; is it a chat server?")
                return response, content.decode("utf-8", errors="replace")

        return _within(timeout, exchange)

    def _reply(self, answer: str) -> str:
        """The words in a successful answer."""
        try:
            content = json.loads(answer)
            choice = content["choices"][0]
            said, refusal = choice["message"].get("content"), choice["message"].get("refusal")
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            shown = self._safe(answer) or "nothing"
            raise UserError(
                f"{self.address} answers, but not in OpenAI's chat protocol ({shown}); does the address end in /v1?"
            ) from None
        if isinstance(said, list):
            said = "".join(str(part.get("text", "")) for part in said if isinstance(part, dict))
        if refusal or not isinstance(said, str):
            raise BadReply(self._safe(f"no words but a refusal: {refusal}" if refusal else "no words"))
        if choice.get("finish_reason") == "length":
            raise BadReply(f"the answer was cut off at {self.endpoint.max_tokens} tokens; it must be shorter")
        if isinstance(usage := content.get("usage"), dict):
            tokens = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
            if all(isinstance(number, int) for number in tokens):
                _say(f"{self.address}: {tokens[0]} tokens in, {tokens[1]} out")
        return said

    def _give_up_an_option(self, answer: str) -> bool:
        """After a refused request: do without the option that the server complains of, if it is one of ours."""
        if "max_tokens" in self.options and "max_completion_tokens" in answer:
            self.options["max_completion_tokens"] = self.options.pop("max_tokens")
            return True
        for name, words in (("temperature", "temperature"), ("response_format", "response_format"),
                            ("response_format", "schema")):  # fmt: skip
            if name in self.options and words in answer:
                del self.options[name]
                return True
        return False

    def _refusal(self, status: int, answer: str) -> UserError:
        remedies = {
            401: "check the key: --api-key or OPENAI_API_KEY",
            403: "check the key: --api-key or OPENAI_API_KEY",
            404: "check --model and the address, which mostly ends in /v1",
            429: "wait, or check your quota",
        }
        remedy = remedies.get(status, "check --model, which must take pictures" if status < 500 else "try again later")
        if 300 <= status < 400:
            remedy = "it sends elsewhere, where nothing is sent: give the final address"
        return UserError(f"{self.address} answers with status {status} ({self._safe(_message(answer))}); {remedy}")

    def _safe(self, text: str) -> str:
        """Words of the server or the network, short and without the key, which some servers echo."""
        return one_line(text.replace(self.endpoint.key, "…") if self.endpoint.key else text, 160)


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


def _message(answer: str) -> str:
    """The words in a server's complaint, which has no one form."""
    try:
        content = json.loads(answer)
        inner = content.get("error", content)
        return str(inner.get("message", inner) if isinstance(inner, dict) else inner)
    except (ValueError, RecursionError, AttributeError):
        return answer or "without a word"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
