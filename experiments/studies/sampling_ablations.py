"""Does every part of a reconstruction earn its place? Each in turn is taken away, or changed, on rendered video.

    python -m experiments.studies.sampling_ablations                       (half an hour on 2 cores)

The rendered benchmark's clips are reconstructed by the shipped networks as `sm-jax reconstruct` does, and with one
change at a time. Each change states its question, the metric that it exists for, and the answer: the difference on the
same clips with its 95 % interval by bootstrap over takes. Nothing is tuned on it. What only a training can answer is in
configs/ablations.py.

Writes experiments/results/ablations.json and, where sixteen hypotheses were drawn, a plot beside it of how far joints
are from the truth where those are so far from one another.
"""

import dataclasses
import pathlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from sm_jax.body.io import load_body
from sm_jax.evaluation.baselines.diffusion import GUIDED
from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.evaluation.baselines.single_person import SinglePersonMethod
from sm_jax.evaluation.benchmarks.case import TrueBodies, in_true_world
from sm_jax.evaluation.benchmarks.frozen import RENDERED
from sm_jax.evaluation.benchmarks.sets import BENCHMARKS
from sm_jax.evaluation.metrics.bootstrap import summarise
from sm_jax.evaluation.protocols import Row
from sm_jax.evaluation.report import compare
from sm_jax.evaluation.run import described
from sm_jax.evaluation.score import pose_for_metrics
from sm_jax.nets.weights import INFILLER, REFINER
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.models import load_models
from sm_jax.sampling.chunks import Request, SampledClip, sample_clip
from sm_jax.sampling.sample import Models, Settings
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers import rules
from sm_jax.text.describers.describer import DescriberInput
from sm_jax.types import Array, Conditions

OUT = RESULTS / "ablations.json"
WHOLE = "everything"
COLUMNS = (
    "hidden_mpjpe_mm", "visible_mpjpe_mm", "pair_pa_mpjpe_mm", "interaction_mm", "contact_recall_5cm",
    "contact_precision_5cm", "a_pd_excess_mm", "acceleration_error_mm", "foot_sliding_mm", "jitter_over_truth",
    "seconds",
)  # fmt: skip
# Of a term that is switched off. Which terms have weights is compiled in, how much they weigh is not: no variant that
# differs in weights alone compiles a program of its own.
NOTHING = 1e-9
PHYSICS = ("contact", "penetration", "ground", "skating", "limits")
MOST = 16  # hypotheses
BINS = 8


class EstimateAsInfiller(nn.Module):
    """In the place of the infiller: the gap-filled estimate, whatever the noise."""

    @nn.compact
    def __call__(self, x: Array, time: Array, conditions: Conditions) -> Array:
        return jnp.asarray(conditions.estimate)


class NoRefiner(nn.Module):
    """In the place of the refiner: what was infilled."""

    @nn.compact
    def __call__(self, x: Array, conditions: Conditions) -> Array:
        return x


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """One change. question: what it answers.  metric: the column that answers.  settings, models, told: what is changed
    of how is sampled, by which networks, and of what they are told of a clip whose true bodies are given too."""

    question: str
    metric: str
    settings: Settings = GUIDED
    models: Callable[[Models], Models] = lambda models: models
    told: Callable[[MethodInput, TrueBodies], MethodInput] = lambda clip, _: clip


def without_energies(*names: str) -> Settings:
    """The settings with some energies switched off."""
    weights = dataclasses.replace(GUIDED.weights, **dict.fromkeys(names, NOTHING))
    return dataclasses.replace(GUIDED, weights=weights)


def unsaid(clip: MethodInput, _: TrueBodies) -> MethodInput:
    """Without words, contacts as they are."""
    return dataclasses.replace(clip, text=jax.tree.map(jnp.zeros_like, clip.text))


def true_contacts(clip: MethodInput, truth: TrueBodies) -> MethodInput:
    """With the contacts that the rules find between the true bodies."""
    joints = truth.truth.joints["smpl"]
    scene = DescriberInput(joints=joints, visibility=np.ones(joints.shape[:3], np.float32), fps=truth.truth.fps)
    return dataclasses.replace(clip, contacts=contact_targets(rules.describe(scene).contacts, joints.shape[1]))


def another_draw(number: int) -> Callable[[MethodInput, TrueBodies], MethodInput]:
    """With other noise."""
    return lambda clip, _: dataclasses.replace(clip, key=jax.random.fold_in(clip.key, number))


def _sampled(**settings: Any) -> Settings:
    return dataclasses.replace(GUIDED, **settings)


HIDDEN, PAIR, RECALL, DEPTH = "hidden_mpjpe_mm", "pair_pa_mpjpe_mm", "contact_recall_5cm", "a_pd_excess_mm"
CHANGES = {
    WHOLE: Change(question="What everything below differs from by one change", metric=PAIR),
    "no infiller": Change(
        question="Does the infiller know more of hidden joints than interpolation?",
        metric=HIDDEN,
        models=lambda models: dataclasses.replace(models, infiller=EstimateAsInfiller(), infiller_params={}),
    ),
    "no refiner": Change(
        question="Does the refiner remove errors that the descent does not?",
        metric="jitter_over_truth",
        models=lambda models: dataclasses.replace(models, refiner=NoRefiner(), refiner_params={}),
    ),
    "no text": Change(question="Does the description help the networks?", metric=HIDDEN, told=unsaid),
    "no guidance": Change(
        question="Do the energies help?", metric=PAIR, settings=_sampled(guidance_start=0, fall_back=False)
    ),
    "no guidance in sampling": Change(
        question="Must the energies guide while noise is removed, or is the last descent enough?",
        metric=PAIR,
        settings=_sampled(guidance_steps=0),
    ),
    "no last descent": Change(
        question="Is the guidance of sampling enough without the last descent?",
        metric=PAIR,
        settings=_sampled(final_guidance_steps=0),
    ),
    "no falling back": Change(
        question="Does going back to the estimate help where the picture fits worse?",
        metric=PAIR,
        settings=_sampled(fall_back=False),
    ),
    "no physics": Change(
        question="What do contact, penetration, ground, skating and limits give together?",
        metric=DEPTH,
        settings=without_energies(*PHYSICS),
    ),
    "no reprojection": Change(
        question="Does agreement with the keypoints help?",
        metric="visible_mpjpe_mm",
        settings=without_energies("reprojection"),
    ),
    "no contact": Change(
        question="Do said contacts come about by their energy?", metric=RECALL, settings=without_energies("contact")
    ),
    "no penetration": Change(
        question="Does it keep bodies apart?", metric=DEPTH, settings=without_energies("penetration")
    ),
    "no spatial": Change(
        question="Does it keep distances between the two?",
        metric="interaction_mm",
        settings=without_energies("spatial"),
    ),
    "no ground": Change(
        question="Does the ground help feet?", metric="foot_sliding_mm", settings=without_energies("ground")
    ),
    "no skating": Change(
        question="Does it keep standing feet still?", metric="foot_sliding_mm", settings=without_energies("skating")
    ),
    "no smoothness": Change(
        question="Does it keep the descent from trembling?",
        metric="acceleration_error_mm",
        settings=without_energies("smoothness"),
    ),
    "no limits": Change(question="Do joint limits help?", metric=HIDDEN, settings=without_energies("limits")),
    "no prior": Change(
        question="Must the descent stay near what the networks and the estimate say?",
        metric=HIDDEN,
        settings=without_energies("prior"),
    ),
    "true contacts": Change(
        question="What would be reached if every contact were known?", metric=RECALL, told=true_contacts
    ),
    **{
        f"{n} denoising steps": Change(
            question="How many denoising steps are enough?", metric=PAIR, settings=_sampled(steps=n)
        )
        for n in (2, 5, 25)
    },
    **{
        f"{n} hypotheses": Change(
            question="Does the least energy among several find a better one?",
            metric=PAIR,
            settings=_sampled(hypotheses=n),
        )
        for n in (4, MOST)
    },
    **{
        f"draw {n}": Change(question="How much is the draw of the noise?", metric=PAIR, told=another_draw(n))
        for n in range(1, 5)
    },
}
ALONE = "each alone"  # the partner hidden from attention and energies: without training, what cross-attention may give
ALONE_QUESTION = Change(question="Does each gain by the other: attention across, energies between?", metric=PAIR)


def uncertainty(clip: SampledClip, truth: TrueBodies) -> np.ndarray:
    """Spread of the hypotheses and distance from the truth, both in mm after both are moved to the pelvis, [N, 2] of
    the joints that were infilled."""
    motion = in_true_world(clip.motion, truth.seen, truth.camera)
    found = pose_for_metrics(truth.body, motion, truth.truth.fps).joints["smpl"]
    joints = [np.asarray(x) - np.asarray(x)[:, :, :1] for x in (found, truth.truth.joints["smpl"])]
    off = np.linalg.norm(joints[0] - joints[1], axis=-1)
    return 1e3 * np.stack([clip.spread, off], axis=-1)[clip.infilled]


def calibration(pairs: np.ndarray) -> dict[str, Any]:
    """Of as many bins of equal size by spread [mm]: its mean and the errors' mean; and their rank correlation."""
    order = np.argsort(pairs[:, 0])
    parts = np.array_split(pairs[order], BINS)
    ranks = [np.argsort(np.argsort(pairs[:, i])) for i in (0, 1)]
    return {
        "spread_mm": [round(float(part[:, 0].mean()), 1) for part in parts],
        "error_mm": [round(float(part[:, 1].mean()), 1) for part in parts],
        "rank_correlation": round(float(np.corrcoef(np.stack(ranks))[0, 1]), 3),
        "joints": len(pairs),
    }


def plot_uncertainty(found: Mapping[str, Any], path: pathlib.Path) -> None:
    """Error against spread; on the line a spread would be the error."""
    figure = Figure(figsize=(4, 3.4), layout="constrained")
    axes = figure.subplots()
    most = max(found["spread_mm"] + found["error_mm"])
    axes.plot([0, most], [0, most], color="0.7", linewidth=1)
    axes.plot(found["spread_mm"], found["error_mm"], marker="o")
    axes.set(xlabel=f"spread of {MOST} hypotheses (mm)", ylabel="error (mm)", xlim=(0, None), ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)


def main(
    infiller: pathlib.Path = INFILLER,
    refiner: pathlib.Path = REFINER,
    names: tuple[str, ...] = (),
    every: int = 1,
    out: pathlib.Path = OUT,
) -> None:
    """Reconstruct every clip under every change, and write the answers.

    Args:
        infiller: weights.
        refiner: weights.
        names: some of the changes, else all.
        every: take every so many-th clip.
        out: file of results.
    """
    keep_compiled_programs()
    models, weights = load_models(infiller, refiner)
    cases = [case for case in BENCHMARKS["rendered"]() if case.observation is not None][::every]
    body = load_body("open-low")
    seen = []
    for number, case in enumerate(tqdm(cases, desc="clips seen", unit="clip", disable=None)):
        score = case.scorer()
        assert isinstance(score, TrueBodies)
        seen.append((described(case, jax.random.fold_in(jax.random.key(0), number)), score))
    rows: dict[str, list[Row]] = {}
    pairs = []
    chosen = {name: change for name, change in CHANGES.items() if not names or name in (WHOLE, *names)}
    with tqdm(total=len(seen) * (len(chosen) + 1), desc="clips", unit="clip", disable=None) as bar:
        for name, change in chosen.items():
            bar.set_postfix_str(name)
            rows[name], changed = [], change.models(models)
            for number, (clip, truth) in enumerate(seen):
                told = change.told(clip, truth)
                request = Request(observation=told.observation, text=told.text, contacts=told.contacts, key=told.key)
                if number == 0:
                    sample_clip(request, changed, body, change.settings)  # compiles
                began = time.perf_counter()
                found = sample_clip(request, changed, body, change.settings)
                rows[name].append(truth(found.motion) | {"seconds": time.perf_counter() - began})
                if change.settings.hypotheses == MOST:
                    pairs.append(uncertainty(found, truth))
                bar.update()
            _print_row(name, change, rows)
        if not names or ALONE in names:
            alone, rows[ALONE] = SinglePersonMethod(models), []
            chosen[ALONE] = ALONE_QUESTION
            for clip, truth in seen:
                began = time.perf_counter()
                rows[ALONE].append(truth(alone(clip)) | {"seconds": time.perf_counter() - began})
                bar.update()
            _print_row(ALONE, ALONE_QUESTION, rows)
    takes = [case.take for case in cases]
    found = {"changes": {name: answer_to(rows, name, change, takes) for name, change in chosen.items()}}
    draws = [name for name in rows if name.startswith("draw ") or name == WHOLE]
    if len(draws) > 1:
        found["spread_over_draws"] = _spread_over_draws([rows[name] for name in draws])
    if pairs:
        found["uncertainty"] = calibration(np.concatenate(pairs))
        plot_uncertainty(found["uncertainty"], out.with_suffix(".uncertainty.png"))
    write_result(
        out,
        what="reconstructions of the rendered benchmark with one change each",
        config={"clips": len(cases), "settings": dataclasses.asdict(GUIDED), "benchmark": RENDERED.name},
        seed=0,
        weights=weights,
        **found,
    )


def answer_to(rows: Mapping[str, list[Row]], name: str, change: Change, takes: list[str]) -> dict[str, Any]:
    """What a change does: the means, the differences to everything, and whether what was taken away is missed."""
    own = [{column: row[column] for column in COLUMNS} for row in rows[name]]
    answer = {"question": change.question, "metric": change.metric, "means": _rounded(summarise(own, takes))}
    if name == WHOLE:
        return answer
    differences = [{c: row[c] - whole[c] for c in COLUMNS} for row, whole in zip(own, rows[WHOLE], strict=True)]
    verdicts = compare({WHOLE: [{c: row[c] for c in COLUMNS} for row in rows[WHOLE]], name: own}, takes, WHOLE)[name]
    return answer | {
        "differences": _rounded(summarise(differences, takes)),
        "everything_is": verdicts[change.metric],
        "everything_is_in": verdicts,
    }


def _spread_over_draws(rows: list[list[Row]]) -> dict[str, dict[str, float]]:
    """Of each column, the means of each draw: their standard deviation, and the clips' own, in the mean."""
    table = {c: np.array([[row[c] for row in one] for one in rows]) for c in COLUMNS if c != "seconds"}
    return {
        column: {
            "of_the_mean": round(float(np.nanmean(values, axis=1).std(ddof=1)), 3),
            "of_a_clip": round(float(np.nanmean(values.std(axis=0, ddof=1))), 3),
        }
        for column, values in table.items()
    }


def _rounded(summary: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {column: {key: round(value, 3) for key, value in cell.items()} for column, cell in summary.items()}


def _print_row(name: str, change: Change, rows: Mapping[str, list[Row]]) -> None:
    mean = {c: float(np.nanmean([row[c] for row in rows[name]])) for c in COLUMNS}
    tqdm.write(f"{name:24} {change.metric}: {mean[change.metric]:.3f}  " +
               " ".join(f"{c.removesuffix('_mm')[:9]} {value:.2f}" for c, value in mean.items()))  # fmt: skip


if __name__ == "__main__":
    run(main, __doc__)
