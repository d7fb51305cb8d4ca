"""SocialMirror in JAX: two interacting people from one monocular video, as SMPL motion in one world.

    import sm_jax as sm

    seen = sm.observe("clip.mp4", focal=1680)
    result = sm.reconstruct(seen, text="two people shake hands", hypotheses=4)
    result.save_glb("people.glb")

Everything named here is imported when it is first used: the package itself loads at once and needs no extra.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

# XLA's alarms about slow compiling mean nothing to users; its errors are exceptions too. JAX reads this when it loads.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# OpenCV too: a picture's header may ask for gigabytes, and what is damaged is said in our words.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 27))
os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")

from sm_jax.errors import UserError

if TYPE_CHECKING:
    from sm_jax.body.io import load_body
    from sm_jax.body.smpl import Body
    from sm_jax.export.amass import save_amass
    from sm_jax.export.bvh import save_bvh
    from sm_jax.export.glb import save_glb
    from sm_jax.export.npz import MotionFile, load_motion, save_motion
    from sm_jax.export.overlay import save_overlay
    from sm_jax.pipeline.describe import describe
    from sm_jax.pipeline.models import LoadedModels, load_models
    from sm_jax.pipeline.observe import observe
    from sm_jax.pipeline.observed_clip import ObservedClip
    from sm_jax.pipeline.reconstruct import Reconstruction, reconstruct, reconstruct_many
    from sm_jax.sampling.sample import Settings
    from sm_jax.types import Camera, Contact, Description, Motion, Observation, Phase

__version__ = "0.1.0"

__all__ = [
    "Body",
    "Camera",
    "Contact",
    "Description",
    "LoadedModels",
    "Motion",
    "MotionFile",
    "Observation",
    "ObservedClip",
    "Phase",
    "Reconstruction",
    "Settings",
    "UserError",
    "__version__",
    "describe",
    "load_body",
    "load_models",
    "load_motion",
    "observe",
    "reconstruct",
    "reconstruct_many",
    "save_amass",
    "save_bvh",
    "save_glb",
    "save_motion",
    "save_overlay",
]

_HOMES = {
    "body.io": ("load_body",),
    "body.smpl": ("Body",),
    "export.amass": ("save_amass",),
    "export.bvh": ("save_bvh",),
    "export.glb": ("save_glb",),
    "export.npz": ("MotionFile", "load_motion", "save_motion"),
    "export.overlay": ("save_overlay",),
    "pipeline.describe": ("describe",),
    "pipeline.models": ("LoadedModels", "load_models"),
    "pipeline.observe": ("observe",),
    "pipeline.observed_clip": ("ObservedClip",),
    "pipeline.reconstruct": ("Reconstruction", "reconstruct", "reconstruct_many"),
    "sampling.sample": ("Settings",),
    "types": ("Camera", "Contact", "Description", "Motion", "Observation", "Phase"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
