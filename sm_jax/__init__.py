"""SocialMirror in JAX: two interacting people from one monocular video, as SMPL motion in one world."""

import os

# XLA's alarms about slow compiling mean nothing to users; its errors are exceptions too. JAX reads this when it loads.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from sm_jax.errors import UserError
from sm_jax.types import Camera, Contact, Description, Motion, Observation

__version__ = "0.1.0"

__all__ = ["Camera", "Contact", "Description", "Motion", "Observation", "UserError", "__version__"]
