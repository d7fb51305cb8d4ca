"""How fast is the front-end? Frames a second of its parts and of all of it, and of the overlay, on the sample clip.

    python -m experiments.benchmarks.front_end_speed [--before CHECKOUT]        (a few minutes on 2 idle cores)

All of it, and the overlay, are measured in a process each, in turns with those of an older checkout where one is named;
the parts in turns in this process; BlazePose on one core, in both of its forms. Seconds of the processor stand beside
those of the clock, which other work on the machine prolongs. Writes experiments/results/front_end_speed.json.
"""

import inspect
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from experiments.lib.program import run
from experiments.lib.results import RESULTS, ROOT, write_result
from sm_jax.assets.fetch import asset, input_path
from sm_jax.errors import UserError
from sm_jax.perception import landmarks, tracking
from sm_jax.perception.crops import SIZE
from sm_jax.perception.detector import load_detector
from sm_jax.perception.frames import frames_at, probe, read_frames
from sm_jax.perception.fusion import at_rate, fuse
from sm_jax.perception.pair_choice import choose_people
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.models import as_body
from sm_jax.pipeline.observe import FPS, fit_people

OUT = RESULTS / "front_end_speed.json"
CLIP, ROUNDS, CROPS = "cam01", 3, 16


def measure_whole(clip: str) -> None:
    """Seconds to see the clip and to draw the overlay of what was seen, the second time of each, printed as JSON.

    Its source is run in other checkouts too: it uses nothing but what these have had for long.
    """
    import json
    import tempfile
    import time
    from pathlib import Path
    from typing import Any

    import numpy as np

    from sm_jax.export.npz import motion_file
    from sm_jax.export.overlay import save_overlay
    from sm_jax.motion.resample import resample
    from sm_jax.perception.frames import frames_at
    from sm_jax.pipeline.folder import keep_compiled_programs
    from sm_jax.pipeline.observe import observe
    from sm_jax.pipeline.provenance import code_version
    from sm_jax.pipeline.reconstruct import source_rows
    from sm_jax.types import Camera

    keep_compiled_programs()
    found: dict[str, Any] = {"code": code_version()}

    def timed(name: str, call: Any) -> Any:
        for what in (f"{name}_first", name):
            begin, used = time.perf_counter(), time.process_time()
            result = call()
            found[what] = {"seconds": time.perf_counter() - begin, "cpu_seconds": time.process_time() - used}
        return result

    seen = timed("front_end", lambda: observe(f"sample:{clip}", progress=False))
    video, observation, camera = seen.video, seen.observation, seen.observation.camera
    index, position = source_rows(video, np.asarray(observation.frame_index), 30.0)
    nearest = np.clip(np.rint(position).astype(int), 0, len(observation.frame_index) - 1)
    visibility = np.asarray(observation.visibility)[:, nearest]
    content = motion_file(
        seen.body,
        resample(observation.motion, position.astype(np.float32)),
        Camera(
            K=camera.K, R=np.asarray(camera.R)[nearest], t=np.asarray(camera.t)[nearest], image_size=camera.image_size
        ),
        fps=video.fps,
        time=video.times[index],
        frame_index=index,
        visibility=visibility,
        infilled=visibility < 0.3,
        spread=np.zeros_like(visibility),
        provenance={},
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "overlay.mp4"
        timed("overlay", lambda: save_overlay(path, frames_at(video, index), seen.body, content))
        found["overlay_megabytes"] = path.stat().st_size / 1e6
    found |= {"seen_frames": len(observation.frame_index), "drawn_frames": len(index)}
    print(json.dumps(found))


def whole_of(checkout: pathlib.Path) -> dict[str, Any]:
    """What `measure_whole` finds with the code of a checkout."""
    program = f"{inspect.getsource(measure_whole)}\nmeasure_whole({CLIP!r})"
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise UserError(f"{checkout}: the front-end of this checkout fails ({done.stderr.strip().splitlines()[-1]})")
    return json.loads(done.stdout.splitlines()[-1])


def whole_rates(measured: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over rounds of what `measure_whole` found, as frames a second."""

    def median(*keys: str) -> float:
        return float(np.median([one[keys[0]][keys[1]] if keys[1:] else one[keys[0]] for one in measured]))

    seen, drawn = median("seen_frames"), median("drawn_frames")
    return {
        "code": measured[0]["code"],
        "front_end_frames_per_second": round(seen / median("front_end", "seconds"), 2),
        "front_end_cpu_milliseconds_a_frame": round(1e3 * median("front_end", "cpu_seconds") / seen, 1),
        "front_end_seconds_more_at_first": round(
            median("front_end_first", "seconds") - median("front_end", "seconds"), 1
        ),
        "overlay_frames_per_second": round(drawn / median("overlay", "seconds"), 2),
        "overlay_cpu_milliseconds_a_frame": round(1e3 * median("overlay", "cpu_seconds") / drawn, 1),
        "overlay_megabytes": round(median("overlay_megabytes"), 2),
    }


# The parts.


def parts() -> dict[str, tuple[Callable[[], Any], int]]:
    """What each part does with the clip, and how many frames that are."""
    path, glances = input_path(f"sample:{CLIP}"), tracking.Glances()
    video = probe(path, visit=glances.visit)
    detect, side = load_detector(asset("movenet-multipose") / "movenet-multipose.json"), max(video.width, video.height)
    frames = list(read_frames(video, FPS))
    crowd = tracking.look_over(glances.frames(video), detect, side)
    surveyed = tracking.survey(crowd, choose_people(crowd))
    networks = (
        landmarks.load_landmarker(),
        landmarks.load_single_pose(asset(landmarks.SINGLE) / "movenet-thunder.json"),
    )
    pairs: list[Any] = []  # frame, keypoints, scores
    tracks = tracking.follow(frames, detect, surveyed, lambda *pair: pairs.append(pair))
    found = landmarks.PairLandmarks(*networks).settle(tracks, lambda index: frames_at(video, index))
    evidence = at_rate(fuse(tracks, found, video.width, video.height), FPS)
    focal = float(np.hypot(video.width, video.height))
    intrinsics = np.array([[focal, 0, video.width / 2], [0, focal, video.height / 2], [0, 0, 1]], np.float32)
    body = as_body(None)

    def each(calls: Iterable[Any]) -> None:
        for _ in calls:
            pass

    return {
        "probe": (lambda: probe(path), video.frames),
        "decode": (lambda: each(read_frames(video, FPS)), len(frames)),
        "survey": (lambda: tracking.look_over(glances.frames(video), detect, side), len(glances)),
        "follow": (lambda: tracking.follow(frames, detect, surveyed), len(frames)),
        "landmarks": (
            lambda: each(
                landmarks.locate_pair(f.image, keypoints, scores, *networks) for f, keypoints, scores in pairs
            ),
            len(pairs),
        ),
        "fit": (lambda: fit_people(body, evidence, intrinsics), len(evidence.times)),
    }


def times_of(call: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    begin, used = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - begin, time.process_time() - used


def in_turns(calls: dict[str, tuple[Callable[[], Any], int]], rounds: int) -> dict[str, dict[str, float]]:
    """Frames a second and milliseconds of the processor a frame: medians of rounds in which each call has its turn."""
    times = np.zeros((rounds, len(calls), 2))
    for turn in range(-1, rounds):  # the first compiles; its times are overwritten by the last one's
        for i, (call, _) in enumerate(calls.values()):
            times[turn, i] = times_of(call)
    medians = np.median(times, axis=0)
    return {
        name: {
            "frames_per_second": round(count / seconds, 2),
            "cpu_milliseconds_a_frame": round(1e3 * used / count, 2),
        }
        for (name, (_, count)), (seconds, used) in zip(calls.items(), medians.tolist(), strict=True)
    }


def both_forms(rounds: int, core: int, pipe: Any) -> None:
    """Crops of people a second that BlazePose takes in either form on one core of the machine, sent into a pipe."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    keep_compiled_programs()
    crops = np.random.default_rng(0).random((CROPS, SIZE, SIZE, 3), np.float32)
    graph = landmarks.load_graph_landmarker(asset(landmarks.GRAPH) / "blazepose-heavy.json")
    litert = landmarks.load_litert_landmarker(asset(landmarks.LITERT) / "pose_landmark_heavy.tflite")
    pipe.send(in_turns({"jax": (lambda: graph(crops), CROPS), "litert": (lambda: litert(crops), CROPS)}, rounds))


def on_one_core(rounds: int) -> dict[str, dict[str, float]]:
    """`both_forms` in a process of its own, on the first core that is ours."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    core = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    process = context.Process(target=both_forms, args=(rounds, core, theirs), daemon=True)
    process.start()
    found = ours.recv()
    process.join()
    return found


def main(before: pathlib.Path | None = None, rounds: int = ROUNDS) -> None:
    """Measure in turns and write down. before: an older checkout to compare with.  rounds: of everything."""
    keep_compiled_programs()
    checkouts = {"after": ROOT} | ({"before": before.resolve()} if before else {})
    loads, measured = [os.getloadavg()[0]], {name: [] for name in checkouts}
    for _ in range(rounds):
        for name, checkout in checkouts.items():
            measured[name].append(whole_of(checkout))
            loads.append(os.getloadavg()[0])
    whole = {name: whole_rates(found) for name, found in measured.items()}
    blazepose = on_one_core(rounds)
    result = write_result(
        OUT,
        what=f"the front-end on the sample clip {CLIP}, frames at {FPS:g} a second; medians of {rounds} turns",
        config={"clip": CLIP, "rounds": rounds, "landmarks": landmarks.landmarker_asset()},
        seed=0,
        summary={
            **{f"{key}{'' if name == 'after' else '_before'}": v for name, x in whole.items() for key, v in x.items()},
            "landmarks_litert_over_jax_on_one_core": round(
                blazepose["litert"]["frames_per_second"] / blazepose["jax"]["frames_per_second"], 2
            ),
        },
        parts=in_turns(parts(), rounds),
        blazepose_crops_on_one_core=blazepose,
        load_average=[round(load, 1) for load in (*loads, os.getloadavg()[0])],
        python=sys.version.split()[0],
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
