"""Motion files against true ones, by a named protocol: a row for each sequence, means and their intervals."""

import json
import pathlib
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.regressors import LSP, DerivedJoints, derive, posed_joints
from sm_jax.errors import UserError
from sm_jax.evaluation.metrics.bootstrap import summarise
from sm_jax.evaluation.metrics.sanity import SanityMetrics
from sm_jax.evaluation.protocols import PROTOCOLS, Pair
from sm_jax.export.npz import MotionFile, load_motion
from sm_jax.pipeline.provenance import code_version
from sm_jax.types import Array, Motion

OPEN = "open-"  # names of bodies whose joints are not SMPL's


def score(protocol: str, predicted: pathlib.Path, truth: pathlib.Path, out: pathlib.Path | None) -> dict[str, Any]:
    """Score a motion.npz against a true one, or every one of a folder against that of the same name in another.

    Prints the protocol and a table; writes all of it as JSON to `out`. Raises UserError for files that do not fit.
    """
    rules, rows, bodies, used = PROTOCOLS[protocol], {}, set(), 0
    files = paired(predicted, truth)
    for name, (one, other) in tqdm(files.items(), desc=protocol, unit="sequence", disable=None):
        found, true = load_motion(one), load_motion(other)
        _check(one, found, other, true)
        pairs = [pose_for_metrics(load_body(x.body), x.motion, x.fps) for x in (found, true)]
        row = rules.score(*pairs)
        rows[name] = row | {
            column: value for column, value in SanityMetrics(pairs[1])(pairs[0]).items() if column not in row
        }
        bodies.add(true.body)
        used += rules.frames_used(true.motion.pelvis.shape[1])
    said = {field: getattr(rules, field) for field in ("joints", "root", "alignment", "identity", "frames", "notes")}
    result = {
        "protocol": protocol + ("-open" if any(body.startswith(OPEN) for body in bodies) else ""),
        **said,
        "bodies": sorted(bodies),
        "joint_source": "derived from the body, not regressed from vertices",
        "sequences": len(rows),
        "frames_used": used,
        "commit": code_version(),
        "summary": summarise(list(rows.values())),
        "rows": rows,
    }
    print(markdown(result))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=1) + "\n")
    return result


def paired(predicted: pathlib.Path, truth: pathlib.Path) -> dict[str, tuple[pathlib.Path, pathlib.Path]]:
    """Name -> prediction and truth. Two files, or two folders with the same relative paths: those called motion.npz
    where there are any, else all .npz files."""
    for path in (predicted, truth):
        if not path.exists():
            raise UserError(f"{path}: no such file or folder; name a motion.npz or a folder of them")
    if predicted.is_file() and truth.is_file():
        return {predicted.stem: (predicted, truth)}
    if predicted.is_file() or truth.is_file():
        raise UserError(f"{predicted} and {truth}: give two files or two folders")
    found = list(truth.rglob("motion.npz")) or truth.rglob("*.npz")
    names = sorted(path.relative_to(truth) for path in found)
    if missing := [str(name) for name in names if not (predicted / name).is_file()]:
        raise UserError(f"{predicted}: {len(missing)} of {len(names)} predictions are missing, such as {missing[0]}")
    if not names:
        raise UserError(f"{truth}: no .npz file there; name a folder of true motion")
    return {str(name.with_suffix("")): (predicted / name, truth / name) for name in names}


def pose_for_metrics(body: smpl.Body, motion: Motion, fps: float) -> Pair:
    """The bodies of a motion, as metrics want them."""
    joints, lsp, vertices, surface = jax.device_get(_pose_for_metrics(body, derive(body, LSP), motion))
    return Pair(
        joints={"smpl": joints.astype(np.float64), "lsp": lsp.astype(np.float64)},
        vertices=vertices,
        faces=np.asarray(body.faces),
        surface=surface,
        surface_region=np.asarray(body.surface_region),
        fps=fps,
    )


@jax.jit
def _pose_for_metrics(body: smpl.Body, lsp: DerivedJoints, motion: Motion) -> tuple[Array, Array, Array, Array]:
    posed = smpl.pose(body, motion)
    return posed.joints, posed_joints(lsp, posed), smpl.vertices(body, posed), smpl.surface_points(body, posed)


def markdown(result: dict[str, Any]) -> str:
    """A result as a table, the protocol in words above it."""
    lines = [
        f"protocol {result['protocol']}: joints {result['joints']} ({result['joint_source']}), root {result['root']}, "
        f"alignment {result['alignment']}, identity {result['identity']}, frames {result['frames']}",
        f"{result['sequences']} sequences, {result['frames_used']} frames, body {', '.join(result['bodies'])}"
        + (f"; {result['notes']}" if result["notes"] else ""),
        "",
        "| metric | mean | 95 % interval over sequences |",
        "|---|---|---|",
    ]
    for column, cell in result["summary"].items():
        interval = f"{cell['low']:.2f} – {cell['high']:.2f}" if "low" in cell else ""
        lines.append(f"| {column} | {cell['mean']:.2f} | {interval} |")
    return "\n".join(lines)


def _check(one: pathlib.Path, found: MotionFile, other: pathlib.Path, true: MotionFile) -> None:
    """Raises UserError unless the two files are of the same frames and body."""
    if found.motion.pelvis.shape != true.motion.pelvis.shape:
        lengths = " and ".join(str(x.motion.pelvis.shape[1]) for x in (found, true))
        raise UserError(f"{one} and {other} have {lengths} frames: give predictions of all the true frames")
    if abs(found.fps - true.fps) > 1e-3:
        raise UserError(f"{one} has {found.fps} frames a second, {other} {true.fps}: give both at one rate")
    if found.body != true.body:
        raise UserError(f"{one} is on the body {found.body}, {other} on {true.body}: vertices do not compare")
