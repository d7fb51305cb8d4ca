"""Guidances: functions from denoiser to denoiser. They compose by nesting and know no domain word."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sm_jax.diffusion import Denoiser
from sm_jax.types import Array

Tree = Any  # an array [B, ...] or a pytree of such
Energy = Callable[[Tree], jax.Array]
AnchoredEnergy = Callable[[Tree, Tree], jax.Array]  # of x, and of the x that the descent began from


MOMENTUM, DECAY, FLOOR = 0.6, 0.9, 0.1


def scale_by_relative_adam(
    b1: float = MOMENTUM, b2: float = DECAY, floor: float = FLOOR
) -> optax.GradientTransformation:
    """Adam (Kingma & Ba 2015) with a floor relative to each sample, in place of an absolute epsilon.

    Gradients are arrays [B, ...] or a pytree of such. Elements whose gradient is below the fraction `floor` of its
    sample's root mean square hardly move, where Adam would move them by a full step.
    """

    def init(params: Tree) -> optax.ScaleByAdamState:
        zeros = jax.tree.map(jnp.zeros_like, params)
        return optax.ScaleByAdamState(count=jnp.zeros((), jnp.int32), mu=zeros, nu=zeros)

    def update(updates: Tree, state: Any, params: Tree | None = None) -> tuple[Tree, optax.ScaleByAdamState]:
        del params
        count = optax.safe_increment(state.count)
        mean = optax.tree.update_moment(updates, state.mu, b1, 1)
        square = optax.tree.update_moment(updates, state.nu, b2, 2)
        steps = jnp.asarray(count, jnp.float32)

        def direction(m: jax.Array, s: jax.Array) -> jax.Array:
            m, s = m / (1.0 - b1**steps), s / (1.0 - b2**steps)
            typical = jnp.sqrt(s.mean(axis=tuple(range(1, s.ndim)), keepdims=True))
            return m / (jnp.sqrt(s) + floor * typical + 1e-12)

        return jax.tree.map(direction, mean, square), optax.ScaleByAdamState(count=count, mu=mean, nu=square)

    return optax.GradientTransformation(init, update)


def low_pass(length: int, corner: float) -> np.ndarray:
    """[length, length] float32, symmetric: damps what in a sequence swings f times a sample by 1 / (1 + (f / corner)²).
    In the basis of the cosine transform, so that its ends are free."""
    order = np.arange(length)
    waves = np.sqrt(2.0 / length) * np.cos(np.pi / length * (order[:, None] + 0.5) * order)
    waves[:, 0] *= np.sqrt(0.5)
    return ((waves / (1.0 + np.square(order / (2 * length) / corner))) @ waves.T).astype(np.float32)


def along_sequence(matrix: Array) -> optax.GradientTransformation:
    """A matrix [T, T] applied along the next-to-last axis of every gradient [..., T, D]. With `low_pass` this is the
    Sobolev gradient (Neuberger 1985): neighbours move together, and a descent needs fewer steps to go as far."""

    def applied(x: jax.Array) -> jax.Array:
        # As one product of matrices: of what has five axes, as under several hypotheses, XLA's library of CPU kernels
        # refuses the product.
        first = jnp.moveaxis(x, -2, 0)
        product = jnp.matmul(jnp.asarray(matrix), first.reshape(len(first), -1), precision="highest")
        return jnp.moveaxis(product.reshape(first.shape), 0, -2)

    return optax.stateless(lambda gradient, _: jax.tree.map(applied, gradient))


def relative_adam(size: Tree, steps: jax.Array | int) -> optax.GradientTransformation:
    """Descent in `steps` steps that do not depend on the energy's scale and shrink linearly to nothing.

    Of one length throughout, they would end with each element off by such a length, this way or that, and neighbours in
    time would tremble against each other. size: length of the first full step: a number, an array that broadcasts
    against x, or for a pytree x a pytree prefix of these.  steps: may be traced.
    """

    def scale(direction: Tree, x: Tree | None) -> Tree:
        del x
        return jax.tree.map(lambda s, d: -s * d, jax.tree.broadcast(size, direction), direction)

    shrink = optax.scale_by_schedule(lambda count: jnp.maximum(1.0 - count / steps, 0.0))
    return optax.chain(scale_by_relative_adam(), shrink, optax.stateless(scale))


def descend(
    energy: Energy, x: Tree, optimiser: optax.GradientTransformation, steps: jax.Array | int, clamp: Tree
) -> Tree:
    """x after `steps` (may be traced) descent steps, each element kept within `clamp` of where it began.

    x: an array [B, ...] or a pytree of such. energy: x → scalar, a sum over the batch. clamp: like the size of
    `relative_adam`, infinity for none. Not differentiable in reverse, since the number of steps may be traced.
    """
    slope = jax.grad(energy)
    clamp = jax.tree.broadcast(clamp, x)

    def body(_: jax.Array, carry: tuple[Tree, Tree]) -> tuple[Tree, Tree]:
        y, state = carry
        step, state = optimiser.update(slope(y), state, y)
        return jax.tree.map(lambda a, b, d, c: a + jnp.clip(b + d - a, -c, c), x, y, step, clamp), state

    return jax.lax.fori_loop(0, steps, body, (x, optimiser.init(x)))[0]


def energy_guidance(
    denoiser: Denoiser,
    energy: AnchoredEnergy,
    optimiser: Callable[[jax.Array], optax.GradientTransformation],
    steps: Callable[[jax.Array], jax.Array],
    clamp: Tree = float("inf"),
) -> Denoiser:
    """Lowers an energy of the predicted x0 by descent at every denoising step (EgoAllo, Yi et al. 2024).

    energy: of x0 [B, ...] and of the denoiser's own x0 → scalar, a sum over the batch.  steps: how many descent steps
    there are at a time t []; they are data, so that the few of a noisy x0 and the many of the last are one loop.
    optimiser: for so many steps. `clamp` bounds the correction of one denoising step per element. The gradient is with
    respect to x0, not through the denoiser.
    """

    def guided(x_t: jax.Array, t: jax.Array) -> jax.Array:
        count, x0 = steps(t[0]), denoiser(x_t, t)
        return descend(lambda x: energy(x, x0), x0, optimiser(count), count, clamp)

    return guided


def classifier_free(
    denoiser: Callable[[jax.Array, jax.Array, Tree], jax.Array], condition: Tree, null: Tree, scale: Array | float
) -> Denoiser:
    """Extrapolates from the unconditional to the conditional prediction (Ho & Salimans 2022); scale 1 is the latter.

    denoiser: of x_t, t and a condition.  condition, null: two of one shape, evaluated as one batch.
    """
    both = jax.tree.map(lambda *x: jnp.stack(x), condition, null)

    def guided(x_t: jax.Array, t: jax.Array) -> jax.Array:
        told, untold = jax.vmap(denoiser, in_axes=(None, None, 0))(x_t, t, both)
        return untold + scale * (told - untold)

    return guided


def x0_transform(denoiser: Denoiser, function: Callable[[jax.Array], jax.Array]) -> Denoiser:
    """Passes every predicted x0 [B, ...] through a function, such as a projection onto what must hold."""
    return lambda x_t, t: function(denoiser(x_t, t))
