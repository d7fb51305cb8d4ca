import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.fitting.solver import levenberg_marquardt
from sm_jax.geometry.rotations import angle_between, axis_angle_to_matrix, compose


def test_a_linear_problem_is_solved_as_lstsq_does():
    rng = np.random.default_rng(0)
    A, b = rng.normal(size=(20, 6)).astype(np.float32), rng.normal(size=20).astype(np.float32)
    solution, costs = levenberg_marquardt(
        lambda x: A @ x - b, jnp.add, jnp.zeros(6), jnp.zeros(6), iterations=8, cg_steps=12
    )
    expected, residual, *_ = np.linalg.lstsq(A, b)
    np.testing.assert_allclose(solution, expected, atol=1e-4)
    np.testing.assert_allclose(costs[-1], 0.5 * residual[0], rtol=1e-4)


def test_cost_never_rises_on_rosenbrocks_valley():
    def residuals(x):
        return {"slope": 10 * (x[1] - x[0] ** 2), "end": 1 - x[0]}

    solution, costs = levenberg_marquardt(
        residuals, jnp.add, jnp.array([-1.2, 1.0]), jnp.zeros(2), iterations=60, cg_steps=4
    )
    np.testing.assert_allclose(solution, [1, 1], atol=1e-3)
    assert (np.diff(costs) <= 0).all()
    assert costs.shape == (61,)


def test_rotations_step_in_their_tangent_space():
    keys = jax.random.split(jax.random.key(0), 2)
    target = axis_angle_to_matrix(jax.random.normal(keys[0], (5, 3)))
    solution, _ = levenberg_marquardt(
        lambda R: R - target,
        lambda R, step: compose(R, axis_angle_to_matrix(step)),
        axis_angle_to_matrix(jax.random.normal(keys[1], (5, 3))),
        jnp.zeros((5, 3)),
        iterations=30,
        cg_steps=10,
    )
    assert float(angle_between(solution, target).max()) < 1e-3


def test_many_problems_at_once():
    goals = jnp.arange(4.0)

    def solve(goal):
        start = jnp.float32(1.0)
        return levenberg_marquardt(lambda x: x**3 - goal, jnp.add, start, 0 * start, iterations=20, cg_steps=2)[0]

    np.testing.assert_allclose(jax.vmap(solve)(goals) ** 3, goals, atol=1e-3)
