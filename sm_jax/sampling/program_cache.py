"""The sampler's traced program, kept between processes so that a warm start does not trace it.

JAX keeps what it has compiled, but finds it by the program's text, for which a process traces and lowers the whole
sampler first: several seconds for a call of one. Here the text is kept too, beside what was compiled from it.
"""

import functools
import hashlib
import logging
import pathlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from sm_jax.assets.files import hash_files, make_folder, replacing
from sm_jax.sampling.inputs import Samples
from sm_jax.types import Motion

_LOG = logging.getLogger(__name__)
_PACKAGE = pathlib.Path(__file__).parents[1]

for _type in (Motion, Samples):
    jax.export.register_pytree_node_serialization(
        _type,
        serialized_name=f"sm_jax.{_type.__name__}",
        serialize_auxdata=lambda _: b"",
        deserialize_auxdata=lambda _: (),
    )


def call_cached(folder: str, function: Callable[..., Samples], arguments: tuple, static: Any) -> Samples:
    """`function(*arguments, static)`, of which the program is read from a folder, or written there if it is new.

    static: hashable, and its `repr` says all of it. Raises UserError for a folder that cannot be written.
    """
    leaves, tree = jax.tree.flatten(arguments)
    shapes = tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
    return program(folder, function, tree, shapes, static)(leaves)


@functools.cache
def program(
    folder: str, function: Callable[..., Samples], tree: Any, shapes: tuple, static: Any
) -> Callable[[list], Samples]:
    """The compiled function of the leaves of such arguments. Of equal arguments there is one."""
    # All that the text depends on: the arguments, the code, and how this JAX writes programs down.
    facts = (tree, shapes, static, hash_files(_PACKAGE), jax.__version__, jax.devices()[0].device_kind, *_options())
    path = pathlib.Path(folder) / f"sampler-{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}.jax"
    if path.exists():
        try:
            return _load(path)
        except Exception as error:  # flatbuffers and MLIR report damage in several ways
            _LOG.warning("%s is damaged (%s): it is made anew", path, error)
    of_leaves = jax.jit(lambda leaves: function(*jax.tree.unflatten(tree, leaves), static))
    exported = jax.export.export(of_leaves)([jax.ShapeDtypeStruct(*each) for each in shapes])
    make_folder(path.parent)
    with replacing(path) as partial:
        partial.write_bytes(exported.serialize())
    return _load(path)


def _load(path: pathlib.Path) -> Callable[[list], Samples]:
    return jax.jit(jax.export.deserialize(bytearray(path.read_bytes())).call)


def _options() -> tuple[str, ...]:
    """Options of JAX that change what a program says."""
    names = ("jax_enable_x64", "jax_default_matmul_precision", "jax_threefry_partitionable", "jax_default_prng_impl")
    return tuple(f"{name}={getattr(jax.config, name)}" for name in names)
