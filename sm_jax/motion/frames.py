"""Changing a motion's frames and leaving its shapes alone."""

from collections.abc import Callable

from sm_jax.types import Array, Motion


def map_frames(motion: Motion, function: Callable[[Array], Array]) -> Motion:
    """The motion [..., P, T] with `function` applied to each array that has frames; betas stay."""
    return Motion(
        global_orient=function(motion.global_orient),
        body_pose=function(motion.body_pose),
        pelvis=function(motion.pelvis),
        betas=motion.betas,
    )
