"""Guidances: functions from denoiser to denoiser. They compose by nesting and know no domain word."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp

from sm_jax.diffusion import Denoiser
from sm_jax.types import Array

Tree = Any  # an array [B, ...] or a pytree of such
Energy = Callable[[Tree], jax.Array]
AnchoredEnergy = Callable[[Tree, Tree], jax.Array]  # of x, and of the x that the descent began from


class Rule(Protocol):
    """A descent rule: from a gradient, shaped like x, and a state to a step and the next state."""

    def init(self, x: Tree) -> Tree:
        """The state before the first step."""
        ...

    def step(self, gradient: Tree, state: Tree, left: Array | float = 1.0) -> tuple[Tree, Tree]:
        """The step to add to x, and the next state. left: share of the steps to come, this one too."""
        ...


class Preconditioned(NamedTuple):
    """Plain descent, step = -size * gradient.

    size: a number, an array that broadcasts against x, or for a pytree x a pytree prefix of these.
    """

    size: Tree

    def init(self, x: Tree) -> Tree:
        """No state."""
        return ()

    def step(self, gradient: Tree, state: Tree, left: Array | float = 1.0) -> tuple[Tree, Tree]:
        """-size * gradient."""
        return _scale(gradient, self.size), state


class Normalised(NamedTuple):
    """Descent whose steps do not depend on the energy's scale: Adam (Kingma & Ba 2015) with a relative floor.

    Steps shrink linearly to nothing: of one length throughout, they would end with each element off by such a length,
    this way or that, and neighbours in time would tremble against each other.
    size: length of the first full step, as in `Preconditioned`. floor: elements whose gradient is below this fraction
    of its sample's root mean square hardly move, where Adam would move them by a full step.
    """

    size: Tree
    momentum: float = 0.8
    decay: float = 0.95
    floor: float = 0.1

    def init(self, x: Tree) -> Tree:
        """Zero moments and a step count of zero."""
        zeros = jax.tree.map(jnp.zeros_like, x)
        return zeros, zeros, jnp.zeros((), jnp.float32)

    def step(self, gradient: Tree, state: Tree, left: Array | float = 1.0) -> tuple[Tree, Tree]:
        """The bias-corrected mean over the root of the bias-corrected square, shrunk to what is left."""
        mean, square, count = state
        count = count + 1.0
        mean = jax.tree.map(lambda m, g: self.momentum * m + (1.0 - self.momentum) * g, mean, gradient)
        square = jax.tree.map(lambda s, g: self.decay * s + (1.0 - self.decay) * jnp.square(g), square, gradient)

        def direction(m: jax.Array, s: jax.Array) -> jax.Array:
            m, s = m / (1.0 - self.momentum**count), s / (1.0 - self.decay**count)
            typical = jnp.sqrt(s.mean(axis=tuple(range(1, s.ndim)), keepdims=True))
            return jnp.asarray(left) * m / (jnp.sqrt(s) + self.floor * typical + 1e-12)

        return _scale(jax.tree.map(direction, mean, square), self.size), (mean, square, count)


def _scale(direction: Tree, size: Tree) -> Tree:
    """-size * direction, where size is a pytree prefix of direction."""
    return jax.tree.map(lambda s, d: -s * d, jax.tree.broadcast(size, direction), direction)


def descend(energy: Energy, x: Tree, rule: Rule, steps: jax.Array | int, clamp: Tree) -> Tree:
    """x after `steps` (may be traced) descent steps, each element kept within `clamp` of where it began.

    x: an array [B, ...] or a pytree of such. energy: x → scalar, a sum over the batch. clamp: like a rule's size,
    infinity for none. Not differentiable in reverse, since the number of steps may be traced.
    """
    slope = jax.grad(energy)
    clamp = jax.tree.broadcast(clamp, x)

    def body(number: jax.Array, carry: tuple[Tree, Tree]) -> tuple[Tree, Tree]:
        y, state = carry
        step, state = rule.step(slope(y), state, 1.0 - number / jnp.maximum(steps, 1))
        return jax.tree.map(lambda a, b, d, c: a + jnp.clip(b + d - a, -c, c), x, y, step, clamp), state

    return jax.lax.fori_loop(0, steps, body, (x, rule.init(x)))[0]


def energy_guidance(
    denoiser: Denoiser,
    energy: AnchoredEnergy,
    rule: Rule,
    *,
    steps: int = 5,
    start: int,
    clamp: Tree = float("inf"),
) -> Denoiser:
    """Lowers an energy of the predicted x0 by descent at every denoising step (EgoAllo, Yi et al. 2024).

    energy: of x0 [B, ...] and of the denoiser's own x0 → scalar, a sum over the batch. Guided are the time steps
    t <= `start`, by `steps` descent steps each. `clamp` bounds the correction of one denoising step per element. The
    gradient is with respect to x0, not through the denoiser.
    """

    def guided(x_t: jax.Array, t: jax.Array) -> jax.Array:
        count = jnp.where(t[0] <= start, steps, 0)
        x0 = denoiser(x_t, t)
        return descend(lambda x: energy(x, x0), x0, rule, count, clamp)

    return guided


def classifier_free(conditional: Denoiser, unconditional: Denoiser, scale: Array | float) -> Denoiser:
    """Extrapolates from the unconditional to the conditional prediction (Ho & Salimans 2022); scale 1 is the latter."""

    def guided(x_t: jax.Array, t: jax.Array) -> jax.Array:
        without = unconditional(x_t, t)
        return without + scale * (conditional(x_t, t) - without)

    return guided


def x0_transform(denoiser: Denoiser, function: Callable[[jax.Array], jax.Array]) -> Denoiser:
    """Passes every predicted x0 [B, ...] through a function, such as a projection onto what must hold."""
    return lambda x_t, t: function(denoiser(x_t, t))
