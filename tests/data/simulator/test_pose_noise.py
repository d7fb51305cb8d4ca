import numpy as np


def relative_error(simulated):
    """Root-relative joint error [B, P, T, J, 3] in camera axes, mm."""
    error = np.asarray(simulated.estimated.joints - simulated.posed.joints)
    error = error - error[..., :1, :]
    R = np.asarray(simulated.seen.camera.R)
    return 1e3 * np.einsum("btij,bptnj->bptni", R, error)


def test_hidden_joints_err_far_more_than_visible_ones(simulated):
    error = np.linalg.norm(relative_error(simulated), axis=-1)
    visibility = np.asarray(simulated.seen.visibility)
    seen, hidden = error[visibility > 0.7].mean(), error[visibility < 0.2].mean()
    assert 60 < seen < 130
    assert 1.3 * seen < hidden < 300


def test_visible_joints_err_along_the_line_of_sight(simulated):
    error = np.abs(relative_error(simulated))[np.asarray(simulated.seen.visibility) > 0.7].mean(axis=0)
    assert (error[:2] < 50).all()
    assert error[2] > 1.5 * error[:2].max()


def test_people_are_misplaced_along_the_ray_for_long(simulated):
    camera = simulated.seen.camera
    error = np.asarray(simulated.seen.motion.pelvis - simulated.truth.pelvis)
    position = -np.einsum("btji,btj->bti", camera.R, camera.t)[:, None]
    sight = np.asarray(simulated.truth.pelvis) - position
    sight /= np.linalg.norm(sight, axis=-1, keepdims=True)
    along = (error * sight).sum(axis=-1)
    across = np.linalg.norm(error - along[..., None] * sight, axis=-1)
    assert 0.1 < np.abs(along).mean() < 0.5
    assert np.median(across) < 0.05
    # Constant parts outweigh those that change within a second.
    assert np.abs(along.mean(axis=2)).mean() > 2 * along.std(axis=2).mean()


def test_the_error_is_slow_but_trembles(simulated):
    error = np.asarray(simulated.estimated.joints - simulated.posed.joints)
    step = np.linalg.norm(np.diff(error, axis=2), axis=-1).mean()
    shuffled = np.linalg.norm(error[:, :, 1:] - error[:, :, ::-1][:, :, 1:], axis=-1).mean()
    assert 0.001 < step < 0.35 * shuffled


def test_estimates_are_rotations_and_shapes_differ(simulated):
    motion = simulated.seen.motion
    np.testing.assert_allclose(np.linalg.det(motion.body_pose), 1, atol=1e-3)
    # Half of what sets a body apart is found.
    true, found = np.asarray(simulated.truth.betas)[..., :2].ravel(), np.asarray(motion.betas)[..., :2].ravel()
    assert 0.2 < np.polyfit(true, found, 1)[0] < 0.8
