"""Held-out motion under simulated occlusion: the shipped models beside the raw estimate and slerp interpolation."""

import json
import pathlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.data import codec
from sm_jax.data.schema import PairSequence
from sm_jax.data.sets import open_set
from sm_jax.data.simulate import SimulatorConfig, simulate
from sm_jax.errors import UserError
from sm_jax.metrics.joints import mpjpe_mm, pair_pa_mpjpe_mm, world_mpjpe_mm
from sm_jax.metrics.motion import acceleration_error_mm, jitter_m_s3, peak_wrist_speed_ratio
from sm_jax.motion import windows
from sm_jax.motion.fill import SEEN, fill_hidden
from sm_jax.motion.frames import map_frames
from sm_jax.pipeline import Models, Settings, load_models, reconstruct
from sm_jax.text import rules
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describer import Scene
from sm_jax.text.encoder import TextEncoder
from sm_jax.train.checkpoint import git_commit
from sm_jax.types import Array, Motion, Observation

METHODS = ("raw estimate", "slerp", "networks", "networks + guidance")


def evaluate(data: str, split: str, out: pathlib.Path | None, *, seeds: int, steps: int) -> dict:
    """Score every method on the windows of a set's split; print a table, write it as JSON to `out`, return it.

    data: a packaged set's name, or the path of an export or prepared folder. Each window of two people is observed by
    `seeds` independent simulations (camera, occlusion, errors), from fixed keys. Hidden joints are those whose reported
    visibility is below `motion.fill.SEEN`. Raises UserError where there is nothing to score.
    """
    takes = held_out(data, split)
    body, (models, weights) = load_body(takes[0].body), load_models()
    encoder = TextEncoder.load()
    rows = []
    cases = list(_windows(takes))
    with tqdm(total=len(cases) * seeds, desc="windows", unit="window") as bar:
        for seed in range(seeds):
            for index, (name, truth) in enumerate(cases):
                key = jax.random.fold_in(jax.random.key(seed), index)
                rows.append({"take": name, "seed": seed} | _score(key, truth, models, body, encoder, steps))
                bar.update()
    result = {
        "what": f"{split} split of {data}, windows of 64 frames at 30 fps, simulated observation",
        "takes": [take.name for take in takes],
        "windows": len(cases),
        "seeds": seeds,
        "steps": steps,
        "device": jax.devices()[0].device_kind,
        "commit": git_commit(),
        "weights": weights,
        "summary": {method: _mean([row[method] for row in rows]) for method in (*METHODS, "truth")},
        "rows": rows,
    }
    print(table(result["summary"]))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=1) + "\n")
    return result


def held_out(data: str, split: str) -> list[PairSequence]:
    """The sequences of a set's split that show two people for at least a window, all on one body."""
    records = open_set(data).records
    if split not in records:
        raise UserError(f"{data} has no split {split}, only {', '.join(records)}: name one with --split")
    takes = [take for take in map(codec.decode, records[split])
             if take.present.all() and take.motion.pelvis.shape[1] >= windows.LENGTH]  # fmt: skip
    if not takes:
        raise UserError(f"{data}, {split}: no two people for {windows.LENGTH} frames; give longer motion")
    if len(bodies := {take.body for take in takes}) > 1:
        raise UserError(f"{data} is on several bodies ({', '.join(sorted(bodies))}): evaluate them one by one")
    return takes


def _windows(takes: list[PairSequence]) -> Iterator[tuple[str, Motion]]:
    """Non-overlapping windows of a window's length of every take."""
    for take in takes:
        for start in range(0, take.motion.pelvis.shape[1] - windows.LENGTH + 1, windows.LENGTH):
            cut = slice(start, start + windows.LENGTH)
            yield take.name, map_frames(take.motion, lambda x, cut=cut: x[:, cut])


def _score(
    key: jax.Array, truth: Motion, models: Models, body: smpl.Body, encoder: TextEncoder, steps: int
) -> dict[str, dict[str, float]]:
    """Metrics of every method on one simulated observation of one window."""
    at_simulation, at_sampling = jax.random.split(key)
    observation = jax.device_get(_simulate(at_simulation, truth, body))
    filled = _fill(observation)
    scene = Scene(
        joints=np.asarray(_joints(body, filled)), visibility=observation.visibility, fps=float(observation.fps)
    )
    description = rules.describe(scene)
    text = encoder.encode_one(description.text)
    contacts = contact_targets(description.contacts, windows.LENGTH)
    guided, plain = Settings(steps=steps), Settings(steps=steps, guided_from=0)
    motions = {
        "raw estimate": observation.motion,
        "slerp": filled,
        "networks": reconstruct(observation, models, body, text, contacts, plain, at_sampling).motion,
        "networks + guidance": reconstruct(observation, models, body, text, contacts, guided, at_sampling).motion,
        "truth": truth,
    }
    # Every method is played on the estimate's body, since none changes betas; the truth on its own.
    joints = {name: np.asarray(_joints(body, motion)) for name, motion in motions.items()}
    hidden = (observation.visibility < SEEN).astype(np.float64)
    return {name: _metrics(values, joints["truth"], hidden, float(observation.fps)) for name, values in joints.items()}


def _metrics(joints: np.ndarray, truth: np.ndarray, hidden: np.ndarray, fps: float) -> dict[str, float]:
    return {
        "hidden_mpjpe_mm": mpjpe_mm(joints, truth, hidden),
        "visible_mpjpe_mm": mpjpe_mm(joints, truth, 1.0 - hidden),
        "pair_pa_mpjpe_mm": pair_pa_mpjpe_mm(joints, truth),
        "world_mpjpe_mm": world_mpjpe_mm(joints, truth),
        "acceleration_error_mm": acceleration_error_mm(joints, truth),
        "jitter_m_s3": jitter_m_s3(joints, fps),
        "peak_wrist_speed_ratio": peak_wrist_speed_ratio(joints, truth),
    }


def table(summary: dict[str, dict[str, float]]) -> str:
    """The summary as a Markdown table, one row a method."""
    columns = list(next(iter(summary.values())))
    lines = ["| method | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for method, values in summary.items():
        lines.append(f"| {method} | " + " | ".join(f"{values[column]:.2f}" for column in columns) + " |")
    return "\n".join(lines)


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean over rows; a row without hidden joints has no hidden-joint error and is left out of that mean."""
    return {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}


@jax.jit
def _simulate(key: jax.Array, truth: Motion, body: smpl.Body) -> Observation:
    return simulate(key, jax.tree.map(jnp.asarray, truth), body, SimulatorConfig())


@jax.jit
def _fill(observation: Observation) -> Motion:
    return fill_hidden(observation.motion, observation.visibility, jnp.ones(observation.visibility.shape[1]))


@jax.jit
def _joints(body: smpl.Body, motion: Motion) -> Array:
    return smpl.pose(body, motion).joints
