"""Render held-out motion as videos, see them with the real front-end, and freeze what it saw beside the truth.

    python -m experiments.benchmark_sets.render --synthetic data/synthetic.npz --out out/rendered      (1 h on 2 cores)

Writes sm_jax/evaluation/benchmarks/frozen_sets/rendered.npz (keypoints and estimates, no frames),
experiments/results/rendered.json (how the front-end errs) and docs/sheets/rendered.png. Every clip of
`benchmark_sets.clips` is seen by two cameras: one in which the people hide little of each other, one in which they hide
much. A third of the cameras is held by hand; none of the focal lengths is told to the front-end. The skin that is drawn
is the body "open-full"; the truth is on "open-low", with the same shapes and rotations, whose joints are the same to
about 2 mm. A video that the front-end refused stays as a view without an observation. Videos and what was seen of them
are kept in the folder, so an interrupted run goes on.
"""

import dataclasses
import json
import pathlib

import cv2
import numpy as np

from experiments.benchmark_sets.clips import held_out_clips
from experiments.benchmark_sets.rendering.cameras import choose_camera
from experiments.benchmark_sets.rendering.clothes import dress
from experiments.benchmark_sets.rendering.film import film_frames, save_video
from experiments.benchmark_sets.rendering.front_end import benchmark_scores, observe_video
from experiments.benchmark_sets.rendering.sheet import draw_sheet
from experiments.lib.program import run
from experiments.lib.results import DOCS, RESULTS, write_result
from sm_jax.body.io import load_body
from sm_jax.body.smpl import Body
from sm_jax.data.schema import PairSequence, View
from sm_jax.evaluation.benchmarks.frozen import RENDERED, save
from sm_jax.types import Camera

OUT = RESULTS / "rendered.json"
SEED = 0
AMOUNTS = ("little", "much")  # that the people hide of each other


def film_and_observe(out: pathlib.Path, number: int, clip: PairSequence, amount: int, body: Body, skin: Body) -> View:
    """One clip through one camera. amount: index into AMOUNTS."""
    by_hand = (number + 2 * amount) % 3 == 0
    camera, _ = choose_camera(chance_of(number, amount, 0), body, clip.motion, amount == 1, by_hand)
    return observe_video(film(out, number, clip, amount, camera, skin), body, clip.motion, camera)


def film(out: pathlib.Path, number: int, clip: PairSequence, amount: int, camera: Camera, skin: Body) -> pathlib.Path:
    """The video of one clip through its camera, made if it is not there: the same wherever it is made."""
    video = out / f"{clip.name}_{AMOUNTS[amount]}.mp4"
    if not video.exists():
        outfits = [dress(np.random.default_rng([SEED, number, 2 + person]), skin) for person in range(2)]
        partial = video.with_suffix(".partial.mp4")
        crf = int(chance_of(number, amount, 1).integers(18, 28))
        pictures = film_frames(chance_of(number, amount, 2), skin, clip.motion, camera, outfits)
        save_video(partial, pictures, crf)
        partial.replace(video)
    return video


def chance_of(number: int, amount: int, purpose: int) -> np.random.Generator:
    """What is drawn for a video: its camera (0), its compression (1), its place and light (2)."""
    return np.random.default_rng([SEED, number, amount, purpose])


def main(synthetic: pathlib.Path, out: pathlib.Path) -> None:
    """Render, observe, freeze, score, draw.

    Args:
        synthetic: a prepared synthetic set.
        out: folder for videos and what was seen of them.
    """
    out.mkdir(parents=True, exist_ok=True)
    body, skin = load_body("open-low"), load_body("open-full")
    sequences = []
    for number, clip in enumerate(held_out_clips(synthetic)):
        views = tuple(film_and_observe(out, number, clip, amount, body, skin) for amount in range(len(AMOUNTS)))
        sequences.append(dataclasses.replace(clip, views=views))
        print(clip.name, ["refused" if v.observation is None else "seen" for v in views], flush=True)
    save(RENDERED, sequences)
    result = write_result(
        OUT,
        what="the front-end on rendered videos, not told the focal length, beside the exact truth",
        config={"amounts": AMOUNTS, "skin": skin.name, "truth": body.name},
        seed=SEED,
        **benchmark_scores(body, sequences, AMOUNTS),
    )
    cv2.imwrite(str(DOCS / "sheets" / "rendered.png"), draw_sheet(body, sequences, AMOUNTS, out)[..., ::-1])
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
