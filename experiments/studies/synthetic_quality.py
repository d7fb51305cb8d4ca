"""How the synthetic classes move, beside salsa.

    python -m experiments.studies.synthetic_quality        (20 minutes on 2 cores)

Writes experiments/results/synthetic.json. Per class, over its samples, and for salsa, of the numbers of
`sm_jax.synthetic.quality`: skate: mean.  deep: share of frames with a point more than 2 cm inside the other; deepest:
mm.  gap, gap95: median and 95th percentile.  kept: share of the frames of intended contacts that came true.  limits:
95th, peak: 99.9th percentile of the acceleration.  read: share of contacts.  seconds: to make a sequence, median.
"""

import collections
import dataclasses
import time

import numpy as np

from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from sm_jax.body.io import load_body
from sm_jax.body.smpl import Body
from sm_jax.data import store
from sm_jax.data.schema import PairSequence
from sm_jax.motion.frames import map_frames
from sm_jax.synthetic.classes import CLASSES
from sm_jax.synthetic.generate import generate, intended, rehearse
from sm_jax.synthetic.quality import quality

OUT = RESULTS / "synthetic.json"
SUMMARY = {
    "skate": ("skate", np.mean),
    "deep": ("depth", lambda x: np.mean(x > 20.0)),
    "deepest": ("depth", lambda x: max(x.max(), 0.0)),
    "gap": ("gap", np.median),
    "gap95": ("gap", lambda x: np.percentile(x, 95)),
    "kept": ("kept", np.mean),
    "limits": ("limits", lambda x: np.percentile(x, 95)),
    "peak": ("acceleration", lambda x: np.percentile(x, 99.9)),
    "read": ("read", np.mean),
    "seconds": ("seconds", np.median),
}


def measure_class(body: Body, name: str, per_class: int) -> dict[str, float | None]:
    """The SUMMARY of the first samples of a class, or of salsa."""
    found = collections.defaultdict(list)
    for number in range(per_class):
        began = time.perf_counter()
        sequence = _salsa_beginning(number) if name == "salsa" else generate(body, name, number)
        found["seconds"].append(np.array([time.perf_counter() - began]))
        found["kept"].append(np.zeros(0) if name == "salsa" else _kept_share(body, name, number, sequence))
        for key, value in quality(body, sequence).items():
            found[key].append(value)
    every = {key: np.concatenate(values) for key, values in found.items()}
    return {key: round(float(f(every[of])), 3) if every[of].size else None for key, (of, f) in SUMMARY.items()}


def _salsa_beginning(number: int) -> PairSequence:
    """Eight seconds of one of salsa's takes."""
    take, end = store.load_salsa()[number], 240
    contacts = tuple(contact for contact in take.contacts if contact.end <= end)
    motion = map_frames(take.motion, lambda x: x[:, :end])
    return dataclasses.replace(take, motion=motion, foot_contact=take.foot_contact[:, :end], contacts=contacts)


def _kept_share(body: Body, name: str, number: int, sequence: PairSequence) -> np.ndarray:
    """Share of the intended contact frames that came true; empty where none was intended."""
    script, _, _ = rehearse(body, name, number, 0)
    frames = [sum(c.end - c.start for c in contacts) for contacts in (sequence.contacts, intended(script))]
    return np.array([frames[0] / frames[1]] if frames[1] else [])


def main(per_class: int = 4) -> None:
    """Measure, print and write.

    Args:
        per_class: samples of each.
    """
    body, classes = load_body("open-low"), {}
    for name in ("salsa", *CLASSES):
        classes[name] = measure_class(body, name, per_class)
        print(name, classes[name], flush=True)
    write_result(
        OUT,
        what="how the synthetic classes move, beside salsa",
        config={"per_class": per_class},
        seed=0,
        classes=classes,
    )


if __name__ == "__main__":
    run(main, __doc__)
