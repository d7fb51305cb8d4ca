"""Make a data set of two people's motion that training and evaluation read.

    python experiments/0_prepare_data.py salsa                                       the packaged takes
    python experiments/0_prepare_data.py synthetic                                   made up, with texts and contacts
    python experiments/0_prepare_data.py cmu --source-dir ~/all_asfamc               trials of two people and of one
    python experiments/0_prepare_data.py bvh_pair --first a.bvh --second b.bvh --text "They hug."
    python experiments/0_prepare_data.py bvh --source-dir ~/takes                    one person a file
    python experiments/0_prepare_data.py amass --source-dir ~/amass                  one person each
    python experiments/0_prepare_data.py hi4d --source-dir ~/Hi4D                    the field's data sets of two people
    python experiments/0_prepare_data.py chi3d --source-dir ~/chi3d --bodies ~/body_models
    … and likewise 3dpw, interhuman, interx, harmony4d

Writes OUT/motion_pairs/NAME/VERSION (ArrayRecord files, read without TensorFlow) and, with --npz, all of it as one
.npz file. Progress is kept: after an interruption the same command goes on. Train on it with
`--data.sets OUT/motion_pairs/NAME/VERSION`. `NAME --help` lists a source's own options.
"""

import pathlib
import sys
from typing import Annotated

import tyro

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.lib.program import run
from sm_jax.data.store import open_set
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.synthetic.build import build, export, summary
from sm_jax.synthetic.recipes import Amass, BvhPair, BvhSingle, Cmu, Salsa, Synthetic
from sm_jax.synthetic.recorded import Chi3d, Harmony4d, Hi4d, InterHuman, InterX, ThreeDpw

named = tyro.conf.subcommand
Source = (
    Annotated[Salsa, named("salsa")]
    | Annotated[Synthetic, named("synthetic")]
    | Annotated[Cmu, named("cmu")]
    | Annotated[BvhPair, named("bvh_pair")]
    | Annotated[BvhSingle, named("bvh")]
    | Annotated[Amass, named("amass")]
    | Annotated[Hi4d, named("hi4d")]
    | Annotated[Chi3d, named("chi3d")]
    | Annotated[ThreeDpw, named("3dpw")]
    | Annotated[InterHuman, named("interhuman")]
    | Annotated[InterX, named("interx")]
    | Annotated[Harmony4d, named("harmony4d")]
)


def main(
    source: Source, out: pathlib.Path = pathlib.Path("data"), npz: pathlib.Path | None = None, overwrite: bool = False
) -> None:
    """Build the set, and say what is in it.

    Args:
        source: what the set is made from.
        out: folder of prepared sets.
        npz: file to write all of the set to as well.
        overwrite: replace a set that is there.
    """
    keep_compiled_programs()
    folder = build(source.recipe(), out, overwrite)
    found = open_set(str(folder))
    print(summary(found))
    print(f"written to {folder}")
    if npz is not None:
        export(folder, npz)
        print(f"written to {npz}, {npz.stat().st_size / 1e6:.1f} MB")
    if found.acknowledgement:
        print(f"whoever publishes with it writes: {found.acknowledgement}")


if __name__ == "__main__":
    run(main, __doc__, tyro.conf.OmitSubcommandPrefixes, tyro.conf.CascadeSubcommandArgs)
