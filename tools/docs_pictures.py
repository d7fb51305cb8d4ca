"""Takes the pictures of report and viewer that the documentation shows, in a headless Chromium.

    python tools/docs_pictures.py out/demo --browser chromium --out docs

out/demo is a finished result (`make demo`). The report is shot wide and narrow, light and dark; the viewer once its
scene stands. `--browser` is any Chromium or Chrome; it is asked over its debugging port, with the package websockets
that the extra `viewer` brings along.
"""

import argparse
import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from websockets.sync.client import connect
from websockets.sync.connection import Connection

from sm_jax.export.viewer import start_server
from sm_jax.pipeline.report import report_on
from sm_jax.pipeline.result import load_result
from sm_jax.pipeline.view import result_scene

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--no-zygote",
    "--remote-debugging-port=0",
    "--hide-scrollbars",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)
REPORTS = (  # name, width in pixels, whether dark
    ("report.jpg", 960, False),
    ("report_narrow.jpg", 400, True),
)
_QUALITY = 60  # of JPEG


class Page:
    """An open page of a browser."""

    def __init__(self, socket: Connection):
        self.socket, self.number = socket, 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser and wait for its answer."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=120))
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def evaluate(self, expression: str) -> Any:
        """The value of an expression on the page, or of what it promises."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    def show(self, url: str, size: tuple[int, int], dark: bool, seconds: float) -> None:
        """Load a page in a window of a size, and wait so long after all of it is there."""
        width, height = size
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=url)
        while not self.evaluate("document.readyState == 'complete' && location.href != 'about:blank'"):
            time.sleep(0.2)
        self.evaluate("Promise.all([...document.images].map(image => image.decode())).then(() => true)")
        time.sleep(seconds)

    def shoot(self, path: pathlib.Path, whole: bool) -> None:
        """Write what is seen, or the whole page however long, as JPEG."""
        shot = self.call("Page.captureScreenshot", format="jpeg", quality=_QUALITY, captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.contextmanager
def opened(browser: str) -> Iterator[Page]:
    """The first page of a browser that is started for it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        # of the locale POSIX, which servers have, a browser makes a language that pages do not know
        locale = os.environ | {"LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8"}
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=locale)
        try:
            assert process.stderr
            address = next(filter(None, (re.search(r"ws://(\S+?):(\d+)/", line) for line in process.stderr)))
            pages = http.client.HTTPConnection(address[1], int(address[2]))
            pages.request("GET", "/json/list")
            url = json.loads(pages.getresponse().read())[0]["webSocketDebuggerUrl"]
            with connect(url, max_size=None) as socket:
                yield Page(socket)
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def served(result: pathlib.Path) -> Iterator[str]:
    """The address of a viewer that shows a result, once it stands."""
    server = start_server(None)
    scene = result_scene(server, load_result(result))
    scene.playing.value = False
    scene.frame.value = scene.last // 2
    try:
        yield f"http://127.0.0.1:{server.get_port()}"
    finally:
        server.stop()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("result", type=pathlib.Path, help="folder that sm-jax reconstruct wrote")
    parser.add_argument("--browser", default="chromium", help="a Chromium or Chrome")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs"), help="folder for the pictures")
    options = parser.parse_args()
    with opened(options.browser) as page, tempfile.TemporaryDirectory() as folder:
        with served(options.result) as url:
            page.show(url, (1280, 960), False, seconds=20)
            page.evaluate("document.querySelectorAll('[class*=Notification-closeButton]').forEach(x => x.click())")
            time.sleep(2)
            page.shoot(options.out / "viewer.jpg", whole=False)
        html = pathlib.Path(folder) / "report.html"
        report_on(options.result, html)
        for name, width, dark in REPORTS:
            page.show(html.as_uri(), (width, 900), dark, seconds=5)
            page.shoot(options.out / name, whole=True)


if __name__ == "__main__":
    main()
