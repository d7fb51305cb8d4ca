"""SocialMirror in JAX: two interacting people from one monocular video, as SMPL motion in one world."""

from sm_jax.errors import UserError
from sm_jax.types import Camera, Contact, Description, Motion, Observation

__version__ = "0.1.0"

__all__ = ["Camera", "Contact", "Description", "Motion", "Observation", "UserError", "__version__"]
