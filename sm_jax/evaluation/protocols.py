"""The field's evaluation protocols by name: which joints, which root, whose alignment, which frames.

Numbers of different protocols do not compare, and four of them are called MPJPE. Sources: CloseInt, HumanInteraction
`utils/eval_utils.py`; BUDDI, `llib/utils/metrics`; PromptHMR, `prompt_hmr/evaluator.py`; world, GVHMR's and WHAM's
`eval_utils.py`. Known mistakes of an original are kept where its numbers depend on them, and said in `notes`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from sm_jax.body.regressors import H36M, HALPE
from sm_jax.body.skeleton import FOOT_JOINTS
from sm_jax.evaluation.metrics.align import root_aligned, similarity_aligned
from sm_jax.evaluation.metrics.contact import contact_scores, pcc, region_distances
from sm_jax.evaluation.metrics.joints import (
    interaction_error_mm,
    mpjpe_mm,
    mpvpe_mm,
    pa_mpjpe_mm,
    pair_pa_mpjpe_mm,
    world_mpjpe_mm,
)
from sm_jax.evaluation.metrics.motion import acceleration_error_m_s2, foot_sliding_mm, jitter_m_s3, standing
from sm_jax.evaluation.metrics.penetration import average_penetration, mesh_penetration
from sm_jax.evaluation.metrics.world import root_trajectory_error_percent, w_mpjpe_mm, wa_mpjpe_mm

Row = dict[str, float]
HIPS = (2, 3)  # in LSP's order, which is that of all 14-joint sets here
WINDOW = 16  # frames of CloseInt's test windows
RADIUS = 0.05  # metres within which regions touch


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    """Two people's bodies over T frames, in one world. joints: set's name -> [P, T, J, 3] metres ("lsp": 14 in LSP's
    order, "smpl": 24).  vertices: [P, T, V, 3].  faces: [F, 3].  surface: [P, T, S, 3] points of the regions
    `surface_region` [S].  fps: frames per second.  valid: [P, T] bool, of a truth: who may be judged; None for all."""

    joints: Mapping[str, np.ndarray]
    vertices: np.ndarray
    faces: np.ndarray
    surface: np.ndarray
    surface_region: np.ndarray
    fps: float
    valid: np.ndarray | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Protocol:
    """score: prediction and truth -> named numbers.  joints, root, alignment, identity, frames, notes: said with every
    result.  frames_used: of T frames, how many count.  regressor: joints of the file that regresses "lsp" from SMPL's
    vertices; None where SMPL's own joints count.  axes: of the frame in which numbers are to be taken."""

    score: Callable[[Pair, Pair], Row]
    joints: str
    root: str
    alignment: str
    identity: Literal["fixed", "best of both orders, per frame"]
    frames: str
    notes: str = ""
    frames_used: Callable[[int], int] = lambda n_frames: n_frames
    regressor: tuple[str, ...] | None = None
    axes: Literal["camera", "world"] = "camera"


def closeint(predicted: Pair, truth: Pair) -> Row:
    """CloseInt's numbers, over the frames of its windows.

    Errors of joints are zero where a person is not valid, and that zero is averaged in; vertices count everywhere; the
    interaction counts where both are valid.
    """
    used = slice(0, _closeint_frames(truth.vertices.shape[1]))
    found, true = (pair.joints["lsp"][:, used] for pair in (predicted, truth))
    roots = [x[:, :, HIPS].mean(axis=2) for x in (found, true)]
    valid = np.ones(found.shape[:2]) if truth.valid is None else truth.valid[:, used].astype(np.float64)
    both = np.broadcast_to(valid.min(axis=0)[None, :, None], found.shape[:3])
    near, true_near = (root_aligned(x, HIPS) for x in (found, true))
    depth, true_depth = (average_penetration(x.vertices[:, used], x.faces) for x in (predicted, truth))
    return {
        "mpjpe_mm": _diluted(near, true_near, valid),
        "pa_mpjpe_mm": _diluted(similarity_aligned(found, true), true, valid),
        "mpvpe_mm": mpvpe_mm(predicted.vertices[:, used], truth.vertices[:, used], *roots),
        "acceleration_mm": _closeint_acceleration(near, true_near, valid),
        "interaction_mm": interaction_error_mm(found, true, both),
        "a_pd_historical_mm": depth.historical_mm,
        "a_pd_mm": depth.corrected_mm,
        "a_pd_excess_mm": depth.corrected_mm - true_depth.corrected_mm,
    }


def buddi(predicted: Pair, truth: Pair) -> Row:
    """BUDDI's numbers; contacts are of our 22 regions, not of its 75.

    In each frame people are taken in the order with the smaller pair PA-MPJPE, in all numbers.
    """
    predicted = _best_order(predicted, truth)
    found, true = predicted.joints["lsp"], truth.joints["lsp"]
    regions = 1 + int(truth.surface_region.max())
    distances = [region_distances(x.surface, x.surface_region, regions) for x in (predicted, truth)]
    contact = contact_scores(*distances, radius=RADIUS)
    return {
        "pair_pa_mpjpe_mm": pair_pa_mpjpe_mm(found, true),
        "pa_mpjpe_mm": pa_mpjpe_mm(found, true),
        "contact_precision": contact.precision,
        "contact_recall": contact.recall,
        "contact_f1": contact.f1,
        "pcc_5cm": pcc(distances[0], distances[1] < RADIUS, RADIUS),
        "max_intersection_mm": mesh_penetration(predicted.vertices, predicted.faces).max_mm,
    }


def prompthmr(predicted: Pair, truth: Pair) -> Row:
    """PromptHMR's numbers."""
    found, true = predicted.joints["lsp"], truth.joints["lsp"]
    roots = [x[:, :, HIPS].mean(axis=2) for x in (found, true)]
    return {
        "mpjpe_mm": mpjpe_mm(found, true, roots=HIPS),
        "pa_mpjpe_mm": pa_mpjpe_mm(found, true),
        "pair_pa_mpjpe_mm": pair_pa_mpjpe_mm(found, true),
        "pve_mm": mpvpe_mm(predicted.vertices, truth.vertices, *roots),
    }


def world(predicted: Pair, truth: Pair) -> Row:
    """Numbers of whole trajectories."""
    found, true = predicted.joints["smpl"], truth.joints["smpl"]
    stands = standing(true[:, :, FOOT_JOINTS], truth.fps)
    return {
        "wa_mpjpe_mm": wa_mpjpe_mm(found, true),
        "w_mpjpe_mm": w_mpjpe_mm(found, true),
        "world_mpjpe_mm": world_mpjpe_mm(found, true),
        "rte_percent": root_trajectory_error_percent(found[:, :, 0], true[:, :, 0]),
        "acceleration_m_s2": acceleration_error_m_s2(found, true, truth.fps),
        "jitter_10m_s3": jitter_m_s3(found, predicted.fps) / 10,
        "jitter_over_truth": jitter_m_s3(found, predicted.fps) / jitter_m_s3(true, truth.fps),
        "foot_sliding_mm": foot_sliding_mm(found[:, :, FOOT_JOINTS], stands),
    }


def _closeint_frames(n_frames: int) -> int:
    """Windows do not overlap, and the last one is dropped even where it is whole."""
    return max(0, (n_frames - 1) // WINDOW) * WINDOW


def _diluted(found: np.ndarray, true: np.ndarray, valid: np.ndarray) -> float:
    """Mean joint error in mm over all people [P] and frames [T], zero for those that are not valid."""
    return 1e3 * float((np.linalg.norm(found - true, axis=-1).mean(axis=-1) * valid).mean())


def _closeint_acceleration(found: np.ndarray, true: np.ndarray, valid: np.ndarray) -> float:
    """mm per frame², with zeros for the first and the last frame and for those that are not valid averaged in."""
    error = np.linalg.norm(np.diff(found, 2, axis=1) - np.diff(true, 2, axis=1), axis=-1).mean(axis=-1)
    return 1e3 * float((error * valid[:, 1:-1]).sum()) / valid.size


def _best_order(predicted: Pair, truth: Pair) -> Pair:
    """The prediction with its people exchanged in those frames in which that lies nearer to the truth."""
    found, true = predicted.joints["lsp"], truth.joints["lsp"]
    straight, swapped = (_pair_pa_by_frame(x, true) for x in (found, found[::-1]))

    def ordered(x: np.ndarray) -> np.ndarray:
        return np.where((swapped < straight).reshape(-1, *(1,) * (x.ndim - 2)), x[::-1], x)

    return dataclasses.replace(
        predicted,
        joints={name: ordered(x) for name, x in predicted.joints.items()},
        vertices=ordered(predicted.vertices),
        surface=ordered(predicted.surface),
    )


def _pair_pa_by_frame(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Pair PA-MPJPE [T] of each frame, mm."""
    return np.array([pair_pa_mpjpe_mm(found[:, [t]], true[:, [t]]) for t in range(true.shape[1])])


PROTOCOLS = {
    "closeint": Protocol(
        score=closeint,
        joints="14 of LSP",
        root="middle of the hips",
        alignment="root; PA: each person and frame by itself; interaction and A-PD: none",
        identity="fixed",
        frames=f"windows of {WINDOW} without overlap, the last one dropped",
        notes="acceleration averages two zeros in, joint errors zeros of frames that are not valid; A-PD historical "
        "divides by the wrong body's box",
        frames_used=_closeint_frames,
        regressor=HALPE,
    ),
    "buddi": Protocol(
        score=buddi,
        joints="14 of LSP",
        root="none",
        alignment="both people together, each frame; PA: each person by itself",
        identity="best of both orders, per frame",
        frames="all",
        notes="contact between 22 regions of surface points nearer than 5 cm, where BUDDI has 75 of vertices; its "
        "regressor of SMPL-X's joints is not published: H36M's of SMPL stands for it",
        regressor=H36M,
    ),
    "prompthmr": Protocol(
        score=prompthmr,
        joints="14 of H36M in LSP's order",
        root="middle of the hips",
        alignment="root; PA: each person and frame; pair PA: both together, each frame",
        identity="fixed",
        frames="all",
        regressor=H36M,
    ),
    "world": Protocol(
        score=world,
        joints="24 of SMPL",
        root="pelvis",
        alignment="WA: chunks of 100 frames; W: their first two frames; RTE: rigid, all frames; others: none",
        identity="fixed",
        frames="all",
        notes="jitter in GVHMR's unit of 10 m/s³",
        axes="world",
    ),
}
