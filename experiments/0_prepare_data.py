"""Make the data sets that ship with the package from their sources.

    python experiments/0_prepare_data.py salsa --source salsa_bvh.tar.xz     (about 5 minutes on 2 cores)

Writes sm_jax/data/assets/salsa.npz and prints, for each take, how well the body fits the measured figure (medians over
joints in mm, over bones in degrees), how far apart the hands are where they hold each other before and after closing
them (mm), and the feet's skate (mm/s).
"""

import argparse
import pathlib
import sys

import numpy as np
from tqdm import tqdm

from sm_jax.body.assets import load_body
from sm_jax.data import store
from sm_jax.data.sources import salsa
from sm_jax.errors import UserError
from sm_jax.fitting.prepare import Report, prepare

BODY = "open-low"


def main() -> None:
    """Read, fit, report and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=["salsa"])
    parser.add_argument("--source", type=pathlib.Path, required=True, help="archive of the BVH files")
    parser.add_argument("--out", type=pathlib.Path, default=store.SALSA, help="file to write (default: the package's)")
    arguments = parser.parse_args()
    body, sequences, reports = load_body(BODY), [], []
    for landmarks in tqdm(salsa.read(arguments.source), desc="takes", unit="take", total=salsa.N_TAKES):
        sequence, report = prepare(body, landmarks)
        sequences.append(sequence)
        reports.append(report)
        tqdm.write(_line(sequence.name, report))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    store.save(arguments.out, sequences, BODY, salsa.ACKNOWLEDGEMENT)
    _summary(reports)
    frames = sum(s.motion.pelvis.shape[1] for s in sequences)
    print(f"{arguments.out}: {len(sequences)} takes, {frames} frames, {arguments.out.stat().st_size / 1e6:.1f} MB")


def _line(name: str, report: Report) -> str:
    before, after = (np.median(gap) if gap.size else np.nan for gap in (report.gap_before, report.gap_after))
    error = np.median(list(report.joint_error.values()))
    return (
        f"{name}: joints {error:.0f} mm, bones {report.line_error:.1f} deg, holds in {report.hold_share:.0%} of "
        f"frames, gap {before:.0f} -> {after:.0f} mm, skate {report.skate_before:.0f} -> {report.skate_after:.0f} mm/s"
    )


def _summary(reports: list[Report]) -> None:
    print("median joint error (mm): " + ", ".join(
        f"{name} {np.median([r.joint_error[name] for r in reports]):.0f}" for name in reports[0].joint_error
    ))  # fmt: skip
    for when in ("before", "after"):
        gap = np.concatenate([getattr(report, f"gap_{when}") for report in reports])
        share = ", ".join(f"{q}th {np.percentile(gap, q):.0f}" for q in (5, 25, 50, 75, 95))
        print(f"hand gap in hold spans {when} closing (mm, percentiles): {share}")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
