"""Render held-out motion as videos, see them with the real front-end, and freeze what it saw beside the truth.

    python experiments/benchmark_sets/render.py --synthetic data/synthetic.npz --out out/rendered         (1 h on 2 cores)

Writes sm_jax/evaluation/benchmarks/frozen_sets/rendered.npz (keypoints and estimates, no frames), experiments/results/rendered.json (how
the front-end errs) and docs/sheets/rendered.png. Every clip of `rendering.clips` is seen by two cameras: one in which
the people hide little of each other, one in which they hide much. A third of the cameras is held by hand; none of the
focal lengths is told to the front-end. The skin that is drawn is the body "open-full"; the truth is on "open-low", with
the same shapes and rotations, whose joints are the same to about 2 mm. A video that the front-end refused stays as a
view without an observation. Videos and what was seen of them are kept in the folder, so an interrupted run goes on.
"""

import argparse
import dataclasses
import json
import pathlib
import sys

import cv2
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.benchmark_sets.rendering import film, front_end
from experiments.benchmark_sets.rendering.cameras import look
from experiments.benchmark_sets.rendering.clips import clips
from experiments.benchmark_sets.rendering.clothes import dress
from experiments.benchmark_sets.rendering.front_end import view
from experiments.benchmark_sets.rendering.sheet import sheet
from sm_jax.body.io import load_body
from sm_jax.body.smpl import Body
from sm_jax.data.schema import PairSequence, View
from sm_jax.evaluation.benchmarks import frozen

ROOT = pathlib.Path(__file__).parent.parent
SEED = 0
AMOUNTS = ("little", "much")  # that the people hide of each other


def seen(out: pathlib.Path, number: int, clip: PairSequence, amount: int, body: Body, skin: Body) -> View:
    """One clip through one camera. amount: index into AMOUNTS."""
    chance = lambda what: np.random.default_rng([SEED, number, amount, what])  # noqa: E731
    by_hand = (number + 2 * amount) % 3 == 0
    camera, _ = look(chance(0), body, clip.motion, amount == 1, by_hand)
    video = out / f"{clip.name}_{AMOUNTS[amount]}.mp4"
    if not video.exists():
        outfits = [dress(np.random.default_rng([SEED, number, 2 + person]), skin) for person in range(2)]
        partial = video.with_suffix(".partial.mp4")
        crf = int(chance(1).integers(18, 28))
        film.save_video(partial, film.pictures(chance(2), skin, clip.motion, camera, outfits), crf)
        partial.replace(video)
    return view(video, body, clip.motion, camera)


def main() -> None:
    """Render, see, freeze, judge, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--synthetic", type=pathlib.Path, required=True, help="prepared synthetic set")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for videos and what was seen of them")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    body, skin = load_body("open-low"), load_body("open-full")
    found = []
    for number, clip in enumerate(clips(arguments.synthetic)):
        views = tuple(seen(arguments.out, number, clip, amount, body, skin) for amount in range(len(AMOUNTS)))
        found.append(dataclasses.replace(clip, views=views))
        print(clip.name, ["refused" if v.observation is None else "seen" for v in views], flush=True)
    frozen.save(frozen.RENDERED, found)
    result = front_end.benchmark_scores(body, found, AMOUNTS)
    (ROOT / "experiments" / "results" / "rendered.json").write_text(json.dumps(result, indent=1) + "\n")
    cv2.imwrite(str(ROOT / "docs" / "sheets" / "rendered.png"), sheet(body, found, AMOUNTS, arguments.out)[..., ::-1])
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
