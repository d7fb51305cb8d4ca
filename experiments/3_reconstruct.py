"""Reconstruct a clip with two people: what `sm-jax reconstruct` does, as a program to start one's own from.

    python experiments/3_reconstruct.py --source sample:cam01 --out out/demo          (2 minutes on 2 cores)
    python experiments/3_reconstruct.py --source hug.mp4 --out out/hug --text "They hug."

OUT receives motion.npz, people.glb, overlay.mp4, summary.json and more (docs/output.md).
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.lib.program import run
from sm_jax.pipeline.folder import reconstruct_to_folder
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers import from_user, rules


def main(source: str, out: pathlib.Path, text: str | None = None, seed: int = 0, overwrite: bool = False) -> None:
    """Observe, describe, reconstruct, and write the folder.

    Args:
        source: a video, an observation.npz, or sample:cam01 to sample:cam04.
        out: folder of results.
        text: what the two people do; without it, rules describe what the first estimate shows.
        seed: of the sampling noise.
        overwrite: replace a folder that is there.
    """
    reconstruct_to_folder(
        source,
        out,
        describer=rules.describe if text is None else from_user.describe_sentence(text),
        body_name="open-low",
        focal=None,
        settings=Settings(),
        seed=seed,
        overwrite=overwrite,
    )


if __name__ == "__main__":
    run(main, __doc__)
