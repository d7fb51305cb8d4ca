"""What every method gets and gives, ours included."""

import dataclasses
from collections.abc import Callable

import jax

from sm_jax.body import smpl
from sm_jax.types import ContactTargets, Motion, Observation, TextEmbedding


@dataclasses.dataclass(frozen=True, kw_only=True)
class MethodInput:
    """All that a method may know of one clip. observation: [P, T].  body: that of the observation's betas.
    text, contacts: [C, T] what the rules say of the raw estimate.  key: for methods that draw."""

    observation: Observation
    body: smpl.Body
    text: TextEmbedding
    contacts: ContactTargets
    key: jax.Array


# Motion [P, T] in the observation's world, finite in every frame.
Method = Callable[[MethodInput], Motion]
