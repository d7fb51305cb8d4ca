"""What a command's INPUT stands for: a video that is looked at, or an observation that was saved."""

import sys
from collections.abc import Callable, Iterator

import numpy as np

from sm_jax.assets import fetch
from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.perception.frames import frames_at
from sm_jax.perception.observation_file import load_observation
from sm_jax.pipeline.observe import ObservedVideo, observe
from sm_jax.types import Observation


def open_source(source: str, body: smpl.Body, focal: float | None) -> ObservedVideo | Observation:
    """See a video's two people, or load an observation .npz. `sample:cam01` names a view of the sample clip.

    Raises UserError for what is neither, and for a focal length with an observation, which has its own.
    """
    path = fetch.input_path(source)
    if not path.exists():
        raise UserError(f"{path}: no such file; give a video, an observation .npz, or sample:cam01")
    if path.suffix == ".npz":
        if focal is not None:
            raise UserError(f"{path}: an observation has its own camera; leave --focal out")
        return load_observation(path)
    observed = observe(path, body=body, focal=focal)
    if observed.focal_is_heuristic:
        line = f"focal length unknown: taking the picture's diagonal, {observed.focal:.0f} px (--focal sets it)"
        print(line, file=sys.stderr, flush=True)
    return observed


def get_observation(observed: ObservedVideo | Observation) -> Observation:
    """What was seen, without where."""
    return observed.observation if isinstance(observed, ObservedVideo) else observed


def get_pictures(observed: ObservedVideo | Observation) -> Callable[[np.ndarray], Iterator[np.ndarray]] | None:
    """Frames of the observation, ascending -> their RGB pictures; None where there is no video."""
    if not isinstance(observed, ObservedVideo):
        return None
    index = np.asarray(observed.observation.frame_index)
    return lambda frames: frames_at(observed.video.path, index[frames])
