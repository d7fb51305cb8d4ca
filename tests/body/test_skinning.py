"""The kernel for whole meshes against plain skinning, and how it treats memory and derivatives."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.lib.random_body import random_arrays
from sm_jax.body import skinning
from sm_jax.body.skinning import Skin, dense_skin, mesh_skin
from tests.geometry.platforms import accelerator

N = 7


def skin_of(V: int, posedirs: bool = True) -> Skin:
    arrays = random_arrays(V=V, N=10)
    names = ("v_template", "shapedirs", "posedirs", "weights")
    prepared = [arrays[name].astype(np.float32) for name in names]
    if not posedirs:
        prepared[2] = prepared[2][..., :0]
    return skinning.prepare(*prepared)


def inputs(skin: Skin, frames: int = N, dtype=jnp.float32) -> tuple[jax.Array, jax.Array]:
    keys = jax.random.split(jax.random.key(0))
    transforms = jax.random.normal(keys[0], (24, 3, 4, frames), dtype)
    return transforms, jax.random.normal(keys[1], (skin.blend.shape[-1], frames), dtype)


# One block, several without padding, several with padding (a prime).
SIZES = (100, 1152, 1229)


def cost(function: Callable, skin: Skin) -> Callable:
    """Distance of the skin from a random one, as a compiled function with its gradient."""
    target = jax.random.normal(jax.random.key(2), (skin.size, 3, N))
    return jax.jit(jax.value_and_grad(lambda a, f: jnp.mean(jnp.square(function(skin, a, f) - target)), (0, 1)))


def assert_same(found: Any, expected: Any) -> None:
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("V", SIZES)
@pytest.mark.parametrize("posedirs", [True, False])
def test_value_and_gradient_are_those_of_plain_skinning(V, posedirs):
    skin = skin_of(V, posedirs)
    arguments = inputs(skin)
    assert jax.eval_shape(mesh_skin, skin, *arguments).shape == (V, 3, N)
    assert_same(cost(mesh_skin, skin)(*arguments), cost(dense_skin, skin)(*arguments))


def test_an_accelerator_s_side_gives_the_same_numbers(monkeypatch):
    """Forward and backward, run here."""
    skin = skin_of(1152)
    arguments = inputs(skin)
    in_blocks = cost(mesh_skin, skin)(*arguments)
    taken = accelerator(monkeypatch)
    assert_same(cost(mesh_skin, skin)(*arguments), in_blocks)
    assert len(taken) == 2


def test_plain_skinning_is_the_weighted_sum_of_transforms():
    arrays, skin = random_arrays(V=100, N=10), skin_of(100)
    transforms, features = (np.asarray(x, np.float64) for x in inputs(skin))
    blend = np.concatenate([arrays["posedirs"], arrays["shapedirs"], arrays["v_template"][..., None]], axis=-1)
    rest = blend @ features
    moved = np.einsum("vj,jckn->vckn", arrays["weights"], transforms)
    expected = np.einsum("vckn,vkn->vcn", moved[:, :, :3], rest) + moved[:, :, 3]
    np.testing.assert_allclose(dense_skin(skin, *inputs(skin)), expected, rtol=1e-4, atol=1e-4)


def test_no_array_of_matrices_per_vertex():
    skin = skin_of(1152)
    arguments = inputs(skin, 512)
    matrices = 1152 * 12 * 512 * 4
    compiled = (jax.jit(f).lower(skin, *arguments).compile() for f in (mesh_skin, dense_skin))
    memory: list[Any] = [program.memory_analysis() for program in compiled]
    mesh, dense = (m.temp_size_in_bytes for m in memory)
    assert mesh < matrices / 2 < dense


def test_blocks_are_of_a_size_and_padded_as_little_as_possible():
    for V in (6890, 10475, 13718, 1229, 640, 3):
        n = skinning.vertex_blocks(V)
        v = -(-V // n)
        assert v <= 512 and (n == 1 or v >= 192), (V, n)
        assert n * v - V <= n
    assert 6890 % skinning.vertex_blocks(6890) == 0


def test_half_precision_stays_half_precision():
    skin = skin_of(1152)
    half = jax.tree.map(lambda x: x.astype(jnp.bfloat16) if x.dtype == jnp.float32 else x, skin)
    transforms, features = inputs(skin)
    transforms, features = transforms / 3, features / 20
    exact = mesh_skin(skin, transforms, features)
    rough = mesh_skin(half, transforms.astype(jnp.bfloat16), features.astype(jnp.bfloat16))
    assert rough.dtype == jnp.bfloat16
    np.testing.assert_allclose(rough.astype(jnp.float32), exact, atol=0.03)


def test_a_batch_by_vmap_is_a_batch_by_axis():
    skin = skin_of(1152)
    transforms, features = inputs(skin)
    one = jax.vmap(lambda a, f: mesh_skin(skin, a[..., None], f[..., None])[..., 0], in_axes=-1, out_axes=-1)
    np.testing.assert_allclose(one(transforms, features), mesh_skin(skin, transforms, features), atol=1e-5)


def test_the_model_itself_has_no_gradient_and_says_so():
    skin = skin_of(1152)
    transforms, features = inputs(skin)

    def cost(weight):
        return jnp.sum(mesh_skin(skin.__class__(**(vars(skin) | {"weight": weight})), transforms, features))

    with pytest.raises(TypeError, match="surface points"):
        jax.grad(cost)(skin.weight)
