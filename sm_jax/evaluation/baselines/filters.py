"""Classical filters over the gap-filled estimate: pelvis positions in metres, rotations by two columns (6D).

Every number of the state is filtered by itself, and rotations are made orthonormal afterwards.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from scipy.signal import savgol_filter

from sm_jax.evaluation.baselines.estimate import as_motion, filled_state
from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.types import Array, Motion


@dataclasses.dataclass(frozen=True)
class OneEuro:
    """The One-Euro filter (Casiez et al., CHI 2012), causal as it is.

    min_cutoff: Hz, at rest.  beta: how fast the cutoff rises with speed (per metre, or per unit of a rotation's
    column).  d_cutoff: Hz, of the speed itself.
    """

    min_cutoff: float = 2.0
    beta: float = 0.3
    d_cutoff: float = 1.0

    def __call__(self, clip: MethodInput) -> Motion:
        """The filtered motion."""
        settings = np.array([self.min_cutoff, self.beta, self.d_cutoff], np.float32)
        return as_motion(one_euro(filled_state(clip), clip.observation.fps, settings), clip)


@dataclasses.dataclass(frozen=True)
class SavitzkyGolay:
    """Least-squares polynomials of an `order` over `window` frames (odd); not causal. A shorter clip is one window."""

    window: int = 25
    order: int = 1

    def __call__(self, clip: MethodInput) -> Motion:
        """The filtered motion."""
        state = np.asarray(filled_state(clip))
        window = min(self.window, (state.shape[1] - 1) // 2 * 2 + 1)
        smooth = savgol_filter(state, window, min(self.order, window - 1), axis=1)
        return as_motion(np.asarray(smooth, np.float32), clip)


@jax.jit
def one_euro(x: Array, fps: Array, settings: Array) -> Array:
    """x [P, T, C] filtered over T. settings: min_cutoff, beta, d_cutoff."""
    min_cutoff, beta, d_cutoff = settings

    def share(cutoff: Array) -> Array:
        """Weight of the new value in an exponential average with a cutoff frequency."""
        turn = 2.0 * jnp.pi * cutoff / fps
        return turn / (turn + 1.0)

    def step(carry: tuple[Array, Array, Array], now: Array) -> tuple[tuple[Array, Array, Array], Array]:
        raw, smooth, speed = carry
        speed = speed + share(d_cutoff) * ((now - raw) * fps - speed)
        smooth = smooth + share(min_cutoff + beta * jnp.abs(speed)) * (now - smooth)
        return (now, smooth, speed), smooth

    frames = jnp.moveaxis(jnp.asarray(x), 1, 0)
    _, filtered = jax.lax.scan(step, (frames[0], frames[0], jnp.zeros_like(frames[0])), frames)
    return jnp.moveaxis(filtered, 0, 1)
