"""What all energies together need: memory in proportion to the frames, and no array that grows with both skins."""

import math

import jax
import pytest

from experiments.benchmarks.body import gradient_memory, intermediates, salsa_arguments
from sm_jax.body.capsules import LAYOUT
from sm_jax.body.io import load_body
from sm_jax.energies.combine import SURFACE_EVERY
from sm_jax.energies.contact import POINTS


@pytest.mark.slow
def test_memory_grows_linearly_with_the_frames():
    body = load_body("open-low")
    short, long = (gradient_memory(body, frames) for frames in (64, 128))
    assert 1.5 * short < long < 2.2 * short


@pytest.fixture(scope="module")
def arrays():
    """Frames, body and the shapes of all that value and gradient make on the full body."""
    body = load_body("open-full")
    given = jax.eval_shape(lambda: salsa_arguments(body, 17))
    return given, {shape for _, shape in intermediates(given)}


def test_no_frame_has_all_vertices_and_nothing_has_them_twice(arrays):
    (body, *_), shapes = arrays
    n_vertices = body.v_template.shape[0]
    with_vertices = {shape for shape in shapes if n_vertices in shape}
    assert with_vertices, "the height of the soles is read off the vertices"
    assert all(math.prod(shape) <= 2 * n_vertices * 3 for shape in with_vertices)


def test_no_array_pairs_the_skins_beyond_what_contact_compares(arrays):
    (body, motion, _, evidence), shapes = arrays
    frames, points = motion.pelvis.shape[1], body.surface_index.shape[0]
    assert not [shape for shape in shapes if shape.count(points) > 1]
    compared = evidence.contacts.weight.shape[0] * POINTS**2
    some = len(range(0, frames, SURFACE_EVERY))  # of the frames are compared
    largest = max(math.prod(shape) / n for n in (frames, some) for shape in shapes if n in shape)
    at_once = len(LAYOUT) * 3 * 2 * points  # from all points to every part's capsule, on an accelerator
    assert compared <= largest <= max(compared, at_once)
