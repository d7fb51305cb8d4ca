"""Render training motion as videos, beside which the true keypoints are known: what the front-end is calibrated on.

    python -m experiments.benchmark_sets.training_clips --synthetic data/synthetic.npz --out out/calibration --clips 120

Writes OUT/NAME.mp4 and, beside it, OUT/NAME.npz with the true motion and camera. Takes and classes are those of
training, and cameras, rooms and clothes are drawn from another seed than the benchmark's: nothing of a benchmark is in
them. Every take and class has its turn before any has a second one, so the first few clips stand for all. Finished
videos stay, so an interrupted run goes on and a larger `--clips` adds to what is there.
"""

import itertools
import pathlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from experiments.benchmark_sets.rendering.cameras import choose_camera
from experiments.benchmark_sets.rendering.clothes import dress
from experiments.benchmark_sets.rendering.film import film_frames, save_video
from experiments.lib.program import run
from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.data.codec import Record
from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.types import Camera, Motion

FRAMES = 48
SEED = 1  # the benchmark's is 0
_GOLDEN = 0.618  # the spans of a take are spread by it, however many there are


class TrainingClip(NamedTuple):
    """A video and what is true of it. motion: [P, T].  camera: of T frames."""

    video: pathlib.Path
    motion: Motion
    camera: Camera


def training_motions(synthetic: pathlib.Path) -> Iterator[tuple[str, Motion]]:
    """Names and motions [P, FRAMES] of training clips, without end while there are any: takes and classes in turn."""
    takes = [r for r in open_set("salsa").records["train"] if len(r["pelvis"]) >= FRAMES]
    found = [r for r in open_set(str(synthetic)).records["train"] if len(r["pelvis"]) >= FRAMES]
    if not found:
        raise UserError(f"{synthetic}: has no sequences for training; make it with experiments/0_prepare_data.py")
    by_class: dict[str, list[Record]] = {}
    for record in sorted(found, key=lambda r: str(r["name"])):
        by_class.setdefault(str(record["name"]).rpartition("_")[0], []).append(record)
    for turn in itertools.count(1):
        salsa = [_span(take, turn * _GOLDEN % 1) for take in takes]
        classes = [_span(records[turn - 1], 0.5) for records in by_class.values() if turn <= len(records)]
        for pair in itertools.zip_longest(classes, salsa):
            yield from (clip for clip in pair if clip is not None)


def _span(record: Record, where: float) -> tuple[str, Motion]:
    start = round(where * (len(record["pelvis"]) - FRAMES))
    clip = codec.decode(record, start, start + FRAMES)
    return f"{clip.name}_from_{start}", clip.motion


def read_clip(video: pathlib.Path) -> TrainingClip:
    """A finished clip of the folder."""
    with np.load(video.with_suffix(".npz")) as file:
        found = dict(file)
    motion = Motion(**{name: found[name] for name in ("global_orient", "body_pose", "pelvis", "betas")})
    return TrainingClip(video, motion, Camera(**{name: found[name] for name in ("K", "R", "t", "image_size")}))


def main(synthetic: pathlib.Path, out: pathlib.Path, clips: int = 120) -> None:
    """Render what is not there yet.

    Args:
        synthetic: a prepared synthetic set.
        out: folder for videos and truth.
        clips: how many there are to be.
    """
    out.mkdir(parents=True, exist_ok=True)
    body, skin = load_body("open-low"), load_body("open-full")
    for number, (name, motion) in enumerate(itertools.islice(training_motions(synthetic), clips)):
        video = out / f"{number:03d}_{name}.mp4"
        if video.exists():
            continue
        chance = [np.random.default_rng([SEED, number, purpose]) for purpose in range(5)]
        camera, _ = choose_camera(chance[0], body, motion, number % 2 == 1, number % 3 == 0)
        outfits = [dress(chance[3 + person], skin) for person in range(2)]
        arrays: dict[str, Any] = {
            key: np.asarray(value) for part in (motion, camera) for key, value in vars(part).items()
        }
        np.savez_compressed(video.with_suffix(".npz"), **arrays)
        partial = video.with_suffix(".partial.mp4")
        save_video(partial, film_frames(chance[2], skin, jax.device_get(motion), camera, outfits), _compression(chance))
        partial.replace(video)
        print(video.name, flush=True)


def _compression(chance: list[np.random.Generator]) -> int:
    return int(chance[1].integers(18, 28))


if __name__ == "__main__":
    run(main, __doc__)
