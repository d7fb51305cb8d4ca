"""A real HTTP server on loopback that speaks OpenAI's chat protocol, well or badly, as a test tells it to."""

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

Answer = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """One request: it is noted, then answered by the next of the server's answers (the last one stays)."""

    server: "Server"  # pyrefly: ignore[bad-override-mutable-attribute]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answers = self.server.answers
        self.server.requests.append((self.path, dict(self.headers), json.loads(body)))
        with contextlib.suppress(ConnectionError):
            (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, format: str, *arguments: Any):
        pass

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    answers: list[Answer]
    requests: list[tuple[str, dict[str, str], dict[str, Any]]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextlib.contextmanager
def serving(*answers: Answer) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.answers, server.requests = list(answers), []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def says(content: object, **choice: object) -> Answer:
    """A well-formed answer with this reply, as text or as JSON."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    message = {"role": "assistant", "content": text} | choice
    usage = {"prompt_tokens": 900, "completion_tokens": 80}
    return sends({"choices": [{"message": message, "finish_reason": "stop"} | choice], "usage": usage})


def sends(content: object, status: int = 200, **headers: str) -> Answer:
    """This JSON under this status."""
    return lambda handler: handler.send(status, json.dumps(content).encode(), **headers)


def sends_bytes(body: bytes, status: int = 200) -> Answer:
    return lambda handler: handler.send(status, body)


def streams(*events: object) -> Answer:
    """Server-sent events, whatever was asked for: JSON, or lines as they are."""
    lines = [event if isinstance(event, str) else f"data: {json.dumps(event)}" for event in events]
    return sends_bytes("\r\n\r\n".join(lines).encode())


def hangs_up(handler: Handler) -> None:
    """Promises much, sends little, and cuts the connection."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.wfile.flush()
    handler.close_connection = True


def drips(handler: Handler) -> None:
    """A byte now and then, of a header that never ends."""
    for _ in range(100):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.05)


def floods(handler: Handler) -> None:
    """An answer without end."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b" " * 65_536)
