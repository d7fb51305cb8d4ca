"""The frozen benchmarks: what was observed of held-out clips, once, and the truth, as files of the package.

rendered: videos of clothed bodies in varied places, through the real front-end.
rendered_reobserved: the same videos, observed anew by a later front-end; the truth is the same.
simulated: the simulated observer at three distances and levels of occlusion.
four_views: a real clip, each of whose views is judged by the others.
They were made by `python -m experiments.benchmark_sets.render`, `….simulate` and `….four_views`, the second by
`python -m experiments.benchmarks.front_end`.
Results compare only on the same files: their hashes are checked when they are read.
"""

import dataclasses
import hashlib
import itertools
import pathlib

import numpy as np

from sm_jax.data import codec, store
from sm_jax.data.schema import PairSequence
from sm_jax.errors import UserError
from sm_jax.motion.frames import map_frames
from sm_jax.types import Observation

ASSETS = pathlib.Path(__file__).parent / "frozen_sets"
RENDERED, REOBSERVED, SIMULATED, FOUR_VIEWS = (
    ASSETS / f"{name}.npz" for name in ("rendered", "rendered_reobserved", "simulated", "four_views")
)
DISTANCES, OCCLUSIONS = (3.0, 5.0, 8.0), ("little", "middle", "much")  # metres from the camera; of the people
_OCCLUSION = tuple(f"{level} occlusion" for level in ("little", "much"))
# What the views of every sequence of a file are, in order.
VIEWS = {
    RENDERED: _OCCLUSION,
    REOBSERVED: _OCCLUSION,
    SIMULATED: tuple(f"{d:.0f} m, {level} occlusion" for d, level in itertools.product(DISTANCES, OCCLUSIONS)),
    FOUR_VIEWS: tuple(f"camera {i + 1}" for i in range(4)),
}
SHA256 = {
    RENDERED: "c90ae8b91c8bc899f96e8d667b132cdbc46060023ad92c26d83e680a335ae1f6",
    REOBSERVED: "95896494dcc4fd996aa2c6b8b5c725c80dc12a710139bef3cf0051b1d2925633",
    SIMULATED: "e42867b9740c28073e2a23285a6b263bbcef9085033856e5a8e94a6631d5d4d8",
    FOUR_VIEWS: "e863fe1983bea928d41d4edadace088603cba96b47d0a5eb0cd8edcc9eacf15f",
}
PIXEL, SHARE = 1 / 16, 1 / 256  # what frozen pixels and shares are rounded to


def load(path: pathlib.Path) -> list[PairSequence]:
    """The sequences of a frozen file. Raises UserError unless it is the frozen one."""
    if not path.is_file() or digest(path) != SHA256[path]:
        raise UserError(f"{path} is not the benchmark that was frozen: install the package again")
    return [codec.decode(record) for record in store.load(path).records]


def save(path: pathlib.Path, sequences: list[PairSequence]) -> None:
    """Write a benchmark anew and say its hash, which `SHA256` must have."""
    packaged = store.load(store.SALSA)
    store.save(path, [codec.encode(one) for one in sequences], packaged.statistics, packaged.acknowledgement)
    print(f"{path.name}: {digest(path)}, {path.stat().st_size / 1e6:.1f} MB")


def digest(path: pathlib.Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rounded(seen: Observation) -> Observation:
    """An observation that packs well: pixels and lengths to 1/16 pixel and 1/4096 m, shares to 1/256."""

    def to(x, unit: float) -> np.ndarray:
        return (np.round(np.asarray(x, np.float64) / unit) * unit).astype(np.float32)

    return dataclasses.replace(
        seen,
        keypoints=to(seen.keypoints, PIXEL),
        keypoint_confidence=to(seen.keypoint_confidence, SHARE),
        visibility=to(seen.visibility, SHARE),
        motion=dataclasses.replace(map_frames(seen.motion, np.asarray), pelvis=to(seen.motion.pelvis, 2.0**-12)),
    )


def take_of(name: str) -> str:
    """The take that a clip "TAKE_from_FRAME" was cut from: clips of one take are alike."""
    return name.partition("_from_")[0]
