"""How the synthetic classes move, beside salsa: `python experiments/benchmarks/synthetic.py [--per-class 4]`.

Writes experiments/results/synthetic.json. Per class, over its samples, and for salsa, of the numbers of
`synthetic.quality`: skate: mean.  deep: share of frames with a point more than 2 cm inside the other; deepest: mm.
gap, gap95: median and 95th percentile.  kept: share of the frames of intended contacts that came true.  limits: 95th,
peak: 99.9th percentile of the acceleration.  read: share of contacts.  seconds: to make a sequence, median.
"""

import argparse
import collections
import dataclasses
import json
import pathlib
import time

import jax
import numpy as np

from sm_jax.body.io import load_body
from sm_jax.data import store
from sm_jax.motion.frames import map_frames
from sm_jax.synthetic.classes import CLASSES
from sm_jax.synthetic.generate import generate, intended, rehearse
from sm_jax.synthetic.quality import quality
from sm_jax.train.checkpoint import git_commit

RESULTS = pathlib.Path(__file__).parent / "results" / "synthetic.json"
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


def _salsa(number: int):
    """Eight seconds of one of salsa's takes."""
    take, end = store.load_salsa()[number], 240
    contacts = tuple(contact for contact in take.contacts if contact.end <= end)
    motion = map_frames(take.motion, lambda x: x[:, :end])
    return dataclasses.replace(take, motion=motion, foot_contact=take.foot_contact[:, :end], contacts=contacts)


def _kept(body, name, number, sequence) -> np.ndarray:
    """Share of the intended contact frames that came true; empty where none was intended."""
    script, _, _ = rehearse(body, name, number, 0)
    frames = [sum(c.end - c.start for c in contacts) for contacts in (sequence.contacts, intended(script))]
    return np.array([frames[0] / frames[1]] if frames[1] else [])


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--per-class", type=int, default=4)
    per_class, body, table = parser.parse_args().per_class, load_body("open-low"), {}
    for name in ("salsa", *CLASSES):
        found = collections.defaultdict(list)
        for number in range(per_class):
            began = time.perf_counter()
            sequence = _salsa(number) if name == "salsa" else generate(body, name, number)
            found["seconds"].append(np.array([time.perf_counter() - began]))
            found["kept"].append(np.zeros(0) if name == "salsa" else _kept(body, name, number, sequence))
            for key, value in quality(body, sequence).items():
                found[key].append(value)
        every = {key: np.concatenate(values) for key, values in found.items()}
        rounded = {key: round(float(f(every[of])), 3) if every[of].size else None for key, (of, f) in SUMMARY.items()}
        table[name] = rounded
        print(name, table[name], flush=True)
    facts = {"per_class": per_class, "seed": 0, "device": jax.devices()[0].device_kind, "commit": git_commit()}
    RESULTS.write_text(json.dumps({**facts, "classes": table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
