"""What a command's INPUT stands for: a video that is looked at, or an observation that was saved."""

import dataclasses
import pathlib
import sys
from collections.abc import Callable, Iterator

import numpy as np

from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.perception.frames import frames_at, probe
from sm_jax.perception.observation_file import load_observation, load_source
from sm_jax.perception.pictures import list_pictures
from sm_jax.perception.video import Video
from sm_jax.pipeline.observe import ObservedVideo, observe
from sm_jax.types import Observation


def input_path(source: str, focal: float | None) -> pathlib.Path:
    """Where an input lies. `sample:cam01` names a view of the sample clip.

    Raises UserError where there is nothing, and for a focal length with an observation, which has its own.
    """
    path = fetch.input_path(source)
    if not path.exists():
        list_pictures(path)  # a pattern of their names is no file
    if path.suffix == ".npz" and focal is not None:
        raise UserError(f"{path}: an observation has its own camera; leave --focal out")
    return path


def open_source(source: str, body: smpl.Body, focal: float | None) -> ObservedVideo | Observation:
    """See a video's two people, or load an observation .npz. Raises UserError for what is neither."""
    path = input_path(source, focal)
    if path.suffix == ".npz":
        return _saved(path)
    observed = observe(path, body=body, focal=focal)
    if observed.focal_is_heuristic:
        _say(f"focal length unknown: taking the picture's diagonal, {observed.focal:.0f} px (--focal sets it)")
    return observed


def get_observation(observed: ObservedVideo | Observation) -> Observation:
    """What was seen, without where."""
    return observed.observation if isinstance(observed, ObservedVideo) else observed


def get_pictures(observed: ObservedVideo | Observation) -> Callable[[np.ndarray], Iterator[np.ndarray]] | None:
    """Frames of the observation, ascending -> their RGB pictures; None where there is no video."""
    if not isinstance(observed, ObservedVideo) or not observed.video.has_pictures:
        return None
    index = np.asarray(observed.observation.frame_index)
    return lambda frames: frames_at(observed.video, index[frames])


def _saved(path: pathlib.Path) -> ObservedVideo | Observation:
    """An observation, with the video it was seen in where the file names one."""
    observation = load_observation(path)
    found = load_source(path, observation)
    if found is None:
        return observation
    video, guessed = found
    return ObservedVideo(observation=observation, video=_pictures_again(path, video), focal_is_heuristic=guessed)


def _pictures_again(path: pathlib.Path, known: Video) -> Video:
    """The video with its pictures, where it lay or beside the observation; without them where it is gone or another."""
    for place in (known.path, path.parent / known.path.name):
        if place.suffix == ".npz":
            continue
        try:
            video = probe(place)
        except UserError:
            continue
        same = len(video.times) == len(known.times) and np.abs(video.times - known.times).max() < 1e-3
        if same and (video.width, video.height) == (known.width, known.height):
            return dataclasses.replace(video, times=known.times, fps=known.fps, notes=())
    _say(f"{path}: its video {known.path} is gone or has changed; the overlay stays grey")
    return known


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
