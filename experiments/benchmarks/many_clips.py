"""Many clips by one command, against one by one: seconds of video a second, and what an interruption costs.

    python -m experiments.benchmarks.many_clips        (some 40 minutes on 2 cores; --clips 4 to see that it works)

Pieces of the sample clip's four views, of mixed lengths, go through `sm-jax reconstruct CLIP…`, which is killed when a
third of them is there and run again; and each through a process of its own. All start with a full compilation cache,
and without anything else. Writes bench_clips.json beside the other results.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import av
import numpy as np

from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from sm_jax.assets.fetch import input_path
from sm_jax.errors import UserError
from sm_jax.export.folder import SUMMARY
from sm_jax.perception.frames import frames_at, probe

OUT = RESULTS / "bench_clips.json"
VIEWS, LENGTHS = ("cam01", "cam02", "cam03", "cam04"), (0.5, 1.0, 1.5, 2.0)  # seconds
SEED = 0


def make_clips(folder: pathlib.Path, count: int) -> list[tuple[pathlib.Path, float]]:
    """So many pieces of the sample clip, each of another view, length and beginning than the one before, and how many
    seconds each lasts."""
    chance, clips = np.random.default_rng(SEED), []
    for number in range(count):
        video = probe(input_path(f"sample:{VIEWS[number % len(VIEWS)]}"))
        frames = round(LENGTHS[number % 7 % len(LENGTHS)] * video.fps)
        first = int(chance.integers(max(1, video.frames - frames)))
        path = folder / f"clip{number:02}.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=round(video.fps), options={"crf": "18"})
            stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv420p"
            for image in frames_at(video, np.arange(first, min(first + frames, video.frames))):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode())
        clips.append((path, probe(path).times[-1] + 1.0 / video.fps))
    return clips


def start(clips: list[pathlib.Path], out: pathlib.Path) -> subprocess.Popen[bytes]:
    """The command for clips, as a user would start it."""
    words = [sys.executable, "-m", "sm_jax.cli.main", "reconstruct", *map(str, clips), "--out", str(out)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def finish(process: subprocess.Popen[bytes]) -> float:
    """Seconds until it ends. Raises UserError if it fails."""
    begun = time.perf_counter()
    _, said = process.communicate()
    if process.returncode:
        raise UserError(f"the command failed: {said.decode(errors='replace')[-500:]}")
    return time.perf_counter() - begun


def finished(out: pathlib.Path) -> dict[str, float]:
    """The clips whose results are whole, and when each was written."""
    found = {}
    for path in out.glob(f"*/{SUMMARY}"):
        if "energies" in json.loads(path.read_text(encoding="utf-8")):
            found[path.parent.name] = path.stat().st_mtime
    return found


def kill_at(process: subprocess.Popen[bytes], out: pathlib.Path, count: int) -> float:
    """Kill the command, with its workers, as soon as so many clips are there. The seconds that took."""
    begun = time.perf_counter()
    while len(finished(out)) < count and process.poll() is None:
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return time.perf_counter() - begun


def main(clips: int = 30) -> dict[str, Any]:
    """clips: how many."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        made = make_clips(folder, clips)
        paths, seconds = [path for path, _ in made], sum(length for _, length in made)
        finish(start(paths[:1], folder / "warm"))  # whoever comes first compiles
        many = folder / "many"
        until_killed = kill_at(start(paths, many), many, max(1, clips // 3))
        before = finished(many)
        again = finish(start(paths, many))
        after = finished(many)
        alone = sum(finish(start([path], folder / "alone" / path.stem)) for path in paths)
        unbroken = finish(start(paths, folder / "unbroken"))
    result = write_result(
        OUT,
        what="Many clips by one command, against one by one in a process each",
        config={"clips": clips, "views": VIEWS, "lengths_s": LENGTHS},
        seed=SEED,
        video_seconds=round(float(seconds), 2),
        one_command={"seconds": round(unbroken, 1), "video_seconds_per_second": round(seconds / unbroken, 4)},
        one_by_one={"seconds": round(alone, 1), "video_seconds_per_second": round(seconds / alone, 4)},
        one_command_over_one_by_one=round(alone / unbroken, 3),
        killed={
            "after_seconds": round(until_killed, 1),
            "finished_then": len(before),
            "seconds_of_the_second_run": round(again, 1),
            "made_again": sum(after[name] != when for name, when in before.items()),
            "finished_in_the_end": len(after),
        },
    )
    print(json.dumps(result, indent=1))
    return result


if __name__ == "__main__":
    run(main, __doc__)
