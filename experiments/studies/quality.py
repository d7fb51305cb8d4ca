"""Is a reconstruction better than what it began from, and does it do no harm? The answers in one place.

    python -m experiments.studies.quality --synthetic data/synthetic.npz          (a quarter of an hour on 2 cores)

Measured here: the four real views under five draws of the noise; lifting, the rendered benchmark with every keypoint
and shape as it truly is; and a hug that is said to be one. Read from what other programs have measured with the same
weights: experiments/results/baselines.json (`4_evaluate.py`), validation_suite.json, its entry `shipped`, and
ablations.json (`studies.sampling_ablations`). Writes experiments/results/quality.json.
"""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from experiments.benchmark_sets.rendering.front_end import with_truth
from experiments.benchmarks.front_end import figures
from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from experiments.studies.text_guidance import occluded_case
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.data import codec
from sm_jax.data.schema import PairSequence, View
from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.evaluation.baselines.diffusion import GUIDED, NETWORKS, DiffusionMethod
from sm_jax.evaluation.baselines.optimisation import Descent
from sm_jax.evaluation.benchmarks.frozen import RENDERED, load
from sm_jax.evaluation.benchmarks.sets import BENCHMARKS
from sm_jax.evaluation.benchmarks.validation import pixel_errors
from sm_jax.evaluation.metrics.contact import region_distances
from sm_jax.evaluation.metrics.penetration import mesh_penetration
from sm_jax.evaluation.protocols import RADIUS
from sm_jax.evaluation.report import OURS
from sm_jax.evaluation.run import described
from sm_jax.evaluation.score import pose_for_metrics
from sm_jax.geometry.camera import project_points
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.models import load_models
from sm_jax.sampling.chunks import Request, sample_clip
from sm_jax.sampling.sample import Models
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers import from_user
from sm_jax.text.describers.describer import describer_input
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Motion

OUT = RESULTS / "quality.json"
DRAWS = 5
RAW, ENTRY, WITHOUT_PHYSICS = "raw estimate", "shipped", "no physics"
COLUMNS = {
    "hidden_mpjpe": "hidden_mpjpe_mm",
    "pair_pa_mpjpe": "pair_pa_mpjpe_mm",
    "interaction": "interaction_mm",
    "accel": "acceleration_error_mm",
    "apd_excess": "a_pd_excess_mm",
}
OTHERS = (RAW, "networks", "each alone", OURS)  # all else are baselines
HUG, HUG_SENTENCE = "hug", "They hug, each with both hands on the other's back."
HANDS, BACK = [i for i, n in enumerate(SIDED_REGIONS) if n.endswith("hand")], SIDED_REGIONS.index("back")


def four_views(models: Models) -> dict[str, Any]:
    """Means over the views and draws of what each method makes of them, and how often a person fits the picture, or the
    energy, worse than before."""
    scores: dict[str, list[dict[str, float]]] = {"raw estimate": [], "networks": [], OURS: [], "optimisation": []}
    worse = {"pixels": 0, "energy": 0, "people": 0}
    for number, case in enumerate(BENCHMARKS["four_views"]()):
        score, clip = case.scorer(), described(case, jax.random.fold_in(jax.random.key(0), number))
        seen, body = clip.observation, clip.body
        scores[RAW].append(score(seen.motion))
        scores["optimisation"].append(score(jax.device_get(Descent()(clip))))
        for draw in range(DRAWS):
            key = jax.random.fold_in(jax.random.key(draw), number)
            request = Request(observation=seen, text=clip.text, contacts=clip.contacts, key=key)
            scores["networks"].append(score(sample_clip(request, models, body, NETWORKS).motion))
            found = sample_clip(request, models, body, GUIDED)
            scores[OURS].append(score(found.motion))
            before, after = (pixel_errors(body, seen, motion) for motion in (seen.motion, found.motion))
            worse["pixels"] += sum(b > a for a, b in zip(before, after, strict=True))
            weights = GUIDED.weights.active()
            total = [sum(weights[k] * e[k] for k in weights) for e in (found.energies_before, found.energies_after)]
            worse["energy"] += int(total[1] > total[0])
            worse["people"] += len(before)
    columns = ("pair_pa_mpjpe_mm", "unseen_reprojection_px", "jitter_over_truth")
    means = {name: {c: round(float(np.mean([row[c] for row in rows])), 3) for c in columns}
             for name, rows in scores.items()}  # fmt: skip
    by_draw = {name: [round(float(np.mean([row["pair_pa_mpjpe_mm"] for row in scores[name][draw::DRAWS]])), 2)
                      for draw in range(DRAWS)] for name in ("networks", OURS)}  # fmt: skip
    return {"draws": DRAWS, "means": means, "pair_pa_mpjpe_mm_by_draw": by_draw, "worse_than_before": worse}


def lifting(models: Models) -> dict[str, Any]:
    """Errors on the rendered benchmark before and after where every keypoint and every shape is the true one and
    everything counts as seen. The camera is the front-end's, which was not told the focal length."""
    body, ours, before, after = load_body("open-low"), DiffusionMethod(models), [], []
    views = [(clip, view) for clip in load(RENDERED) for view in clip.views]
    for number, ((clip, view), case) in enumerate(zip(views, BENCHMARKS["rendered"](), strict=True)):
        if view.observation is None:
            continue
        true = _truly_seen(body, clip, view)
        told = described(dataclasses.replace(case, observation=true.observation), jax.random.key(number))
        made = dataclasses.replace(told.observation, motion=ours(told))
        before.append(with_truth(body, clip, true))
        after.append(with_truth(body, clip, dataclasses.replace(true, observation=made)))
    return {"before": figures(before), "after": figures(after)}


def _truly_seen(body: smpl.Body, clip: PairSequence, view: View) -> View:
    assert view.observation is not None
    points = smpl.keypoints(body, smpl.pose(body, clip.motion))
    pixels, _ = project_points(view.camera, points)
    seen = view.observation
    everything = dataclasses.replace(
        seen,
        keypoints=np.asarray(pixels, np.float32),
        keypoint_confidence=np.ones_like(seen.keypoint_confidence),
        visibility=np.ones_like(seen.visibility),
        motion=dataclasses.replace(seen.motion, betas=np.asarray(clip.motion.betas, np.float32)),
    )
    return dataclasses.replace(view, observation=everything)


def hug(models: Models, synthetic: pathlib.Path) -> dict[str, Any]:
    """The first hug of the set, seen from where most is hidden, under a true sentence: deepest penetration of the raw
    estimate and of the result, and in which share of the frames in which they truly do a hand is on the other's back.

    The class is one that training sees. Raises UserError where there is none.
    """
    body, encoder = load_body("open-low"), TextEncoder.load()
    records = [r for found in open_set(str(synthetic)).records.values() for r in found
               if str(r["name"]).startswith(f"{HUG}_")]  # fmt: skip
    if not records:
        raise UserError(f"{synthetic} has no {HUG}: make it with experiments/0_prepare_data.py synthetic")
    clip = codec.decode(min(records, key=lambda record: str(record["name"])))
    observation = occluded_case(clip, body, 0, most=True).observation
    assert observation is not None
    scene = describer_input(observation, body)
    said = from_user.describe_sentence(HUG_SENTENCE)(scene)
    request = Request(
        observation=observation,
        text=encoder.encode_one(said.text),
        contacts=contact_targets(said.contacts, scene.n_frames),
        key=jax.random.key(0),
    )
    found = sample_clip(request, models, body, GUIDED).motion
    held = _hands_on_backs(body, clip.motion)
    return {"clip": clip.name, "sentence": HUG_SENTENCE, "frames_held": int(held.sum())} | {
        name: {
            "deepest_penetration_mm": _deepest(body, motion, clip.fps),
            "hands_on_back": round(float(_hands_on_backs(body, motion)[held].mean()), 3),
        }
        for name, motion in (("truth", clip.motion), (RAW, observation.motion), (OURS, found))
    }


def _hands_on_backs(body: smpl.Body, motion: Motion) -> np.ndarray:
    """[2, T] whether a hand of each person is on the other's back."""
    points = np.asarray(smpl.surface_points(body, smpl.pose(body, motion)))
    gaps = region_distances(points, np.asarray(body.surface_region), len(SIDED_REGIONS))  # [T, of 0, of 1]
    return np.stack([gaps[:, HANDS, BACK].min(axis=-1), gaps[:, BACK, HANDS].min(axis=-1)]) < RADIUS


def _deepest(body: smpl.Body, motion: Motion, fps: float) -> float:
    pair = pose_for_metrics(body, motion, fps)
    return round(float(mesh_penetration(pair.vertices[:, ::4], pair.faces).max_mm), 1)


def summarise(
    baselines: Mapping[str, Any], suite: Mapping[str, Any], ablations: Mapping[str, Any]
) -> dict[str, float | None]:
    """Ours over raw and over the best of the baselines on the rendered benchmark, guards, and harm on the suite."""
    benchmark = baselines["benchmarks"]["rendered"]
    means = {name: {c: row[c]["mean"] for c in row} for name, row in benchmark["summary"].items()}
    ours, raw = means[OURS], means[RAW]
    found: dict[str, float | None] = {}
    for name, column in COLUMNS.items():
        best = min(abs(row[column]) for method, row in means.items() if method not in OTHERS)
        found[name] = abs(ours[column]) / abs(raw[column])
        found[f"{name}_vs_best"] = abs(ours[column]) / best
    cost = [ablations["changes"][name]["means"]["hidden_mpjpe_mm"]["mean"] for name in ("everything", WITHOUT_PHYSICS)]
    clips = benchmark["clips"] - len(benchmark["failed"])
    harm = suite[ENTRY]["all"][OURS]
    views = baselines["benchmarks"]["four_views"]["summary"]
    found |= {
        "jitter_share": ours["jitter_over_truth"],
        "wrist_speed_share": ours["peak_wrist_over_truth"],
        "physics_cost_mm": cost[0] - cost[1],
        "seconds_per_128_frames": ours["seconds"] * clips / benchmark["frames"] * 128,
        "harm_share": harm["harm_share"],
        "harm_worst_mm": harm["harm_worst_mm"],
        "four_views_networks_over_raw": views["networks"]["pair_pa_mpjpe_mm"]["mean"]
        / views[RAW]["pair_pa_mpjpe_mm"]["mean"],
    }
    return {name: None if value is None else round(float(value), 4) for name, value in found.items()}


def main(synthetic: pathlib.Path) -> None:
    """Measure, put together, write.

    Args:
        synthetic: a prepared synthetic set.
    """
    keep_compiled_programs()
    models, weights = load_models()
    read = {name: json.loads((RESULTS / f"{name}.json").read_text())
            for name in ("baselines", "validation_suite", "ablations")}  # fmt: skip
    for name, found in (("baselines", read["baselines"]), ("ablations", read["ablations"]),
                        ("validation_suite", read["validation_suite"][ENTRY])):  # fmt: skip
        if found["weights"] != weights:
            raise UserError(f"experiments/results/{name}.json was measured with other weights: measure it again")
    lifted, views = lifting(models), four_views(models)
    summary = summarise(read["baselines"], read["validation_suite"], read["ablations"])
    result = write_result(
        OUT,
        what="reconstructions beside what they began from",
        config={"draws": DRAWS, "settings": dataclasses.asdict(GUIDED)},
        seed=0,
        weights=weights,
        summary=summary | {"lifting_along_true_2d": lifted["after"]["raw_along_mm"]},
        four_views=views,
        lifting=lifted,
        hug=hug(models, synthetic),
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
