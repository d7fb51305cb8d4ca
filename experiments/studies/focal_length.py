"""Whether a clip's focal length can be told from what is seen of its people, better than by the picture's diagonal.

    python -m experiments.studies.focal_length --synthetic data/synthetic.npz      (15 minutes on 2 cores)

For each focal length of a grid the people are placed where their keypoints show them, with the depths within each body
as the landmarks have them, and what that makes of them is judged: feet that stand still, soles on one level, ways that
go as far in depth as across, and distances that people are filmed from. The weights of these cues are fitted to
simulated observations of training motion through random cameras; then the rendered benchmark and the four real views
are looked at once. Writes experiments/results/focal_length.json: errors of log f beside the diagonal's, and how often
the true focal length lies in the interval that is said to hold 80 %.

How far people are filmed from is no measurement: the simulator's cameras, the benchmark's and the belief here were
chosen by the same people. So everything is told with that cue and without it. The benchmark's file holds no landmarks
in metres: depths within a body are those of the bodies fitted under the diagonal. The real views are looked at again.

How perspective draws one body was tried as a cue and left out: simulated landmarks err so little there that it won
everything, and depths that were fitted under a focal length bring that one back.
"""

import json
import pathlib
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from experiments.benchmark_sets.training_clips import training_motions
from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from sm_jax.assets.fetch import input_path
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.data.simulator.error_model import ErrorModel, KeypointErrors, RotationErrors
from sm_jax.data.simulator.random_camera import ViewpointConfig
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate
from sm_jax.evaluation.benchmarks.frozen import RENDERED, load
from sm_jax.evaluation.benchmarks.reference_clip import load_clip
from sm_jax.export.summary import GUESSED, STATURES
from sm_jax.fitting.monocular.residuals import STATURE, stature
from sm_jax.geometry.camera import rays, to_camera
from sm_jax.geometry.rotations import rotate, shortest_arc, transpose
from sm_jax.pipeline.observe import see
from sm_jax.types import Array, Observation

OUT = RESULTS / "focal_length.json"
SEED = 0
VIEWS = 4  # of the sample clip
CLIPS, TUNED_ON = 360, 240  # simulated, and how many of them the weights are fitted to
GRID = np.geomspace(0.35, 2.8, 31)  # diagonals
# What cameras have, whatever they look at: phones lie at 0.6 to 0.75 diagonals once a video is cropped, hand-held
# cameras reach from 0.5 to 2. The diagonal itself is the middle, as everywhere in the field.
PRIOR, PRIOR_SPREAD = 1.0, 0.4  # diagonals, and a standard deviation in logarithms
INTERVAL = 0.8
CUES = ("feet", "level", "paths", "distance")
SETS = {"all": (0, 1, 2, 3), "without_distance": (0, 1, 2)}
_HIPS = [KEYPOINTS.index(f"{side}_hip") for side in ("left", "right")]
_FEET = [[KEYPOINTS.index(f"{side}_{part}") for part in ("ankle", "heel", "toe")] for side in ("left", "right")]
_BOTH_FEET = [*_FEET[0], *_FEET[1]]
_CHAIN = [
    [KEYPOINTS.index(f"{side}_{part}") for part in ("shoulder", "hip", "knee", "ankle")] for side in ("left", "right")
]
_DEPTH = 0.02  # relative standard deviation of a depth from frame to frame, and of its drift over a second
_SLIDE, _SOLE = 0.05, 0.05  # metres
_STEP, _WAY = 6, 24  # frames over which feet stand, and over which people go somewhere
FILMED_FROM = (4.0, 0.5)  # metres, and a standard deviation in logarithms
_AROUND = 6.0  # frames over which a place is averaged


class Seen(NamedTuple):
    """A clip of which the focal length is asked. keypoints: [P, T, K, 2] pixels from the picture's middle, in
    diagonals.  confidence: [P, T, K].  metres: [P, T, K, 3] about the middle of the hips, along the line of sight, of
    people of STATURE.  focal: the true one, in diagonals."""

    keypoints: np.ndarray
    confidence: np.ndarray
    metres: np.ndarray
    focal: float


@jax.jit
def _along_sight(body: smpl.Body, seen: Observation) -> Array:
    """Keypoints [P, T, K, 3] of the estimate about the hips, in axes whose third is the line of sight."""
    points = to_camera(seen.camera, smpl.keypoints(body, smpl.pose(body, seen.motion)))
    hips = points[:, :, jnp.array(_HIPS)].mean(axis=2, keepdims=True)
    ray = rays(seen.camera.K, seen.keypoints[:, :, jnp.array(_HIPS)].mean(axis=2))
    R = shortest_arc(jnp.array([0.0, 0.0, 1.0]), ray)
    return rotate(transpose(R)[:, :, None], points - hips)


def as_seen(keypoints: Array, confidence: Array, metres: Array, size: Array, focal: float, body: smpl.Body) -> Seen:
    """What a front-end tells. size: [2] of the picture, and focal: the true one, in pixels."""
    diagonal = float(np.hypot(*size))
    metres = np.asarray(metres, np.float64)
    metres = metres - metres[:, :, _HIPS].mean(axis=2, keepdims=True)
    shape = STATURE / float(stature(body, jnp.zeros(body.shapedirs.shape[-1])))
    usual = shape * _length(np.asarray(body.keypoint_template, np.float64)[None, None])
    return Seen(
        (np.asarray(keypoints, np.float64) - np.asarray(size) / 2) / diagonal,
        np.asarray(confidence, np.float64),
        metres * (usual / _length(metres))[:, None, None, None],
        focal / diagonal,
    )


def _length(points: np.ndarray) -> np.ndarray:
    """Median length [P] along the bones from shoulder to ankle of keypoints [P, T, K, 3]."""
    bones = np.diff(points[:, :, np.array(_CHAIN)], axis=3)
    return np.median(np.linalg.norm(bones, axis=-1).sum(axis=-1).mean(axis=-1), axis=1)


def log_likelihoods(seen: Seen) -> np.ndarray:
    """Of each cue and focal length of the grid [CUES, GRID], each clip's second as one independent look."""
    return np.array([_cues(seen, focal) for focal in GRID]).T


def _cues(seen: Seen, focal: float) -> tuple[float, ...]:
    uv = seen.keypoints / focal
    seconds = uv.shape[1] / 30
    points = _turned(uv[:, :, _HIPS].mean(axis=2), seen.metres)
    place = _placed(uv, points, seen.confidence)
    placed = place[:, :, None] + points
    up = _upward(points, seen.confidence)
    across = np.cross(up, [0.0, 0.0, 1.0])
    across /= max(np.linalg.norm(across), 1e-6)
    forward = np.cross(across, up)
    far = np.median(place[..., 2])
    return (
        _feet(placed, seen.confidence, _DEPTH * far) * seconds,
        _level(placed @ up, seen.confidence, abs(up[2]) * _DEPTH * far) * seconds,
        _paths(place @ across, place @ forward, _DEPTH * far) * seconds,
        -0.5 * (np.log(far / FILMED_FROM[0]) / FILMED_FROM[1]) ** 2,
    )


def _turned(hips: np.ndarray, metres: np.ndarray) -> np.ndarray:
    """Points [P, T, K, 3] along lines of sight through hips [P, T, 2], in the camera's axes."""
    z = np.concatenate([hips, np.ones_like(hips[..., :1])], axis=-1)
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    # The shortest turn of the optical axis into z.
    x, y, c = z[..., 0], z[..., 1], z[..., 2]
    k = 1 / (1 + c)
    R = np.stack([1 - k * x * x, -k * x * y, x, -k * x * y, 1 - k * y * y, y, -x, -y, c], axis=-1)
    return np.einsum("ptij,ptkj->ptki", R.reshape(*c.shape, 3, 3), metres)


def _placed(uv: np.ndarray, points: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Where the hips' middle [P, T, 3] is that brings the points onto the picture, averaged over frames around."""
    one, zero = np.ones_like(uv[..., 0]), np.zeros_like(uv[..., 0])
    rows = np.stack([np.stack([one, zero, -uv[..., 0]], -1), np.stack([zero, one, -uv[..., 1]], -1)], -2)
    right = uv * points[..., 2:] - points[..., :2]
    normal = np.einsum("ptk,ptkij,ptkil->ptjl", confidence + 1e-3, rows, rows)
    moment = np.einsum("ptk,ptkij,ptki->ptj", confidence + 1e-3, rows, right)
    place = np.linalg.solve(normal, moment[..., None])[..., 0]
    frames = np.arange(uv.shape[1])
    near = np.exp(-0.5 * ((frames[:, None] - frames) / _AROUND) ** 2)
    sure = confidence[:, :, [5, 6, 11, 12]].mean(axis=-1) ** 4 + 1e-6
    depth = np.exp(np.einsum("ts,ps->pt", near, sure * np.log(place[..., 2].clip(0.3))) / (sure @ near))
    return place * (depth / place[..., 2].clip(0.3))[..., None]


def _upward(points: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """The unit vector against gravity: hips above feet, on average over all who stand."""
    feet = points[:, :, _BOTH_FEET].mean(axis=2)
    direction = -feet / np.linalg.norm(feet, axis=-1, keepdims=True).clip(1e-6)
    weight = confidence[:, :, _BOTH_FEET].mean(axis=2) * (np.linalg.norm(feet, axis=-1) > 0.6) + 1e-3
    up = np.array([0.0, -1.0, 0.0])
    for _ in range(5):
        up = np.einsum("pt,pti->i", weight * np.exp(20 * (direction @ up - 1)), direction)
        up /= np.linalg.norm(up)
    return up


def _feet(placed: np.ndarray, confidence: np.ndarray, noise: float) -> float:
    """Mean log-likelihood of the stiller foot's standing still."""
    moved = [placed[:, _STEP:, foot].mean(axis=2) - placed[:, :-_STEP, foot].mean(axis=2) for foot in _FEET]
    across2, along2 = _SLIDE**2, _SLIDE**2 + noise**2
    slid = np.stack([(m[..., 0] ** 2 + m[..., 1] ** 2) / across2 + m[..., 2] ** 2 / along2 for m in moved])
    weight = np.stack([confidence[:, :, foot].mean(axis=2) for foot in _FEET])
    weight = np.minimum(weight[:, :, _STEP:], weight[:, :, :-_STEP]).max(axis=0) + 1e-6
    return float(np.average(-2.0 * np.log1p(slid.min(axis=0) / 4) - 0.5 * np.log(along2), weights=weight))


def _level(heights: np.ndarray, confidence: np.ndarray, noise: float) -> float:
    """Mean log-likelihood of both people's soles, at heights [P, T, K], on one level, whatever their statures."""
    sole = heights[:, :, _BOTH_FEET].min(axis=-1)
    weight = confidence[:, :, _BOTH_FEET].mean(axis=-1) / sole.size + 1e-9
    variance = _SOLE**2 + noise**2
    people, frames = sole.shape
    rows = np.zeros((people, frames, people + 1))
    for person in range(people):
        rows[person, :, person] = sole[person]
    rows[..., -1] = -1.0
    normal = np.einsum("pt,pti,ptj->ij", weight / variance, rows, rows) + np.diag([*[STATURES**-2] * people, 1e-9])
    solved = np.linalg.solve(normal, np.einsum("pt,pti,pt->i", weight / variance, rows, -sole))
    left = rows @ solved + sole
    cost = (weight * left**2).sum() / variance + ((solved[:-1] / STATURES) ** 2).sum()
    return float(-0.5 * cost - 0.5 * np.log(variance))


def _paths(across: np.ndarray, along: np.ndarray, noise: float) -> float:
    """Mean log-likelihood of ways [P, T] that go in any direction over the floor: as far in depth as across."""
    ways = [np.stack([across, along]), np.stack([across[:1] - across[1:], along[:1] - along[1:]])]
    moved = np.concatenate([w[:, :, _WAY:] - w[:, :, :-_WAY] for w in ways], axis=1)
    if not moved.size:
        return 0.0
    wide2, deep2 = moved[0] ** 2 + 0.05**2, moved[1] ** 2 + noise**2
    return float(np.mean(0.5 * np.log(deep2) + 0.5 * np.log(wide2) - np.log(wide2 + deep2)))


def posterior(likelihoods: np.ndarray, weights: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Probability [GRID] of each focal length. likelihoods: [CUES, GRID].  prior: [GRID] logarithms."""
    log = prior + weights @ likelihoods
    p = np.exp(log - log.max())
    return p / p.sum()


def log_normal(middle: float, spread: float) -> np.ndarray:
    """Logarithms of a prior on the grid, which is even in log f."""
    return -0.5 * (np.log(GRID / middle) / spread) ** 2


def fit_weights(likelihoods: list[np.ndarray], focals: np.ndarray) -> np.ndarray:
    """Weights [CUES] in [0, 1] under which the true focal lengths are most likely, beside a prior of their own
    distribution: what is learned is what the cues tell, not which cameras the simulator has."""
    prior = log_normal(float(np.exp(np.log(focals).mean())), float(np.log(focals).std()))

    def cost(weights: np.ndarray) -> float:
        p = [
            np.interp(np.log(f), np.log(GRID), posterior(one, weights, prior))
            for one, f in zip(likelihoods, focals, strict=True)
        ]
        return float(-np.log(np.array(p) + 1e-9).mean())

    # No cue weighs more than its own likelihood: simulated landmarks err less than real ones, and not in their kind.
    count = len(likelihoods[0])
    return minimize(cost, np.full(count, 0.3), bounds=[(0, 1)] * count, method="L-BFGS-B").x


class Estimate(NamedTuple):
    """median, low, high: of the posterior, in diagonals."""

    median: float
    low: float
    high: float


def estimate(likelihoods: np.ndarray, weights: np.ndarray, prior: np.ndarray) -> Estimate:
    """What is said of a clip's focal length."""
    total = np.cumsum(posterior(likelihoods, weights, prior))
    ends = (0.5, 0.5 - INTERVAL / 2, 0.5 + INTERVAL / 2)
    return Estimate(*(float(np.exp(np.interp(end, total, np.log(GRID)))) for end in ends))


def score(
    likelihoods: list[np.ndarray], focals: np.ndarray, weights: np.ndarray, prior: np.ndarray
) -> dict[str, float]:
    """Errors |log f / f_true| of the estimate, the prior's middle and the diagonal, and the interval's calibration."""
    told = np.array([estimate(one, weights, prior) for one in likelihoods])
    off = np.abs(np.log(told[:, 0] / focals))
    diagonal = np.abs(np.log(focals))
    inside = (told[:, 1] <= focals) & (focals <= told[:, 2])
    return {
        "clips": len(focals),
        "median_error": round(float(np.median(off)), 3),
        "median_error_of_the_diagonal": round(float(np.median(diagonal)), 3),
        "mean_error": round(float(off.mean()), 3),
        "mean_error_of_the_diagonal": round(float(diagonal.mean()), 3),
        "nearer_than_the_diagonal": round(float((off < diagonal).mean()), 3),
        "correlation_of_logarithms": round(float(np.corrcoef(np.log(told[:, 0]), np.log(focals))[0, 1]), 3),
        "true_in_interval": round(float(inside.mean()), 3),
        "interval_high_over_low": round(float(np.median(told[:, 2] / told[:, 1])), 2),
    }


def simulated(synthetic: pathlib.Path, body: smpl.Body) -> list[Seen]:
    """Training motion through random cameras. That an estimate follows the picture, and keypoints an estimate, is left
    out: the simulator does so under the true camera, and would tell it."""
    config = SimulatorConfig(
        errors=ErrorModel(rotation=RotationErrors(drawn=0.0), keypoint=KeypointErrors(followed=0.0)),
        viewpoint=ViewpointConfig(focal=(0.5, 1.8)),
    )
    seen_jit = jax.jit(lambda key, motion: simulate(key, motion, body, config))
    found = []
    for number, (_, motion) in zip(range(CLIPS), training_motions(synthetic), strict=False):
        seen = seen_jit(jax.random.fold_in(jax.random.key(SEED), number), motion)
        found.append(observed(seen, float(seen.camera.K[0, 0]), body))
    return found


def observed(seen: Observation, focal: float, body: smpl.Body) -> Seen:
    """What an observation tells, with the depths of its estimate. focal: the true one, in pixels."""
    metres = _along_sight(body, jax.tree.map(jnp.asarray, seen))
    return as_seen(seen.keypoints, seen.keypoint_confidence, metres, seen.camera.image_size, focal, body)


def rendered(body: smpl.Body) -> list[Seen]:
    """The views of the benchmark in which two people were found."""
    views = [view for sequence in load(RENDERED) for view in sequence.views]
    return [observed(v.observation, float(v.camera.K[0, 0]), body) for v in views if v.observation is not None]


def depths_in_interval() -> dict[str, float]:
    """How often the benchmark's people are as far away as is said of them under the diagonal, in `people_m_away`."""
    ratios: list[float] = []
    for sequence in load(RENDERED):
        for view in sequence.views:
            if view.observation is not None:
                true, seen = (
                    np.median(np.asarray(to_camera(camera, motion.pelvis[:, :, None]))[:, :, 0, 2], axis=1)
                    for camera, motion in (
                        (view.camera, sequence.motion),
                        (view.observation.camera, view.observation.motion),
                    )
                )
                ratios += (true / seen).tolist()
    low, high = GUESSED[0] - STATURES, GUESSED[1] + STATURES
    return {
        "people": len(ratios),
        "in_interval": float(np.mean([low <= ratio <= high for ratio in ratios])),
        "least_true_over_said": round(min(ratios), 3),
        "most_true_over_said": round(max(ratios), 3),
    }


def real(body: smpl.Body) -> list[Seen]:
    """The four views of the sample clip, whose cameras are calibrated, as the front-end sees them."""
    cameras, found = load_clip().cameras, []
    for v in range(VIEWS):
        video, seen = see(input_path(f"sample:cam0{v + 1}"), progress=False)
        size = np.array([video.width, video.height])
        found.append(as_seen(seen.keypoints, seen.confidence, seen.metres, size, float(cameras.K[v, 0, 0]), body))
    return found


def main(synthetic: pathlib.Path) -> None:
    """Simulate, fit the weights, look at the benchmark and the real views, store.

    Args:
        synthetic: a prepared synthetic set.
    """
    body = load_body("open-low")
    clips = {"simulated": simulated(synthetic, body), "rendered": rendered(body), "real": real(body)}
    likelihoods = {name: [log_likelihoods(clip) for clip in seen] for name, seen in clips.items()}
    focals = {name: np.array([clip.focal for clip in seen]) for name, seen in clips.items()}
    prior, summary = log_normal(PRIOR, PRIOR_SPREAD), {}
    for label, cues in SETS.items():
        chosen = {name: [one[list(cues)] for one in each] for name, each in likelihoods.items()}
        weights = fit_weights(chosen["simulated"][:TUNED_ON], focals["simulated"][:TUNED_ON])
        chosen["simulated"], held_out = chosen["simulated"][TUNED_ON:], focals["simulated"][TUNED_ON:]
        true = focals | {"simulated": held_out}
        summary[label] = {"weights": {CUES[c]: round(float(w), 3) for c, w in zip(cues, weights, strict=True)}} | {
            name: score(chosen[name], true[name], weights, prior) for name in clips
        }
    result = write_result(
        OUT,
        what="the focal length told from people's keypoints and landmarks, beside the picture's diagonal",
        config={"clips": CLIPS, "tuned_on": TUNED_ON, "prior": [PRIOR, PRIOR_SPREAD], "interval": INTERVAL},
        seed=SEED,
        summary=summary,
        rendered_depths=depths_in_interval(),
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
