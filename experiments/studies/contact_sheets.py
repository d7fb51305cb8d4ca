"""Contact sheets to look at.

    python -m experiments.studies.contact_sheets        (3 minutes on 2 cores)

Writes docs/sheets/salsa.png: every packaged take; retargeted.png: the same moments of three takes on several pairs of
bodies; synthetic_1.png, …: samples of every synthetic class, its split and one of its sentences beside its name.
"""

import dataclasses

import cv2
import jax
import numpy as np

from experiments.lib.program import run
from experiments.lib.results import DOCS
from sm_jax.body.io import load_body
from sm_jax.body.smpl import Body
from sm_jax.data import store
from sm_jax.export.contact_sheet import contact_sheet
from sm_jax.fitting.mocap.retarget import random_betas, retarget
from sm_jax.motion.frames import map_frames
from sm_jax.synthetic.classes import CLASSES
from sm_jax.synthetic.generate import generate
from sm_jax.types import Motion

SHEETS = DOCS / "sheets"
COLUMNS, PER_SHEET = 8, 7
FRAMES = 240  # of a take that are retargeted
CELL = (150, 150)
LEVELS = 16  # of each colour: a sheet stays small


def pick_moments(motion: Motion, start: int, end: int) -> Motion:
    """COLUMNS frames, evenly spread."""
    frames = np.linspace(start, end - 1, COLUMNS).round().astype(int)
    return map_frames(motion, lambda x: np.asarray(x)[:, frames])


def save_sheet(name: str, sheet: np.ndarray) -> None:
    """Write a sheet with few colours."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    step = 256 // LEVELS
    cv2.imwrite(str(SHEETS / name), (sheet[..., ::-1] // step) * step + step // 2, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(name, (SHEETS / name).stat().st_size // 1024, "kB", flush=True)


def retargeted_rows(body: Body, takes: int = 3, pairs: int = 3) -> list[tuple[str, Motion]]:
    """The same moments of the first seconds of salsa takes, as danced and on other bodies."""
    rows = []
    for take in store.load_salsa()[:takes]:
        motion = map_frames(take.motion, lambda x: x[:, :FRAMES])
        contacts = [dataclasses.replace(c, end=min(c.end, FRAMES)) for c in take.contacts if c.start < FRAMES]
        rows.append((f"{take.name}, as danced", pick_moments(motion, 0, FRAMES)))
        for i in range(pairs):
            betas = np.asarray(random_betas(jax.random.fold_in(jax.random.key(0), i)))
            moved, _ = retarget(body, motion, betas, contacts, take.fps)
            rows.append((f"{take.name}, bodies {i}", pick_moments(moved, 0, FRAMES)))
    return rows


def main(samples: int = 2) -> None:
    """Draw and write every sheet.

    Args:
        samples: of each synthetic class.
    """
    body = load_body("open-low")
    for number, first in enumerate(range(0, len(CLASSES), PER_SHEET), start=1):
        names = list(CLASSES)[first : first + PER_SHEET]
        sequences = [generate(body, name, sample) for name in names for sample in range(samples)]
        rows = [
            (f"{s.name} ({s.split}): {s.texts[0]}", pick_moments(s.motion, 0, s.motion.pelvis.shape[1]))
            for s in sequences
        ]
        save_sheet(f"synthetic_{number}.png", contact_sheet(body, rows, COLUMNS, CELL))
    takes = [(take.name, pick_moments(take.motion, 0, take.motion.pelvis.shape[1])) for take in store.load_salsa()]
    save_sheet("salsa.png", contact_sheet(body, takes, COLUMNS, CELL))
    save_sheet("retargeted.png", contact_sheet(body, retargeted_rows(body), COLUMNS, CELL))


if __name__ == "__main__":
    run(main, __doc__)
