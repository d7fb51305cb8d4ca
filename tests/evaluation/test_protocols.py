import dataclasses

import numpy as np
import pytest

from sm_jax.evaluation.protocols import PROTOCOLS, Pair
from tests.evaluation.metrics.test_apd import CORNERS, FACES

T = 40
ERRORS = {
    "closeint": ("mpjpe_mm", "pa_mpjpe_mm", "mpvpe_mm", "acceleration_mm", "interaction_mm", "a_pd_excess_mm"),
    "buddi": ("pair_pa_mpjpe_mm", "pa_mpjpe_mm"),
    "prompthmr": ("mpjpe_mm", "pa_mpjpe_mm", "pair_pa_mpjpe_mm", "pve_mm"),
    "world": ("wa_mpjpe_mm", "w_mpjpe_mm", "world_mpjpe_mm", "rte_percent", "acceleration_m_s2"),
}


def pair(joints: np.ndarray) -> Pair:
    """Joints [2, T, 24, 3] of two boxes that overlap a little, each moving with its root."""
    vertices = 0.3 * CORNERS[None, None] * [0.6, 1.0, 1.0] + joints[:, :, :1]
    return Pair(
        joints={"smpl": joints, "lsp": joints[:, :, :14]},
        vertices=vertices,
        faces=FACES,
        surface=vertices,
        surface_region=np.arange(8) % 4,
        fps=30.0,
    )


@pytest.fixture(scope="module")
def joints():
    rng = np.random.default_rng(0)
    moving = rng.normal(size=(2, 1, 24, 3)) * 0.3 + 0.02 * rng.normal(size=(2, T, 24, 3)).cumsum(axis=1)
    moving[:, :, 0] = 0.02 * rng.normal(size=(2, T, 3)).cumsum(axis=1) + [[[0.0, 0, 0]], [[0.33, 0, 0]]]
    return moving


def score(name: str, found: np.ndarray, true: np.ndarray) -> dict[str, float]:
    return PROTOCOLS[name].score(pair(found), pair(true))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_truth_scores_zero(name, joints):
    row = score(name, joints, joints)
    assert all(row[error] == pytest.approx(0, abs=1e-6) for error in ERRORS[name])
    if name == "buddi":
        assert row["contact_f1"] == row["contact_recall"] == row["pcc_5cm"] == 1
    if name == "world":
        assert row["jitter_over_truth"] == pytest.approx(1)


@pytest.mark.parametrize("name", ["closeint", "prompthmr", "world"])
def test_swapped_people_are_wrong_where_identities_are_fixed(name, joints):
    row = score(name, joints[::-1], joints)
    assert all(row[error] > 1 for error in ERRORS[name] if "pd" not in error and error != "interaction_mm")


def test_swapped_people_are_right_where_the_order_is_free(joints):
    assert score("buddi", joints[::-1], joints)["pair_pa_mpjpe_mm"] == pytest.approx(0, abs=1e-6)


def test_people_pushed_apart_are_caught(joints):
    """A-PD falls below the truth's; the distance between the people and the contacts show why."""
    apart = joints + np.array([0.0, 0.1])[:, None, None, None] * [1.0, 0, 0]
    row = score("closeint", apart, joints)
    assert row["a_pd_excess_mm"] < -0.1 and row["interaction_mm"] > 20
    assert row["mpjpe_mm"] == pytest.approx(0, abs=1e-6)
    assert score("buddi", apart, joints)["pair_pa_mpjpe_mm"] > 10
    assert score("prompthmr", apart, joints)["pair_pa_mpjpe_mm"] > 10


def test_over_smoothing_and_a_frozen_person_are_caught(joints):
    smooth = np.apply_along_axis(lambda x: np.convolve(np.pad(x, 4, "edge"), np.ones(9) / 9, "valid"), 1, joints)
    assert score("world", smooth, joints)["jitter_over_truth"] < 0.5
    frozen = joints.copy()
    frozen[1] = frozen[1, :1]
    row = score("world", frozen, joints)
    assert row["wa_mpjpe_mm"] > 10 and row["acceleration_m_s2"] > 1 and row["jitter_over_truth"] < 0.7


def on_a_line(first: list[float], second: list[float]) -> np.ndarray:
    """Joints [2, 1, 14, 3], seven of each person at either of two places along x."""
    x = np.array([np.repeat(first, 7), np.repeat(second, 7)])
    return np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=-1)[:, None]


def bare(joints: np.ndarray, valid: np.ndarray | None = None) -> Pair:
    """Joints [2, T, 14, 3], with the boxes of `pair` far apart."""
    vertices = (
        0.1 * CORNERS[None, None] + 5.0 * np.arange(2)[:, None, None, None] + np.zeros((2, joints.shape[1], 1, 1))
    )
    return Pair(
        joints={"lsp": joints}, vertices=vertices, faces=FACES, surface=vertices, surface_region=np.arange(8) % 4,
        fps=30.0, valid=valid,
    )  # fmt: skip


# The second person stands a metre too far. Centred, the prediction is (-2.5, -1.5, 1.5, 2.5), the truth (-2, -1, 1, 2):
# the best scale is 13/17, and the errors are 1.5/17, 2.5/17, 2.5/17, 1.5/17: 2/17 m in the mean.
TRUE, TOO_FAR = on_a_line([-2, -1], [1, 2]), on_a_line([-2, -1], [2, 3])


def test_prompthmr_aligns_both_people_together_and_does_not_exchange_them():
    score = PROTOCOLS["prompthmr"].score
    row = score(bare(TOO_FAR), bare(TRUE))
    assert row["pair_pa_mpjpe_mm"] == pytest.approx(2000 / 17) and row["pa_mpjpe_mm"] == pytest.approx(0, abs=1e-6)
    lengths = on_a_line([-2, -1], [1, 3])  # no turn brings these people exchanged upon themselves
    assert score(bare(lengths[::-1]), bare(lengths))["pair_pa_mpjpe_mm"] > 100


def test_buddi_takes_the_nearer_order_of_the_people_in_each_frame_and_in_all_numbers():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(2, 3, 14, 3))
    found = true.copy()
    found[:, 1] = found[::-1, 1]
    row = PROTOCOLS["buddi"].score(bare(found), bare(true))
    assert row["pair_pa_mpjpe_mm"] == pytest.approx(0, abs=1e-6) and row["pa_mpjpe_mm"] == pytest.approx(0, abs=1e-6)
    straight = np.concatenate([TOO_FAR, TOO_FAR[::-1]], axis=1)
    both = np.concatenate([TRUE, TRUE], axis=1)
    # in a line the exchanged people are the mirror image, which a half turn undoes: 2/17 in either order
    assert PROTOCOLS["buddi"].score(bare(straight), bare(both))["pair_pa_mpjpe_mm"] == pytest.approx(2000 / 17)


def test_closeints_validity_dilutes_joints_and_leaves_vertices_alone():
    """Of 32 people in 16 frames four are not valid. Ten of 14 joints are a centimetre off the hips' frame."""
    true = np.zeros((2, 17, 14, 3)) + np.arange(14)[:, None] * [0.1, 0.0, 0.01]
    true[1] += [0.0, 1.0, 0.0]
    found = true.copy()
    found[:, :, 4:] += [0.0, 0.0, 0.01]
    valid = np.ones((2, 17), bool)
    valid[1, 3:7] = False
    predicted = bare(found)
    predicted = dataclasses.replace(predicted, vertices=predicted.vertices + np.array([0.002, 0.0, 0.0]))
    row = PROTOCOLS["closeint"].score(predicted, bare(true, valid))
    assert row["mpjpe_mm"] == pytest.approx(10 * (10 / 14) * (28 / 32))
    assert row["mpvpe_mm"] == pytest.approx(2)
    shaken = true.copy()
    shaken[1, 3:7] += [1.0, 0.0, 0.0]  # where nobody may be judged: no error of the people's relation
    row = PROTOCOLS["closeint"].score(bare(shaken), bare(true, valid))
    assert row["interaction_mm"] == row["mpjpe_mm"] == 0
    assert PROTOCOLS["closeint"].score(bare(shaken), bare(true))["interaction_mm"] > 100


def test_closeint_counts_its_own_frames(joints):
    used = PROTOCOLS["closeint"].frames_used
    assert [used(n) for n in (10, 16, 17, 32, 33, 40)] == [0, 0, 16, 16, 32, 32]
    spoiled = joints.copy()
    spoiled[:, 32:] += 1.0 * np.random.default_rng(1).normal(size=spoiled[:, 32:].shape)
    assert score("closeint", spoiled, joints)["mpjpe_mm"] == pytest.approx(0, abs=1e-6)


def test_closeint_averages_two_zeros_in(joints):
    shaken = joints.copy()
    shaken[:, :, 5] += 0.01 * np.random.default_rng(1).normal(size=shaken[:, :, 5].shape)
    frames = slice(0, 32)
    hips = [x[:, frames, 2:4].mean(axis=2, keepdims=True) for x in (shaken, joints)]
    error = (shaken[:, frames, :14] - hips[0]) - (joints[:, frames, :14] - hips[1])
    plain = 1e3 * np.linalg.norm(np.diff(error, 2, axis=1), axis=-1).mean()
    assert score("closeint", shaken, joints)["acceleration_mm"] == pytest.approx(plain * 30 / 32)


def test_every_protocol_says_what_it_does():
    for protocol in PROTOCOLS.values():
        said = dataclasses.asdict(protocol)
        assert all(said[name] for name in ("joints", "root", "alignment", "identity", "frames"))
