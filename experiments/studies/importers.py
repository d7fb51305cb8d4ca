"""Do other tools' results get better here? Each estimate before and after, in the tool's own file.

    python -m experiments.studies.importers        (10 minutes on one core)

The estimates are the simulated observer's of the frozen simulated benchmark, one camera of each clip. Each is written
exactly as PHALP, GVHMR, PromptHMR and OpenPose write theirs, imported as a user would, without the video, and
reconstructed; what was imported and what came out are scored against the same truth, in the true camera's world. Writes
experiments/results/importers.json, of which docs/importing.md has the table.
"""

import dataclasses
import json
import pathlib
import tempfile
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from experiments.lib.tool_files import ToolPeople, write_gvhmr, write_openpose, write_phalp, write_prompthmr
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.rest_pose import Family, as_family
from sm_jax.data.schema import PairSequence, View
from sm_jax.evaluation.benchmarks.case import in_true_world
from sm_jax.evaluation.benchmarks.frozen import SIMULATED, VIEWS, load, take_of
from sm_jax.evaluation.benchmarks.validation import Judge, Sight
from sm_jax.evaluation.metrics.bootstrap import summarise
from sm_jax.evaluation.protocols import Row
from sm_jax.geometry.camera import project_points
from sm_jax.motion.frames import map_frames, slice_observation
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.importing import import_clip
from sm_jax.pipeline.models import shipped_models
from sm_jax.pipeline.observed_clip import ObservedClip
from sm_jax.pipeline.reconstruct import reconstruct
from sm_jax.types import Camera, Motion, Observation

OUT = RESULTS / "importers.json"
METRICS = ("pair_pa_mpjpe_mm", "visible_mpjpe_mm", "hidden_mpjpe_mm", "jitter_over_truth")
FAMILIES: dict[str, Family] = {"PHALP": "smpl", "GVHMR": "smplx", "PromptHMR": "smplx"}
TOOLS = (*FAMILIES, "OpenPose")


def main(tools: tuple[str, ...] = TOOLS, seed: int = 0) -> None:
    """Write, import, reconstruct and score.

    Args:
        tools: in whose layouts.
        seed: of the sampling noise.
    """
    keep_compiled_programs()
    rows, seconds = [], 0.0
    cases = [(tool, number, sequence) for number, sequence in enumerate(load(SIMULATED)) for tool in tools]
    for tool, number, sequence in tqdm(cases, unit="file"):
        level, view = VIEWS[SIMULATED][number], sequence.views[number]
        with tempfile.TemporaryDirectory() as folder:
            clip = imported(tool, view, pathlib.Path(folder))
        before, judge = compared(clip, sequence, view)
        began = time.process_time()
        result = reconstruct(clip, seed=seed)
        seconds += time.process_time() - began
        rows.append({
            "clip": sequence.name,
            "view": level,
            "tool": tool,
            "frames": before.pelvis.shape[1],
            "missing": np.sum(np.asarray(clip.observation.visibility).max(axis=-1) == 0, axis=1).tolist(),
            "written": judge(judge.sight.observation.motion),
            "before": judge(before),
            "after": judge(ordered(in_true_world(result.motion, result.camera, true_camera(view, clip)), clip, view)),
        })  # fmt: skip
    result = write_result(
        OUT,
        what="estimates of the simulated observer in other tools' files, imported and reconstructed",
        config={"tools": tools, "benchmark": SIMULATED.stem, "views": "the n-th of the n-th clip"},
        seed=seed,
        weights=shipped_models().hashes,
        cpu_seconds_a_reconstruction=round(seconds / len(rows), 1),
        summary={tool: summary([row for row in rows if row["tool"] == tool]) for tool in tools},
        rows=[{key: _rounded(value) if isinstance(value, dict) else value for key, value in r.items()} for r in rows],
    )
    print(json.dumps(result["summary"], indent=1))


def imported(tool: str, view: View, folder: pathlib.Path) -> ObservedClip:
    """The estimate of a view, written to a folder in a tool's layout and imported from there."""
    seen = view.observation
    assert seen is not None
    size = (int(seen.camera.image_size[0]), int(seen.camera.image_size[1]))
    focal = float(np.asarray(seen.camera.K)[0, 0])
    said: dict[str, dict[str, Any]] = {"PHALP": {"focal": focal}, "OpenPose": {"focal": focal, "image_size": size}}
    if tool == "OpenPose":
        paths = write_openpose(folder, np.asarray(seen.keypoints), np.asarray(seen.keypoint_confidence))
    else:
        write: dict[str, Callable[[pathlib.Path, ToolPeople], list[pathlib.Path]]] = {
            "PHALP": write_phalp, "GVHMR": write_gvhmr, "PromptHMR": write_prompthmr
        }  # fmt: skip
        paths = write[tool](folder, in_camera(seen, FAMILIES[tool]))
    return import_clip(paths, fps=float(seen.fps), progress=False, **said.get(tool, {}))


def in_camera(seen: Observation, family: Family) -> ToolPeople:
    """An estimate on the open body as a tool has it: in the camera's frame, on the mean body of a family, without those
    frames of a person in which nothing was seen."""
    body, camera = load_body("open-low"), seen.camera
    motion = as_family(seen.motion, family, np.asarray(smpl.rest_joints(body, seen.motion.betas)))
    R, t = np.asarray(camera.R, np.float64), np.asarray(camera.t, np.float64)
    rotations = np.array(motion.rotations, np.float64)
    rotations[:, :, 0] = R @ rotations[:, :, 0]
    return ToolPeople(
        rotations=rotations,
        pelvis=np.einsum("tij,ptj->pti", R, motion.pelvis) + t,
        seen=np.asarray(seen.visibility).max(axis=-1) > 0,
        K=np.asarray(camera.K, np.float64),
        size=(int(camera.image_size[0]), int(camera.image_size[1])),
    )


def compared(clip: ObservedClip, sequence: PairSequence, view: View) -> tuple[Motion, Judge]:
    """What was imported, in the true world and the truth's order, and the judge of the frames it has."""
    assert view.observation is not None
    span = frames_of(clip)
    truth = dataclasses.replace(
        sequence,
        motion=map_frames(sequence.motion, lambda x: x[:, span]),
        foot_contact=sequence.foot_contact[:, span],
    )
    sight = Sight(group="importers", truth=truth, observation=slice_observation(view.observation, span))
    seen = clip.observation
    return ordered(in_true_world(seen.motion, seen.camera, true_camera(view, clip)), clip, view), Judge(sight)


def frames_of(clip: ObservedClip) -> slice:
    """Which frames of the source a clip at its rate has."""
    index = np.asarray(clip.observation.frame_index)
    return slice(int(index[0]), int(index[-1]) + 1)


def true_camera(view: View, clip: ObservedClip) -> Camera:
    """A view's camera in the frames of a clip."""
    span = frames_of(clip)
    return dataclasses.replace(view.camera, R=view.camera.R[span], t=view.camera.t[span])


def ordered(motion: Motion, clip: ObservedClip, view: View) -> Motion:
    """A motion of the imported clip with its people in the order of the view's estimate: an importer puts the left one
    first."""
    assert view.observation is not None
    written = slice_observation(view.observation, frames_of(clip))
    places = [_pixels(seen.motion, seen.camera) for seen in (clip.observation, written)]
    straight, swapped = (np.abs(found - places[1]).mean() for found in (places[0], places[0][::-1]))
    return motion if straight <= swapped else jax.tree.map(lambda x: np.asarray(x)[::-1], motion)


def _pixels(motion: Motion, camera: Camera) -> np.ndarray:
    """Where the pelvises [2, T, 2] are in the picture."""
    pelvis = np.asarray(motion.pelvis, np.float32)[:, :, None]
    return np.asarray(project_points(jax.tree.map(jax.numpy.asarray, camera), pelvis)[0])[:, :, 0]


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each metric: before, after and the change with its interval over takes, and in how many clips it got better.
    Jitter is right at one, and better nearer to it."""
    takes, found = [take_of(row["clip"]) for row in rows], {}
    for metric in METRICS:
        cells = [
            {"written": row["written"][metric], "before": row["before"][metric], "after": row["after"][metric]}
            | {"change": row["after"][metric] - row["before"][metric]}
            for row in rows
        ]
        right = 1.0 if metric == "jitter_over_truth" else 0.0
        better = sum(abs(cell["after"] - right) < abs(cell["before"] - right) for cell in cells)
        means = {name: _rounded(cell) for name, cell in summarise(cells, takes).items()}
        found[metric] = means | {"better": better, "worst_change": round(max(cell["change"] for cell in cells), 2)}
    return {"clips": len(rows), **found}


def _rounded(row: Row) -> Row:
    return {name: round(float(value), 2) for name, value in row.items()}


if __name__ == "__main__":
    run(main, __doc__)
