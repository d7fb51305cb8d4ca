"""How much memory does the front-end take for long clips? Peak resident memory against a clip's length.

    python -m experiments.benchmarks.front_end_memory                        (20, 60 and 120 s of 1080p)
    python -m experiments.benchmarks.front_end_memory --seconds 600 --detectors real      (hours on 2 cores)

The clip is the sample clip, played to and fro on a grey 1920 x 1080 at 30 frames a second. Each length is seen in a
process of its own: the pass that finds times, cuts and people; whether the camera moves; following, with landmarks; the
body fit. Of each stage stands the highest resident memory up to its end, and its seconds. Networks take the same memory
however long a clip is, so by default made detections stand in for them, in no time. Linux only. Writes
experiments/results/front_end_memory.json.
"""

import itertools
import json
import multiprocessing
import pathlib
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Literal

import av
import cv2
import numpy as np

from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from sm_jax.assets.fetch import asset, input_path
from sm_jax.perception import landmarks, tracking
from sm_jax.perception.detector import Detector, People, Square
from sm_jax.perception.frames import frames_at, probe, read_ahead, read_frames
from sm_jax.perception.fusion import at_rate, fuse
from sm_jax.perception.landmarks import Landmarker, PairLandmarks, SinglePose
from sm_jax.pipeline.first_look import find_pair, first_look
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.models import as_body
from sm_jax.pipeline.observe import FPS, fit_people

OUT = RESULTS / "front_end_memory.json"
CLIP, WIDTH, HEIGHT, RATE = "cam01", 1920, 1080, 30
LIMIT = 4096  # MiB that a clip of any length is to stay under


def write_turn(path: pathlib.Path) -> None:
    """The sample clip, once to and once fro, in the middle of a grey picture, as H.264 that can be put in a row."""
    video = probe(input_path(f"sample:{CLIP}"))
    pictures = []
    for image in frames_at(video, np.arange(0, video.frames, 2)):
        picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
        width = HEIGHT * video.width // video.height
        left = (WIDTH - width) // 2
        picture[:, left : left + width] = cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_AREA)
        pictures.append(picture)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for picture in (*pictures, *pictures[::-1]):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def write_clip(turn: pathlib.Path, path: pathlib.Path, seconds: float) -> None:
    """A clip of so many seconds: the packets of `turn` again and again."""
    with av.open(str(turn)) as source, av.open(str(path), "w") as container:
        video = source.streams.video[0]
        stream, packets = container.add_stream_from_template(video), [p for p in source.demux(video) if p.size]
        tick = Fraction(1, RATE) / (video.time_base or 1)
        for number, packet in zip(range(round(seconds * RATE)), itertools.cycle(packets), strict=False):
            packet.pts = packet.dts = int(number * tick)
            packet.stream = stream
            container.mux(packet)


def made_detector() -> Detector:
    """Two people who stand in the middle of the picture, whatever it shows."""
    one = np.random.default_rng(0).uniform(0, 1, (17, 2)).astype(np.float32) * [200, 600] + [750, 200]
    keypoints = np.stack([one, one + np.array([250, 0])]).astype(np.float32)

    def detect(image: np.ndarray, square: Square) -> People:
        points = keypoints * (1.0 if len(image) == HEIGHT else len(image) / WIDTH)  # or a glance
        boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
        return People(keypoints=points, keypoint_scores=np.ones((2, 17)), scores=np.ones(2), boxes=boxes)

    return detect


def made_landmarker() -> Landmarker:
    """The same landmarks in every crop."""
    points = np.random.default_rng(1).normal(size=(33, 3)).astype(np.float32)
    return lambda crops: (
        np.repeat(128 + 40 * points[None, :, :2], len(crops), axis=0),
        np.repeat(0.4 * points[None], len(crops), axis=0),
    )


def made_single_pose() -> SinglePose:
    """The same keypoints in every crop."""
    points = np.random.default_rng(2).uniform(60, 200, (1, 17, 2)).astype(np.float32)
    return lambda crops: (np.repeat(points, len(crops), axis=0), np.ones((len(crops), 17), np.float32))


def real_networks() -> tuple[Landmarker, SinglePose]:
    """Those that look at one person each."""
    single = landmarks.load_single_pose(asset(landmarks.SINGLE) / "movenet-thunder.json")
    return landmarks.load_landmarker(), single


def see(path: pathlib.Path, real: bool, pipe: Any) -> None:
    """Run the stages of the front-end; what they take goes into a pipe."""
    keep_compiled_programs()
    body, found, begin = as_body(None), {}, time.perf_counter()

    def done(stage: str) -> None:
        (line,) = re.findall(r"VmHWM:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())
        found[stage] = {"peak_mib": round(int(line) / 1024, 1), "seconds": round(time.perf_counter() - begin, 1)}

    detect = None if real else made_detector()
    networks = real_networks() if real else (made_landmarker(), made_single_pose())
    done("loading")
    look = first_look(path, progress=True, detect=detect)
    done("first_look")
    (shot,) = look.shots
    look.camera_motion(shot)
    done("camera_motion")
    pair, video = find_pair(look, shot, None, progress=True), look.video
    early = PairLandmarks(*networks)
    frames = read_ahead(read_frames(video, FPS, shot))
    tracks = tracking.follow(frames, look.detect, pair.tracks, early.look, pair.others)
    evidence = at_rate(
        fuse(tracks, early.settle(tracks, lambda index: frames_at(video, index)), video.width, video.height), FPS
    )
    done("following")
    focal = float(np.hypot(video.width, video.height))
    fit_people(body, evidence, np.array([[focal, 0, WIDTH / 2], [0, focal, HEIGHT / 2], [0, 0, 1]], np.float32))
    done("fit")
    pipe.send({"frames": video.frames, "stages": found})


def seen_alone(see: Callable[..., None], *arguments: Any) -> dict[str, Any]:
    """What a function sends that has a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=see, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    found = ours.recv()
    process.join()
    return found


def growth(lengths: Sequence[float], measured: Sequence[dict[str, Any]], stage: str) -> float:
    """MiB of peak memory for each second of a clip: the slope of a straight line."""
    return float(np.polyfit(lengths, [one["stages"][stage]["peak_mib"] for one in measured], 1)[0])


def main(seconds: tuple[float, ...] = (20.0, 60.0, 120.0), detectors: Literal["made", "real"] = "made") -> None:
    """Make the clips, see each, and write down.

    Args:
        seconds: lengths of the clip.
        detectors: whose detections are followed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_turn(folder / "turn.mp4")
        measured = []
        for length in seconds:
            clip = folder / f"{length:g}.mp4"
            write_clip(folder / "turn.mp4", clip, length)
            measured.append(seen_alone(see, clip, detectors == "real"))
            print(json.dumps({"seconds": length, **measured[-1]}), flush=True)
    per_second = {
        stage: growth(seconds, measured, stage) if len(measured) > 1 else None for stage in measured[0]["stages"]
    }
    longest = measured[int(np.argmax(seconds))]
    result = write_result(
        OUT,
        what=f"peak resident memory of the front-end, {WIDTH} x {HEIGHT} at {RATE} frames a second",
        config={"seconds": seconds, "detectors": detectors},
        seed=0,
        summary={
            "peak_mib": longest["stages"]["fit"]["peak_mib"],
            "under_limit": longest["stages"]["fit"]["peak_mib"] < LIMIT,
            "mib_per_second": {stage: slope and round(slope, 2) for stage, slope in per_second.items()},
        },
        lengths={f"{length:g} s": one for length, one in zip(seconds, measured, strict=True)},
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
