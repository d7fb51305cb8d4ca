import jax
import numpy as np
import pytest

from sm_jax.body.capsules import NAMES
from sm_jax.body.io import load_body
from sm_jax.body.mesh import nearest_on_mesh
from sm_jax.body.sdf import NODES
from sm_jax.evaluation.metrics.penetration import winding_number


@pytest.fixture(scope="module", params=["open-low", "open-full"])
def body(request):
    return jax.device_get(load_body(request.param))


def nodes(field, betas):
    """Positions [C, n, n, n, 3] of the tables' nodes."""
    low, high = (corner + slope @ betas for corner, slope in
                 ((field.low, field.low_shapedirs), (field.high, field.high_shapedirs)))  # fmt: skip
    place = np.stack(np.meshgrid(*[np.linspace(0, 1, NODES)] * 3, indexing="ij"), axis=-1)
    return low[:, None, None, None] + place * (high - low)[:, None, None, None]


@pytest.mark.parametrize(("beta", "value"), [(0, 0.0), (0, 1.2), (1, -2.0), (3, 2.0)])
def test_tables_hold_the_distance_to_the_skin_for_every_shape(body, beta, value):
    field, betas = body.distance_field, value * np.eye(10)[beta]
    vertices = (body.v_template + body.shapedirs @ betas).astype(float)
    table, at = field.distance + field.distance_shapedirs @ betas, nodes(field, betas)
    at, table = at[:, 1:-1:3, 1:-1:3, 1:-1:3].reshape(-1, 3), table[:, 1:-1:3, 1:-1:3, 1:-1:3].ravel()
    face, place = nearest_on_mesh(at, vertices, body.faces, 8)
    distance = np.linalg.norm(np.einsum("ni,nic->nc", place, vertices[body.faces[face]]) - at, axis=-1)
    error = np.abs(np.abs(table) - distance)
    assert error.mean() < 1.5e-3 and np.quantile(error, 0.95) < 5e-3


def test_every_part_has_an_inside_and_an_outside(body):
    table = body.distance_field.distance.reshape(len(NAMES), -1)
    assert (table.min(1) < -0.008).all() and (table.max(1) > 0.02).all()


def test_boxes_hold_their_vertices_as_they_grow(body):
    field, owner = body.distance_field, body.weights.argmax(1)
    betas = 1.2 * np.eye(10)[0]
    thigh = (body.v_template + body.shapedirs @ betas)[owner == 1]
    part = NAMES.index("left_thigh")
    assert (thigh > (field.low + field.low_shapedirs @ betas)[part]).all()
    assert (thigh < (field.high + field.high_shapedirs @ betas)[part]).all()


def test_eyes_and_tongue_do_not_hollow_the_head():
    body = jax.device_get(load_body("open-full"))
    head = NAMES.index("head")
    at, table = (
        nodes(body.distance_field, np.zeros(10))[head].reshape(-1, 3),
        body.distance_field.distance[head].ravel(),
    )
    deep = (winding_number(at, body.v_template, body.faces) > 0.5) & (np.abs(table) > 3e-3)
    assert deep.sum() > 300 and (table[deep] > 0).mean() < 0.025
