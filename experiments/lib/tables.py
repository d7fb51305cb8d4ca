"""The generated tables of README.md and docs/*.md, and putting them there.

A table is a function from the folder of results to Markdown. Numbers are never typed.
"""

import json
import pathlib
import re
import statistics
from collections.abc import Callable
from typing import Any

from experiments.lib import training_costs
from experiments.lib.results import DOCS, RESULTS, ROOT
from sm_jax.data.codec import FIELDS
from sm_jax.evaluation.report import means, tables
from sm_jax.nets.weights import INFILLER, REFINER, load_weights, parameters
from sm_jax.synthetic.classes import CLASSES

HEADLINE = ("hidden_mpjpe_mm", "pair_pa_mpjpe_mm", "contact_recall_5cm", "jitter_over_truth")
BEFORE, RESULT, OWN = "raw estimate", "networks + guidance", ("each alone", "networks")
TEXT_COLUMNS = {"pair_pa_mm": ("pair PA-MPJPE (mm)", 1), "contact_f1": ("contact F1 (5 cm)", 3)}


def _read(results: pathlib.Path, name: str) -> dict[str, Any]:
    return json.loads((results / f"{name}.json").read_text())


# All methods on the frozen benchmarks.


def benchmark(name: str) -> Callable[[pathlib.Path], str]:
    """The tables of one benchmark."""
    return lambda results: tables(name, _read(results, "baselines")["benchmarks"][name])


def headline(results: pathlib.Path) -> str:
    """What was found on rendered video, in a sentence, and all methods there, the columns that matter most."""
    result = _read(results, "baselines")
    found = result["benchmarks"]["rendered"]
    refused, takes = len(found["failed"]), len(found["takes"])
    note = (
        f"{found['clips']} clips, of which the front-end refused {refused}; {found['frames']} frames of {takes}"
        f" held-out takes; mean and 95 % interval over takes; {result['device']}, commit {result['commit']}."
    )
    return "\n".join([finding(found["summary"]), "", *means(found["summary"], HEADLINE), "", note])


def finding(summary: dict[str, Any]) -> str:
    """The first estimate, the result, and the best of the methods without our networks, in a sentence."""
    columns = HEADLINE[:3]
    before, after = ([summary[name][column]["mean"] for column in columns] for name in (BEFORE, RESULT))
    others = [
        [row[column]["mean"] for column in columns]
        for name, row in summary.items()
        if name not in (BEFORE, RESULT, *OWN)
    ]
    best = [choose(column) for choose, column in zip((min, min, max), zip(*others, strict=True), strict=True)]
    return (
        f"**Joints that the other person hides are off by {after[0]:.0f} mm in the mean, where the first estimate is"
        f" off by {before[0]:.0f}; the two people together by {after[1]:.0f} instead of {before[1]:.0f} mm; of the"
        f" true contacts {after[2]:.0%} are found instead of {before[2]:.0%}.** The best of filters and optimisation"
        f" comes to {best[0]:.0f} mm, {best[1]:.0f} mm and {best[2]:.0%}."
    )


def methods(results: pathlib.Path) -> str:
    """Which methods these are, with their settings."""
    result = _read(results, "baselines")
    lines = ["| method | settings |", "|---|---|", *(_row(*method) for method in result["methods"].items())]
    weights = ", ".join(f"{name} {value[:12]}" for name, value in result["weights"].items())
    made = f"jax {result['jax']}, {result['device']}, commit {result['commit']}"
    return "\n".join([*lines, "", f"Seed {result['question']['seed']}, weights {weights}, {made}."])


def tuning(results: pathlib.Path) -> str:
    """Each method's best settings on the validation split, and how many were tried."""
    found = _read(results, "tuning")
    lines = ["| method | tried | best | score | jitter over truth |", "|---|---|---|---|---|"]
    for name, method in found["methods"].items():
        best = min(method["rows"], key=lambda row: row["score"])
        chosen = ", ".join(
            f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in best["settings"].items()
        )
        lines.append(
            f"| {name} | {len(method['rows'])} | {chosen} | {best['score']:.3f} | {best['jitter_over_truth']:.2f} |"
        )
    clips = f"{len(found['config']['clips'])} clips × {found['config']['seeds']} simulations"
    return "\n".join(
        [*lines, "", f"{clips}, {found['device']}; the score is lower the better, the raw estimate's is 1."]
    )


ABLATION_COLUMNS = {
    "hidden_mpjpe_mm": ("hidden MPJPE", 1),
    "visible_mpjpe_mm": ("visible", 1),
    "pair_pa_mpjpe_mm": ("pair PA", 1),
    "interaction_mm": ("interaction", 1),
    "contact_recall_5cm": ("contact recall", 2),
    "a_pd_excess_mm": ("A-PD excess", 2),
    "foot_sliding_mm": ("foot sliding", 1),
    "jitter_over_truth": ("jitter", 2),
    "seconds": ("seconds", 2),
}


def ablations(results: pathlib.Path) -> str:
    """What each change of a reconstruction answers, and its means."""
    result = _read(results, "ablations")
    heads = ["change", "question", "answer", *(title for title, _ in ABLATION_COLUMNS.values())]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, change in result["changes"].items():
        cells = [f"{change['means'][c]['mean']:.{digits}f}" for c, (_, digits) in ABLATION_COLUMNS.items()]
        lines.append(f"| {' | '.join([name, change['question'], _ablated(change), *cells])} |")
    return "\n".join([*lines, "", _ablations_note(result)])


def _ablated(change: dict[str, Any]) -> str:
    """The difference that answers, with its interval, and what it says of the whole."""
    if "differences" not in change:
        return ""
    column = change["metric"]
    digits = 1 if column.endswith("_mm") and column != "a_pd_excess_mm" else 2
    title = ABLATION_COLUMNS.get(column, (column.removesuffix("_mm").replace("_", " "), 0))[0]
    return f"{title} {_cell(change['differences'][column], digits, '+')}: everything is {change['everything_is']}"


def _ablations_note(result: dict[str, Any]) -> str:
    """Of the ablations: what was measured, and the spread over draws."""
    drawn = result["spread_over_draws"]["pair_pa_mpjpe_mm"]
    varies = f"{drawn['of_the_mean']:.1f} mm in the mean of all clips and by {drawn['of_a_clip']:.1f} mm in a clip"
    weights = (f"{name} {result['weights'][f'{name}_sha256'][:12]}" for name in ("infiller", "refiner"))
    return (
        f"{result['config']['clips']} clips. An answer is the change's difference to everything on the same clips, with"
        f" its 95 % interval over takes. Over draws of the noise pair PA-MPJPE varies by {varies} (standard"
        f" deviations). Weights {', '.join(weights)}; seed {result['seed']}, {result['device']}, commit"
        f" {result['commit']}."
    )


QUALITY_ROWS = {
    "hidden_mpjpe": "hidden MPJPE",
    "pair_pa_mpjpe": "pair PA-MPJPE",
    "interaction": "interaction error",
    "accel": "acceleration error",
    "apd_excess": "A-PD excess",
}


def quality(results: pathlib.Path) -> str:
    """Ours over raw and over the best baseline on rendered video, and what else is said of harm."""
    result = _read(results, "quality")
    summary, views, embrace = result["summary"], result["four_views"], result["hug"]
    lines = ["| rendered | ours over raw | over the best baseline |", "|---|---|---|"]
    for name, title in QUALITY_ROWS.items():
        lines.append(f"| {title} | {summary[name]:.2f} | {summary[f'{name}_vs_best']:.2f} |")
    lines += [
        "",
        "| four views | pair PA-MPJPE (mm) | unseen reprojection (px) | jitter over truth |",
        "|---|---|---|---|",
    ]
    for name, row in views["means"].items():
        cells = (row["pair_pa_mpjpe_mm"], row["unseen_reprojection_px"], row["jitter_over_truth"])
        lines.append(f"| {name} | {' | '.join(f'{cell:.1f}' for cell in cells)} |")
    worse, before, after = views["worse_than_before"], result["lifting"]["before"], result["lifting"]["after"]
    ours, raw = embrace[RESULT], embrace[BEFORE]
    note = (
        f"Four views: means over {views['draws']} draws of the noise; of {worse['people']} people {worse['pixels']} fit"
        f" their keypoints worse than before, and the energy is higher in {worse['energy']}. Validation suite: pair"
        f" PA-MPJPE more than 3 mm above raw in {100 * summary['harm_share']:.1f} % of the clips, by"
        f" {summary['harm_worst_mm']:.0f} mm at worst. Lifting, every keypoint and shape as it truly is: visible joints"
        f" {before['raw_along_mm']:.0f} → {after['raw_along_mm']:.0f} mm off along the line of sight,"
        f" {before['raw_visible_mpjpe_mm']:.0f} → {after['raw_visible_mpjpe_mm']:.0f} in all. A hug that is said to be"
        f" one: hands on the back in {100 * raw['hands_on_back']:.0f} → {100 * ours['hands_on_back']:.0f} % of the"
        f" frames in which they are, deepest penetration {raw['deepest_penetration_mm']:.0f} →"
        f" {ours['deepest_penetration_mm']:.0f} mm. {summary['seconds_per_128_frames']:.2f} s for 128 frames. Seed"
        f" {result['seed']}, {result['device']}, commit {result['commit']}."
    )
    return "\n".join([*lines, "", note])


SUITE_COLUMNS = {
    "pair_pa_mpjpe_mm": "pair PA-MPJPE (mm)",
    "visible_mpjpe_mm": "visible MPJPE",
    "hidden_mpjpe_mm": "hidden MPJPE",
    "interaction_mm": "interaction",
}


def validation_suite(results: pathlib.Path) -> str:
    """Raw → ours in every group, distance and posture of the validation suite, and the share of clips harmed."""
    entry = _read(results, "validation_suite")["shipped"]
    bins = {"all": {"all": entry["all"] | {"clips": entry["clips"]}}}
    bins |= {kind: entry[kind] for kind in ("groups", "distance", "posture")}
    heads = ["", "clips", *SUITE_COLUMNS.values(), "better in", "harmed", "worst (mm)"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for parts in bins.values():
        for name, row in parts.items():
            cells = []
            for column in SUITE_COLUMNS:
                both = [row[method].get(column) for method in (BEFORE, RESULT)]
                cells.append("" if None in both else " → ".join(f"{value:.0f}" for value in both))
            ours = row[RESULT]
            shares = f"{100 * ours['better_share']:.0f} %", f"{100 * ours['harm_share']:.0f} %"
            lines.append(f"| {' | '.join([name, str(row['clips']), *cells, *shares])} | {ours['harm_worst_mm']:.0f} |")
    note = f"Raw → networks + guidance. Harmed: pair PA-MPJPE more than 3 mm above raw. Seed {entry['seed']}, "
    return "\n".join([*lines, "", f"{note}{entry['device']}, commit {entry['commit']}."])


def _row(name: str, settings: dict[str, Any]) -> str:
    return f"| {name} | {', '.join(f'{key} {value}' for key, value in settings.items())} |"


# What the data are.


def sequence_fields(_: pathlib.Path) -> str:
    """The arrays of a sequence."""
    lines = ["| field | type | what |", "|---|---|---|"]
    for name, field in FIELDS.items():
        kind = "text" if field.dtype is str else field.dtype.__name__
        lines.append(f"| `{name}` | {'list of texts' if kind == 'text' and field.shape else kind} | {field.meaning} |")
    return "\n".join(lines)


def synthetic_quality(results: pathlib.Path) -> str:
    """How the synthetic classes move, beside salsa."""
    result = _read(results, "synthetic")
    columns = {
        "skate": "skate (mm/s)",
        "deep": "deeper than 2 cm (share of frames)",
        "deepest": "deepest (mm)",
        "gap": "gap (mm)",
        "kept": "contacts kept",
        "limits": "beyond range (deg)",
        "peak": "peak (m/s²)",
        "read": "contacts read",
    }
    lines = ["| class | split | " + " | ".join(columns.values()) + " |", "|---" * (len(columns) + 2) + "|"]
    for name, row in result["classes"].items():
        cells = " | ".join("" if row[key] is None else f"{row[key]:.3g}" for key in columns)
        lines.append(f"| {name} | {CLASSES[name].split if name in CLASSES else ''} | {cells} |")
    return "\n".join([*lines, "", f"{result['config']['per_class']} samples of each class, commit {result['commit']}."])


def salsa_truth(results: pathlib.Path) -> str:
    """What is wrong with the salsa set as ground truth."""
    result = _read(results, "salsa_truth")
    columns = {
        "closest_knuckles_median_mm": "hands that hold (mm apart)",
        "skate_measured_mm_s": "skate as measured (mm/s)",
        "skate_mm_s": "skate (mm/s)",
        "mesh_penetration_max_mm": "deepest vertex (mm)",
        "mesh_penetration_mean_mm": "mean depth (mm)",
        "deepest_point_mm": "deepest surface point (mm)",
        "frames_deeper_than_50_mm": "frames over 50 mm",
        "ankle_over_90_deg": "ankles over 90°",
        "elbow_over_155_deg": "elbows over 155°",
    }
    lines = ["| take | " + " | ".join(columns.values()) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, row in {**result["takes"], "mean over frames": result["mean_over_frames"]}.items():
        cells = " | ".join(_share_or_number(key, row.get(key)) for key in columns)
        lines.append(f"| {name} | {cells} |")
    note = f"Vertices in every {result['config']['every']}th frame, surface points in all; shares of frames. "
    return "\n".join([*lines, "", f"{note}Commit {result['commit']}."])


def _share_or_number(key: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if key.endswith(("_mm", "_mm_s")) and "frames" not in key else f"{100 * value:.1f} %"


# The simulated observer, and how fast training examples are made with it.


def simulator_fit(results: pathlib.Path) -> str:
    """The simulated observer beside the real front-end on the same clip."""
    result = _read(results, "simulator")
    lines = ["| statistic | front-end | simulator before | fitted |", "|---|---|---|---|"]
    for name, row in result["statistics"].items():
        lines.append(f"| {name} | " + " | ".join(f"{row[key]:.3g}" for key in ("real", "before", "after")) + " |")
    return "\n".join([*lines, "", f"{result['what'][0].upper()}{result['what'][1:]}. Commit {result['commit']}."])


def example_rates(results: pathlib.Path) -> str:
    """How fast examples are made, beside how fast networks train on them."""
    result = _read(results, "bench_examples")
    rate = result["examples_per_second"]
    lines = ["| | examples a second | made over trained |", "|---|---|---|", f"| made | {rate['examples']:.0f} | |"]
    for size, ratio in result["made_over_trained"].items():
        lines.append(
            f"| {size}, {result['parameters'][size] / 1e6:.1f} M parameters | {rate[size]:.1f} | {ratio:.1f} |"
        )
    return "\n".join([*lines, "", f"{result['what']}; {result['device']}, commit {result['commit']}."])


# How fast the body is.


def body_speed(results: pathlib.Path) -> str:
    """Time of the body layer beside others and the machine's bound."""
    result = _read(results, "bench_body")
    lines = ["| forward and backward, frames | ours (ms) | smplx | body-models | bound |", "|---|---|---|---|---|"]
    for name, row in result["layers"].items():
        what, _, batch = name.partition("_forward_backward_")
        if batch:
            keys = (f"{other}_over_ours" for other in ("smplx", "body_models", "bound"))
            cells = " | ".join(f"{row[key]:.2g}×" if key in row else "" for key in keys)
            lines.append(f"| {what}, {batch} | {row['ours_ms']:.3g} | {cells} |")
    return "\n".join([*lines, "", f"Times over ours. float32, {result['device']}, commit {result['commit']}."])


# What the shipped weights are.


def packaged_weights(_: pathlib.Path) -> str:
    """What the shipped weights were trained on, and for how long."""
    names = ("hidden_rooted_mpjpe", "acceleration_error")
    lines = [
        "| network | parameters | steps | windows a step | hidden joints (mm) | acceleration error (m/s²) |",
        "|---|---|---|---|---|---|",
    ]
    for path, start in ((INFILLER, "estimate"), (REFINER, "infilled")):
        weights = load_weights(path)
        facts, held_out = weights.facts, weights.facts["validation"]
        before, after = (
            " | ".join(f"{held_out[f'val/{part}{name}']:.1f}" for name in names) for part in (f"{start}/", "")
        )
        batch = facts["config"]["data"]["batch"]
        lines.append(f"| before the {path.stem} | | | | {before} |")
        lines.append(f"| {path.stem} | {parameters(weights.params):,} | {facts['steps']:,} | {batch} | {after} |")
    return "\n".join(lines)


# How fast training and sampling are, and what they cost.


def training_speed(results: pathlib.Path) -> str:
    """Examples a second against the size of the batch."""
    result = _read(results, "bench_training")
    summary = result["summary"]
    by_size = result["torch_over_ours"].values()
    note = (
        f"Beside eager PyTorch {min(by_size):.2f} to {max(by_size):.2f}× as fast; eight devices that share the cores"
        f" take the largest batch {summary['partition_overhead_8']:.2f}× as fast as one."
    )
    return "\n".join(
        [*_rates(result, "examples_per_second", "examples a second, batch of"), "", note, "", _origin(result)]
    )


def sampling_speed(results: pathlib.Path) -> str:
    """Frames a second against the clips in a batch."""
    result = _read(results, "bench_sampling")
    return "\n".join([*_rates(result, "frames_per_second", "frames a second, clips in a batch"), "", _origin(result)])


def guidance_cost(results: pathlib.Path) -> str:
    """What guidance costs, in a denoising step and in a whole call."""
    result = _read(results, "bench_sampling")
    took, summary, settings = result["milliseconds"], result["summary"], result["config"]
    rows = {
        "a denoising step": ("step", "guided_over_unguided"),
        f"a whole call: {settings['steps']} of them, {settings['polish']} of the last descent": (
            "call", "guided_call_over_unguided",
        ),
    }  # fmt: skip
    lines = ["| milliseconds | without guidance | with guidance | ratio |", "|---|---|---|---|"]
    for name, (key, ratio) in rows.items():
        lines.append(f"| {name} | {took[key]} | {took[f'guided {key}']} | {summary[ratio]:.2f} |")
    free = f"Classifier-free guidance in both: {result['classifier_free_guidance']}."
    return "\n".join([*lines, "", f"{free} {_origin(result)}"])


def time_to_energy(results: pathlib.Path) -> str:
    """How long L-BFGS without a prior takes to the energy of our result."""
    result = _read(results, "bench_sampling")
    found = result["lbfgs_to_our_energy"]
    lines = ["| clip | energy | ours (s) | L-BFGS: iterations | energy | time over ours |", "|---|---|---|---|---|---|"]
    for number, row in enumerate(found["clips"]):
        needed = row["lbfgs_iterations"] or f"more than {found['most_iterations']}"
        lines.append(
            f"| {number} | {row['energy']:.3f} | {row['seconds']:.2f} | {needed} | {row['lbfgs_energy']:.3f} |"
            f" {row['lbfgs_over_ours']:.2f}× |"
        )
    return "\n".join([*lines, "", _origin(result)])


def _rates(result: dict, name: str, what: str) -> list[str]:
    """Lines of a table: variants, their rates by the size of the batch, and the peak memory of their process."""
    rates = result[name]
    sizes = sorted({int(size) for by_size in rates.values() for size in by_size})
    lines = [f"| {what} | {' | '.join(map(str, sizes))} | peak memory (GiB) |", "|---" * (len(sizes) + 2) + "|"]
    for variant, by_size in rates.items():
        cells = (f"{by_size[str(size)]:.1f}" if str(size) in by_size else "" for size in sizes)
        memory = next(gib for process, gib in result["peak_memory_gib"].items() if variant.startswith(process))
        lines.append(f"| {variant} | {' | '.join(cells)} | {memory:.1f} |")
    return lines


def _origin(result: dict) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in result["versions"].items() if version)
    what = f"{result['what'][0].upper()}{result['what'][1:]}"
    return f"{what}; {result['device']}, {packages}, commit {result['commit']}."


def step_cost(results: pathlib.Path) -> str:
    """What a training step costs, measured."""
    result = _read(results, "step_cost")
    return "\n".join([training_costs.cost_table(result), "", _origin(result)])


def recipe_cost(results: pathlib.Path) -> str:
    """What the recipes cost on accelerators, worked out."""
    result = _read(results, "step_cost")
    note = (
        f"Hours at best / where {100 * training_costs.ASSUMED:.0f} % of that is reached, which is an assumption. Worked"
        f" out from experiments/results/step_cost.json, commit {result['commit']}."
    )
    return "\n".join([training_costs.recipe_table(result), "", note])


# What is said of a clip: whether it is true, whether it helps, and whether it is done.


def rule_facts(results: pathlib.Path) -> str:
    """Shares of the rules' sentences that are true, by set."""
    sets = _read(results, "rule_facts")["summary"]["sets"]
    lines = [
        "| set | described from | sentences | true in every statement | statements each |",
        "|---|---|---|---|---|",
    ]
    for name, by_source in sets.items():
        for source, found in by_source.items():
            share, each = 100 * found["true_sentences"], found["facts_per_sentence"]
            lines.append(f"| {name} | {source} | {found['sentences']} | {share:.1f} % | {each:.1f} |")
    return "\n".join(lines)


def text_guidance(results: pathlib.Path) -> str:
    """Of each variant of the reconstruction and each description, the scores, and the difference to silence."""
    study = _read(results, "semantics")
    heads = [head for head, _ in TEXT_COLUMNS.values()]
    head = ["variant", "description", *heads, *(f"{name} over none" for name in heads)]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for variant, by_kind in study["over_none"].items():
        for kind, cells in study["summary"][variant].items():
            over = by_kind.get(kind)
            scores = [_cell(cells[name], digits) for name, (_, digits) in TEXT_COLUMNS.items()]
            differences = [_cell(over[name], digits, "+") if over else "" for name, (_, digits) in TEXT_COLUMNS.items()]
            lines.append(f"| {' | '.join([variant, kind, *scores, *differences])} |")
    clips, seeds = len({row["clip"] for row in study["rows"]}), study["config"]["seeds"]
    weights = study["weights"]["infiller_sha256"][:12]
    note = f"{clips} clips of held-out classes × {seeds} simulations; mean and 95 % interval over clips;"
    return "\n".join([*lines, "", f"{note} infiller {weights}, {study['device']}, commit {study['commit']}."])


def three_sentences(results: pathlib.Path) -> str:
    """Which of three sentences hold in the motions made under each, and how far the visible joints moved."""
    study = _read(results, "three_sentences")
    rows = study["rows"]
    asked = [text for text, row in rows.items() if row["contacts"]]
    head = ["description", *(f"“{text}” holds" for text in asked), "visible joints moved (mm), mean and 95 %"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for text, row in rows.items():
        shares = [f"{100 * row['share_in_contact'][one]:.0f} %" for one in asked]
        moved = row["visible_joints_moved_mm"]
        change = f"{moved['mean']:.1f}, {moved['95 %']:.0f}"
        lines.append(f"| {' | '.join([text, *shares, change])} |")
    return "\n".join(
        [*lines, "", f"{study['config']['clip']}, seed {study['seed']}, {study['device']}, commit {study['commit']}."]
    )


def _cell(cell: dict[str, Any], digits: int, sign: str = "") -> str:
    between = f" ({cell['low']:{sign}.{digits}f} to {cell['high']:{sign}.{digits}f})" if "low" in cell else ""
    return f"{cell['mean']:{sign}.{digits}f}{between}"


# What other tools' results gain.


def front_end(results: pathlib.Path) -> str:
    """What the front-end sees now, beside what was frozen."""
    result = _read(results, "front_end")
    columns = {
        "keypoint_error_sure": ("sure keypoints (% of the height)", 100),
        "keypoint_error_all": ("all keypoints (%)", 100),
        "raw_visible_mpjpe_mm": ("visible MPJPE (mm)", 1),
        "raw_across_mm": ("across", 1),
        "raw_along_mm": ("along", 1),
        "raw_pa_mpjpe_mm": ("PA-MPJPE", 1),
        "raw_hidden_mpjpe_mm": ("hidden MPJPE", 1),
        "refused_clips": ("refused", 1),
        "four_views_pair_pa_mpjpe_mm": ("four views: pair PA-MPJPE", 1),
    }
    lines = [f"| | {' | '.join(title for title, _ in columns.values())} |", "|---" * (len(columns) + 1) + "|"]
    for when, suffix in (("as frozen", "_before"), ("now", "")):
        cells = [f"{unit * result['summary'][name + suffix]:.3g}" for name, (_, unit) in columns.items()]
        lines.append(f"| {when} | {' | '.join(cells)} |")
    note = (
        f"{result['views']} of the rendered benchmark's 38 views, {result['views_compared']} of which both saw; raw"
        f" estimates. Seed {result['seed']}, {result['device']}, commit {result['commit']}."
    )
    return "\n".join([*lines, "", note])


def front_end_memory(results: pathlib.Path) -> str:
    """Peak memory of the front-end up to the end of each stage, by the length of a clip."""
    result = _read(results, "front_end_memory")
    stages = list(next(iter(result["lengths"].values()))["stages"])
    lines = [f"| clip | {' | '.join(name.replace('_', ' ') for name in stages)} |", "|---" * (len(stages) + 1) + "|"]
    for length, found in result["lengths"].items():
        peaks = [f"{found['stages'][name]['peak_mib']:.0f}" for name in stages]
        lines.append(f"| {length} | {' | '.join(peaks)} |")
    note = (
        f"{result['what'].capitalize()}, in MiB, with {result['config']['detectors']} detections. Seed"
        f" {result['seed']}, {result['device']}, commit {result['commit']}."
    )
    return "\n".join([*lines, "", note])


def focal_length(results: pathlib.Path) -> str:
    """How well the focal length is told from people, beside the diagonal."""
    result = _read(results, "focal_length")
    interval = f"true in the {result['config']['interval']:.0%} interval"
    lines = [
        f"| clips | cues | median error | of the diagonal | mean error | of the diagonal | correlation | {interval} |",
        "|---" * 8 + "|",
    ]
    for clips in ("simulated", "rendered", "real"):
        for cues, found in result["summary"].items():
            row = found[clips]
            errors = (row[f"{kind}_error{of}"] for kind in ("median", "mean") for of in ("", "_of_the_diagonal"))
            cells = [f"{clips}, {row['clips']}", cues.replace("_", " "), *(f"{error:.0%}" for error in errors)]
            told = "" if clips == "real" else f"{row['correlation_of_logarithms']:.2f}"  # those are of one kind
            lines.append(f"| {' | '.join([*cells, told])} | {row['true_in_interval']:.0%} |")
    depths = result["rendered_depths"]
    note = (
        f"Errors are |log f / f_true|. True distances of the {depths['people']} rendered people over those under the"
        f" diagonal: {depths['least_true_over_said']:.2f} to {depths['most_true_over_said']:.2f};"
        f" {depths['in_interval']:.0%} lie in `people_m_away`. Seed {result['seed']}, {result['device']}, commit"
        f" {result['commit']}."
    )
    return "\n".join([*lines, "", note])


def importers(results: pathlib.Path) -> str:
    """Other tools' estimates before and after, by tool."""
    result = _read(results, "importers")
    columns = {
        "pair_pa_mpjpe_mm": "pair PA-MPJPE (mm)",
        "visible_mpjpe_mm": "visible MPJPE (mm)",
        "hidden_mpjpe_mm": "hidden MPJPE (mm)",
    }
    heads = ["file of", *(f"{name} | better in" for name in columns.values()), "jitter over the truth's"]
    lines = [f"| {' | '.join(heads)} |", "|---" * (2 + 2 * len(columns)) + "|"]
    for tool, found in result["summary"].items():
        cells = []
        for metric in columns:
            cell = found[metric]
            both = " → ".join(f"{cell[when]['mean']:.1f}" for when in ("before", "after"))
            cells += [f"{both}, {_cell(cell['change'], 1, '+')}", f"{cell['better']} of {found['clips']}"]
        rows = [row for row in result["rows"] if row["tool"] == tool]
        middle = (statistics.median(row[when]["jitter_over_truth"] for row in rows) for when in ("before", "after"))
        lines.append(f"| {tool} | {' | '.join([*cells, ' → '.join(f'{value:.2f}' for value in middle)])} |")
    worst = {tool: found["pair_pa_mpjpe_mm"]["worst_change"] for tool, found in result["summary"].items()}
    note = (
        "Means before → after, and of the change with its 95 % interval over takes; of jitter medians. Worst change of"
        f" pair PA-MPJPE in a clip (mm): {', '.join(f'{tool} {change:+.1f}' for tool, change in worst.items())}. Seed"
        f" {result['seed']}, {result['device']}, commit {result['commit']}."
    )
    return "\n".join([*lines, "", note])


TABLES = {
    "headline": headline,
    "rendered": benchmark("rendered"),
    "rendered_reobserved": benchmark("rendered_reobserved"),
    "simulated": benchmark("simulated"),
    "four_views": benchmark("four_views"),
    "quality": quality,
    "ablations": ablations,
    "validation_suite": validation_suite,
    "methods": methods,
    "tuning": tuning,
    "training": packaged_weights,
    "body": body_speed,
    "speed_training": training_speed,
    "step_cost": step_cost,
    "recipes": recipe_cost,
    "importers": importers,
    "front_end": front_end,
    "front_end_memory": front_end_memory,
    "focal_length": focal_length,
    "speed_sampling": sampling_speed,
    "guidance": guidance_cost,
    "to_energy": time_to_energy,
    "fields": sequence_fields,
    "salsa_truth": salsa_truth,
    "simulator": simulator_fit,
    "synthetic": synthetic_quality,
    "examples": example_rates,
    "rule_facts": rule_facts,
    "semantics": text_guidance,
    "sentences": three_sentences,
}


def embed_tables() -> None:
    """Replace what stands between `<!-- table: NAME -->` and `<!-- end -->` in README.md and docs/*.md."""
    for path in (ROOT / "README.md", *sorted(DOCS.glob("*.md"))):
        text = path.read_text()
        for name, make in TABLES.items():
            begin, end = f"<!-- table: {name} -->", "<!-- end -->"
            block = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
            if block.search(text):
                replacement = f"{begin}\n{make(RESULTS)}\n{end}"
                text = block.sub(lambda _, new=replacement: new, text)
        if text != path.read_text():
            path.write_text(text)
            print(f"{path.relative_to(ROOT)} rewritten")
