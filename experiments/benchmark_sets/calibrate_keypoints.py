"""Measure on rendered training clips how the detectors err, and keep it as the calibration that the front-end uses.

    python -m experiments.benchmark_sets.calibrate_keypoints --clips out/calibration

The clips are those of `benchmark_sets.training_clips`. Writes sm_jax/perception/packaged/keypoint_calibration.json,
experiments/results/keypoint_calibration.json (errors on clips that were left out, of each opinion alone, of all without
offsets and with them, and how well the error to expect foretells the error) and docs/sheets/keypoint_calibration.png
(the same drawn). What the detectors found stays beside the videos, so that a second run takes seconds.
"""

import dataclasses
import itertools
import json
import pathlib
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from experiments.benchmark_sets.rendering.front_end import true_keypoints
from experiments.benchmark_sets.training_clips import SEED, read_clip
from experiments.lib.program import run
from experiments.lib.results import DOCS, RESULTS, write_json, write_result
from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import KEYPOINT_JOINTS
from sm_jax.errors import UserError
from sm_jax.motion.visibility import joint_visibility
from sm_jax.perception import calibration as numbers
from sm_jax.perception.calibration import AXES, COCO, FILE, JUDGE, KIND, KINDS, OPINIONS, SIGNS, KeypointCalibration
from sm_jax.perception.fusion import combine, move_to_body, opinions_of
from sm_jax.perception.landmarks import PoseLandmarks
from sm_jax.perception.tracking import Tracks
from sm_jax.pipeline.observe import look
from sm_jax.pipeline.provenance import code_version

FOLDS = 4
OUT = RESULTS / "keypoint_calibration.json"
OUTLIER = 0.03  # of a person's size: an error at which a keypoint was found elsewhere, and tells nothing of an offset
NOISE, SPREAD = 0.03, 0.1  # of a clip's keypoints together, of a person's size; of what is fitted about its prior
CLEAR = 0.5  # visibility
FLOOR = 0.004  # of a person's size: no error counts as less, where its logarithm does
SURE = 0.8


class Looked(NamedTuple):
    """A clip's detections and truth. true: [P, T, K, 2] pixels.  clear: [P, T, K] visibility.  name: of the motion."""

    name: str
    tracks: Tracks
    landmarks: PoseLandmarks
    true: np.ndarray
    clear: np.ndarray


def look_at(video: pathlib.Path, body: smpl.Body) -> Looked | None:
    """What the detectors find in a clip, the people in the truth's order; None where they do not find two people."""
    kept = video.with_suffix(".found.npz")
    if not kept.exists():
        try:
            _, tracks, landmarks = look(video, progress=False)
        except UserError as error:
            print(error)
            return None
        np.savez_compressed(kept, **vars(tracks), **vars(landmarks))
    with np.load(kept) as file:
        found = dict(file)
    tracks = Tracks(**{field.name: found[field.name] for field in dataclasses.fields(Tracks)})
    landmarks = PoseLandmarks(**{field.name: found[field.name] for field in dataclasses.fields(PoseLandmarks)})
    clip = read_clip(video)
    true = true_keypoints(body, clip.motion, clip.camera)
    off = lambda k: np.median(np.linalg.norm(k - true[:, :, :COCO], axis=-1))  # noqa: E731
    if off(tracks.keypoints[::-1]) < off(tracks.keypoints):
        tracks = dataclasses.replace(
            tracks, **{name: getattr(tracks, name)[::-1] for name in ("keypoints", "scores", "found")}
        )
        landmarks = PoseLandmarks(*(value[::-1] for value in vars(landmarks).values()))
    posed = smpl.pose(body, clip.motion)
    clear = np.asarray(joint_visibility(posed.joints, capsules(body, posed), clip.camera))
    return Looked(video.stem, tracks, landmarks, true, clear[:, :, np.array(KEYPOINT_JOINTS)])


def fit_calibration(clips: list[Looked]) -> KeypointCalibration:
    """The calibration that these clips give."""
    equal = KeypointCalibration(
        share=np.full((len(KINDS), len(OPINIONS)), 1 / 3),
        offset=np.zeros((len(KINDS), len(AXES))),
        log_error=np.zeros((len(KINDS), len(SIGNS))),
    )
    return fit_log_errors(fit_offsets(fit_shares(equal, clips), clips), clips)


def fit_shares(calibration: KeypointCalibration, clips: list[Looked]) -> KeypointCalibration:
    """Shares and, beside them, offsets by one regression on all keypoints of which there are three opinions."""
    rows, targets = [], []
    for clip in clips:
        seen, _, _ = combine(calibration, clip.tracks, clip.landmarks)
        fine, single, coarse = opinions_of(clip.tracks, clip.landmarks)
        size = numbers.person_size(clip.true)[..., None, None]
        differences = np.stack([fine - coarse, single - coarse], axis=-2) / size[..., None]
        rows.append(np.concatenate([differences, numbers.body_axes(seen)[:, :, :COCO] / size[..., None]], axis=-2))
        targets.append((clip.true[:, :, :COCO] - coarse) / size)
    share, prior = calibration.share.copy(), np.array([1 / 3, 1 / 3, *np.zeros(len(AXES))])
    for kind in np.unique(KIND[:COCO]):
        found = robust_regression(pick_kind(clips, rows, kind), pick_kind(clips, targets, kind), prior, len(clips))
        two = np.clip(found[:2], 0, 1)
        two = two / max(two.sum(), 1.0)
        share[kind] = [*two, 1.0 - two.sum()]
    return dataclasses.replace(calibration, share=share)


def fit_offsets(calibration: KeypointCalibration, clips: list[Looked]) -> KeypointCalibration:
    """Offsets by regression, beside the shares that there are."""
    rows, targets = [], []
    for clip in clips:
        seen, _, _ = combine(calibration, clip.tracks, clip.landmarks)
        size = numbers.person_size(clip.true)[..., None, None]
        rows.append(numbers.body_axes(seen) / size[..., None])
        targets.append((clip.true - seen) / size)
    prior = np.zeros(len(AXES))
    offsets = [
        robust_regression(pick_kind(clips, rows, kind), pick_kind(clips, targets, kind), prior, len(clips))
        for kind in range(len(KINDS))
    ]
    return dataclasses.replace(calibration, offset=np.stack(offsets))


def pick_kind(clips: list[Looked], parts: list[np.ndarray], kind: int) -> np.ndarray:
    """Of values [P, T, K or COCO, ...] of each clip, those of a kind's keypoints that are to be seen, [N, ...]."""
    found = []
    for clip, part in zip(clips, parts, strict=True):
        which = KIND[: part.shape[2]] == kind
        found.append(part[:, :, which][clip.clear[:, :, : part.shape[2]][:, :, which] > CLEAR])
    return np.concatenate(found)


def robust_regression(rows: np.ndarray, targets: np.ndarray, prior: np.ndarray, clips: int) -> np.ndarray:
    """Weights [A] by which rows [N, A, 2] add up to targets [N, 2], few clips' near to the prior's; outliers tell
    nothing (Geman and McClure 1987)."""
    weights, trust = prior, clips * np.eye(len(prior)) * (NOISE / SPREAD) ** 2
    for _ in range(10):
        left = targets - np.einsum("nac,a->nc", rows, weights)
        each = (1 + (left**2).sum(axis=-1) / OUTLIER**2) ** -2
        normal = np.einsum("n,nac,nbc->ab", each, rows, rows) + trust
        weights = np.linalg.solve(normal, np.einsum("n,nac,nc->a", each, rows, targets) + trust @ prior)
    return weights


def errors_of(calibration: KeypointCalibration, clip: Looked) -> np.ndarray:
    """[P, T, K] in parts of the person's size."""
    seen, _, _ = combine(calibration, clip.tracks, clip.landmarks)
    found = move_to_body(calibration, seen)
    return np.linalg.norm(found - clip.true, axis=-1) / numbers.person_size(clip.true)[..., None]


def fit_log_errors(calibration: KeypointCalibration, clips: list[Looked]) -> KeypointCalibration:
    """Weights of the signs, by least squares on the logarithm of all errors, those of hidden keypoints too."""
    found = [combine(calibration, clip.tracks, clip.landmarks)[1][:, :, JUDGE] for clip in clips]
    errors = [np.log(np.maximum(errors_of(calibration, clip), FLOOR)) for clip in clips]
    weights = np.zeros_like(calibration.log_error)
    trust = np.diag([0.0] + [1.0] * (len(SIGNS) - 1))
    for kind in range(len(KINDS)):
        which = kind == KIND
        x = np.concatenate([s[:, :, which].reshape(-1, len(SIGNS)) for s in found])
        weights[kind] = np.linalg.solve(x.T @ x + trust, x.T @ np.concatenate([e[:, :, which].ravel() for e in errors]))
    return dataclasses.replace(calibration, log_error=weights)


def expected_and_found(calibration: KeypointCalibration, clips: list[Looked]) -> tuple[np.ndarray, np.ndarray]:
    """The error to expect and the error of all keypoints, [N] each, in parts of the person's size."""
    expected = [
        numbers.expected_error(calibration, combine(calibration, clip.tracks, clip.landmarks)[1]).ravel()
        for clip in clips
    ]
    return np.concatenate(expected), np.concatenate([errors_of(calibration, clip).ravel() for clip in clips])


def scores(calibration: KeypointCalibration, clips: list[Looked]) -> dict[str, float]:
    """Medians in percent of the person's size, of the body's keypoints that are to be seen, and how the error to expect
    goes with the error."""

    def percent(share: np.ndarray, offset: np.ndarray, opinion: int | None = None) -> float:
        tried, found = dataclasses.replace(calibration, share=share, offset=offset), []
        for clip in clips:
            counts = clip.clear[:, :, 5:COCO] > CLEAR
            if opinion is not None:
                counts &= combine(tried, clip.tracks, clip.landmarks)[2][opinion][:, :, 5:COCO]
            found.append(errors_of(tried, clip)[:, :, 5:COCO][counts])
        return round(100 * float(np.median(np.concatenate(found))), 3)

    none = np.zeros_like(calibration.offset)
    alone = [np.eye(len(OPINIONS))[np.full(len(KINDS), n)] for n in range(len(OPINIONS))]
    expected, error = expected_and_found(calibration, clips)
    sure = numbers.as_confidence(expected) > SURE
    logs = np.log(expected), np.log(np.maximum(error, FLOOR))
    return {
        **{f"{name}_alone": percent(alone[n], none, n) for n, name in enumerate(OPINIONS)},
        "together": percent(calibration.share, none),
        "on_the_body": percent(calibration.share, calibration.offset),
        "sure": round(100 * float(np.median(error[sure])), 3),
        "share_sure": round(float(sure.mean()), 3),
        "correlation_of_log_errors": round(float(np.corrcoef(*logs)[0, 1]), 3),
    }


def plot_reliability(expected: np.ndarray, error: np.ndarray, path: pathlib.Path) -> None:
    """Quartiles of the errors for each twentieth of the errors to expect."""
    edges = np.quantile(expected, np.linspace(0, 1, 21))
    groups = [100 * error[(expected >= a) & (expected <= b)] for a, b in itertools.pairwise(edges)]
    x = 100 * np.sqrt(edges[1:] * edges[:-1])
    figure = Figure(figsize=(4.5, 4), layout="constrained")
    axes = figure.subplots()
    for share, style in ((0.25, ":"), (0.5, "-"), (0.75, ":")):
        axes.plot(x, [np.quantile(g, share) for g in groups], color="tab:blue", linestyle=style)
    axes.plot(x, x, color="0.6", linewidth=1, zorder=0)
    axes.set(xscale="log", yscale="log", xlabel="error to expect, % of the person's size", ylabel="error, %")
    axes.set_title("keypoints of left-out clips: quartiles", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)


def take_of(clip: Looked) -> str:
    """The take or class that a clip is of: number_NAME_from_frame, classes with a number of their own."""
    name = clip.name.split("_", 1)[1].partition("_from_")[0]
    return name if name.startswith("salsa") else name.rpartition("_")[0]


def main(clips: pathlib.Path) -> None:
    """Look, fit, test on what was left out, write.

    Args:
        clips: folder of rendered training clips.
    """
    body = load_body("open-low")
    looked = [look_at(video, body) for video in sorted(clips.glob("[0-9]*.mp4")) if ".partial" not in video.name]
    seen = [clip for clip in looked if clip is not None]
    if len(seen) < FOLDS:
        raise UserError(f"{clips}: {len(seen)} clips with two people, at least {FOLDS} are needed; render more")
    takes = sorted({take_of(clip) for clip in seen})
    folds, foretold = [], []
    for fold in range(min(FOLDS, len(takes))):
        left_out = set(takes[fold::FOLDS])
        fitted = fit_calibration([clip for clip in seen if take_of(clip) not in left_out])
        others = [clip for clip in seen if take_of(clip) in left_out]
        folds.append(scores(fitted, others))
        foretold.append(expected_and_found(fitted, others))
        print(folds[-1], flush=True)
    expected, error = (np.concatenate(parts) for parts in zip(*foretold, strict=True))
    plot_reliability(expected, error, DOCS / "sheets" / "keypoint_calibration.png")
    final = fit_calibration(seen)
    provenance = {"clips": len(seen), "refused": len(looked) - len(seen), "seed": SEED, "commit": code_version()}
    arrays = {name: np.round(value, 4).tolist() for name, value in vars(final).items()}
    FILE.parent.mkdir(exist_ok=True)
    write_json(FILE, {"kinds": KINDS, "axes": AXES, "opinions": OPINIONS, "signs": SIGNS, **arrays, "from": provenance})
    result = write_result(
        OUT,
        what="keypoints on rendered training clips, in percent of the person's size; medians over folds of clips that "
        "were left out of the calibration",
        config=provenance | {"folds": len(folds)},
        seed=SEED,
        summary={name: round(float(np.median([fold[name] for fold in folds])), 3) for name in folds[0]},
        folds=folds,
        on_training=scores(final, seen),
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
