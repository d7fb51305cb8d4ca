"""What does the front-end see? The rendered benchmark observed anew, and the four-view clip, beside what was frozen.

    python -m experiments.benchmarks.front_end --out out/front_end [--views 8]   (half an hour on an idle core)

The videos are rendered again from the frozen motions and cameras, by the same draws. What was frozen of them is
"before", what today's front-end sees "after", compared on the views that both saw. Videos and what was seen of them are
kept in the folder, so an interrupted run goes on and a larger `--views` adds to what is there; the first few are spread
over all clips. Nothing may be tuned on what this shows: `benchmark_sets.calibrate_keypoints` has training clips for it.

Writes experiments/results/front_end.json, docs/sheets/front_end_confidence.png (what error a confidence stands for,
before and after), docs/sheets/front_end_worst.png (the ten worst frames) and, once all views are there,
OUT/rendered.npz, the benchmark as observed anew, in the form of the frozen file.
"""

import dataclasses
import json
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from matplotlib.figure import Figure

from experiments.benchmark_sets.four_views import observe_views, reference_keypoints
from experiments.benchmark_sets.render import AMOUNTS, film
from experiments.benchmark_sets.rendering.front_end import observe_video, with_truth
from experiments.benchmark_sets.rendering.sheet import draw_view
from experiments.lib.frontend_errors import BODY, COCO, JOINT, EstimateAndTruth, root_relative_errors
from experiments.lib.program import run
from experiments.lib.results import DOCS, RESULTS, write_result
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data.schema import PairSequence, View
from sm_jax.evaluation.benchmarks.frozen import FOUR_VIEWS, RENDERED, load, rounded, save
from sm_jax.evaluation.benchmarks.reference_clip import load_clip
from sm_jax.evaluation.metrics.joints import pa_mpjpe_mm, pair_pa_mpjpe_mm
from sm_jax.perception.observation_file import load_observation, save_observation
from sm_jax.types import Observation

OUT = RESULTS / "front_end.json"
SURE = 0.8
CLEAR = 0.5
WORST = 10
BINS = np.linspace(0, 1, 11)


def spread(count: int) -> list[int]:
    """The numbers below `count` in an order of which any first few are spread over all."""
    return sorted(range(count), key=lambda i: i * 0.618034 % 1)


def observe_anew(out: pathlib.Path, sequences: Sequence[PairSequence], views: int) -> dict[tuple[int, int], View]:
    """The first `views` of all (clip, amount) as the front-end sees them now."""
    body, skin = load_body("open-low"), load_body("open-full")
    every = [(number, amount) for number in range(len(sequences)) for amount in range(len(AMOUNTS))]
    found = {}
    for number, amount in [every[i] for i in spread(len(every))][:views]:
        clip, start = sequences[number], time.monotonic()
        camera = clip.views[amount].camera
        view = observe_video(film(out, number, clip, amount, camera, skin), body, clip.motion, camera)
        found[number, amount] = view
        seen = "refused" if view.observation is None else "seen"
        print(f"{clip.name}, {AMOUNTS[amount]}: {seen}, {time.monotonic() - start:.0f} s", flush=True)
    return found


def figures(seen: list[EstimateAndTruth]) -> dict[str, float]:
    """Of the body's keypoints in the views. Errors in the picture are in heights of the person; that of sure keypoints
    is the median over people of their means, as in rendered.json, the others are means over all."""
    parts = [_errors(one) for one in seen]
    error, off, clear, sure, aligned = (
        np.concatenate([p[i].reshape(-1, *p[i].shape[4:]) for p in parts]) for i in range(5)
    )
    people = [[x[0, person] for x in part] for part in parts for person in range(2)]
    size = np.linalg.norm(error, axis=-1)
    values = {
        "keypoint_error_sure": np.median([o[s > SURE].mean() for _, o, _, s, _ in people if (s > SURE).any()]),
        "keypoint_error_all": off.mean(),
        "share_sure": (sure > SURE).mean(),
        "raw_visible_mpjpe_mm": size[clear].mean(),
        "raw_across_mm": np.linalg.norm(error[..., :2], axis=-1)[clear].mean(),
        "raw_along_mm": np.abs(error[..., 2])[clear].mean(),
        "raw_pa_mpjpe_mm": aligned.mean(),
        "raw_hidden_mpjpe_mm": size[~clear].mean(),
    }
    return {name: round(float(value), 5 if "keypoint" in name else 2) for name, value in values.items()}


def _errors(seen: EstimateAndTruth) -> tuple[np.ndarray, ...]:
    """Of one view's keypoints of the body, [1, P, T, 12, …]: error in millimetres relative to the hips, error in the
    picture in the person's heights, whether it is to be seen, confidence, error in millimetres after alignment."""
    off = np.linalg.norm(np.asarray(seen.found - seen.true), axis=-1) / np.asarray(seen.height)[..., None]
    estimate, truth = (np.asarray(x)[None, :, :, BODY] for x in (seen.estimate, seen.truth))
    aligned = np.stack([[[pa_mpjpe_mm(a[None, None], b[None, None]) for a, b in zip(*two, strict=True)]
                         for two in zip(estimate[0], truth[0], strict=True)]])  # fmt: skip
    return (
        1e3 * root_relative_errors(_in_front(seen)),
        off[None, ..., BODY],
        np.asarray(seen.clear)[None][..., JOINT][..., BODY] > CLEAR,
        np.asarray(seen.confidence)[None, ..., BODY],
        np.repeat(aligned[..., None], estimate.shape[3], axis=-1),
    )


def _in_front(seen: EstimateAndTruth) -> EstimateAndTruth:
    return dataclasses.replace(seen, estimate=np.asarray(seen.estimate)[None], truth=np.asarray(seen.truth)[None])


def rendered(
    body: smpl.Body, sequences: Sequence[PairSequence], anew: dict[tuple[int, int], View], out: pathlib.Path
) -> dict[str, Any]:
    """Figures of the views, before and after, and pictures."""
    before, after, refused = [], [], {"": [], "_before": []}
    worst: list[tuple[float, pathlib.Path, Observation, int, str]] = []
    for (number, amount), view in anew.items():
        clip = sequences[number]
        name, old = f"{clip.name}_{AMOUNTS[amount]}", clip.views[amount]
        for when, one in (("", view), ("_before", old)):
            if one.observation is None:
                refused[when].append(name)
        if view.observation is not None and old.observation is not None:
            before.append(with_truth(body, clip, old))
            after.append(with_truth(body, clip, view))
            off = _errors(after[-1])[1][0].mean(axis=(0, 2))
            frame = int(off.argmax())
            worst.append((float(off[frame]), out / f"{name}.mp4", view.observation, frame, name))
    worst = sorted(worst, key=lambda one: -one[0])[:WORST]
    cells = [
        draw_view(body, path, seen, f"{name} {frame}: {100 * off:.0f} %", frame)
        for off, path, seen, frame, name in worst
    ]
    save_cells(cells, DOCS / "sheets" / "front_end_worst.png")
    plot_confidence({"before": before, "after": after}, DOCS / "sheets" / "front_end_confidence.png")
    summary = figures(after) | {f"{name}_before": value for name, value in figures(before).items()}
    return {
        "views": len(anew),
        "views_compared": len(after),
        "refused": refused[""],
        "refused_before": refused["_before"],
        "worst_frames": [{"view": name, "frame": frame, "error": round(off, 4)} for off, _, _, frame, name in worst],
        "summary": summary | {f"refused_clips{when}": len(names) for when, names in refused.items()},
    }


def save_cells(cells: list[np.ndarray], path: pathlib.Path) -> None:
    """A sheet of pictures of one size, two in a row."""
    blank = np.zeros_like(cells[0])
    rows = [np.concatenate([cells[i], *(cells[i + 1 : i + 2] or [blank])], axis=1) for i in range(0, len(cells), 2)]
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1])


def plot_confidence(views: dict[str, list[EstimateAndTruth]], path: pathlib.Path) -> None:
    """For each tenth of confidence, median and upper quartile of the errors, and how many keypoints there are."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for (label, seen), colour in zip(views.items(), ("0.6", "tab:blue"), strict=True):
        parts = [_errors(one) for one in seen]
        off, sure = (np.concatenate([p[i].ravel() for p in parts]) for i in (1, 3))
        place = np.clip(np.digitize(sure, BINS) - 1, 0, len(BINS) - 2)
        groups = [100 * off[place == i] for i in range(len(BINS) - 1)]
        x = 0.5 * (BINS[1:] + BINS[:-1])
        left.plot(x, [np.median(g) if len(g) > 20 else np.nan for g in groups], color=colour, marker="o", label=label)
        left.plot(x, [np.quantile(g, 0.75) if len(g) > 20 else np.nan for g in groups], color=colour, linestyle=":")
        right.plot(x, [100 * len(g) / len(off) for g in groups], color=colour, marker="o")
    left.set(xlabel="confidence", ylabel="error, % of the height", ylim=(0, None))
    left.set_title("median (line) and upper quartile (dots)", fontsize=8)
    left.legend(frameon=False)
    right.set(xlabel="confidence", ylabel="% of the keypoints", ylim=(0, None))
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)


def four_views(body: smpl.Body, out: pathlib.Path) -> dict[str, Any]:
    """Of each view of the four-view clip, raw: pair PA-MPJPE of the 24 joints against the body fitted to the reference,
    and the keypoints against the reference's joints, which are the detectors' own, in percent of the height."""
    (sequence,), clip = load(FOUR_VIEWS), load_clip()
    kept = [out / f"four_views_{v}.npz" for v in range(len(sequence.views))]
    if not all(path.exists() for path in kept):
        for path, seen in zip(kept, observe_views(body, clip), strict=True):
            save_observation(path, seen)
    truth = np.asarray(smpl.pose(body, sequence.motion).joints)
    rows = []
    for v, (path, view) in enumerate(zip(kept, sequence.views, strict=True)):
        row: dict[str, float] = {}
        points, pixels = reference_keypoints(clip, v)
        height = 1.7 * np.asarray(view.camera.K)[0, 0] / np.asarray(points)[..., 2].mean(axis=-1)
        assert view.observation is not None
        for when, seen in (("", rounded(load_observation(path))), ("_before", view.observation)):
            joints = np.asarray(smpl.pose(body, seen.motion).joints)
            off = (
                np.linalg.norm(np.asarray(seen.keypoints)[:, :, :COCO] - np.asarray(pixels), axis=-1)
                / height[..., None]
            )
            row[f"pair_pa_mpjpe_mm{when}"] = round(pair_pa_mpjpe_mm(joints, truth), 2)
            row[f"pa_mpjpe_mm{when}"] = round(pa_mpjpe_mm(joints, truth), 2)
            row[f"keypoints_percent{when}"] = round(100 * float(np.median(off[..., BODY])), 3)
        rows.append(row)
        print(row, flush=True)
    means = {f"four_views_{name}": round(float(np.mean([row[name] for row in rows])), 3) for name in rows[0]}
    return {"four_views": rows, "means": means}


def main(out: pathlib.Path, views: int = 38) -> None:
    """Observe, compare, draw, write.

    Args:
        out: folder for videos and what was seen of them.
        views: how many of the benchmark's 38 views are observed.
    """
    out.mkdir(parents=True, exist_ok=True)
    body, sequences = load_body("open-low"), load(RENDERED)
    real = four_views(body, out)
    anew = observe_anew(out, sequences, views)
    found = rendered(body, sequences, anew, out)
    if len(anew) == sum(len(clip.views) for clip in sequences):
        save(
            out / "rendered.npz",
            [
                dataclasses.replace(clip, views=tuple(anew[n, a] for a in range(len(AMOUNTS))))
                for n, clip in enumerate(sequences)
            ],
        )
    found["summary"] |= real.pop("means")
    result = write_result(
        OUT,
        what="the front-end on the rendered benchmark, not told the focal length, and on the four views, told it; "
        "before: what was frozen",
        config={"views": len(anew), "sure": SURE},
        seed=0,
        **found,
        **real,
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
