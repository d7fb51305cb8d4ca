"""`sm-jax import`."""

import dataclasses
import pathlib
from typing import Annotated

import tyro

from sm_jax.cli.parse import Body, Flag, Focal
from sm_jax.perception.importers.options import ImportOptions


@dataclasses.dataclass(frozen=True)
class Import:
    """Turn another tool's result (PHALP, GVHMR, WHAM, OpenPose, …) into an observation.npz for `sm-jax reconstruct`."""

    input: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="FILE")]
    """The tool's file or its folder."""
    out: Annotated[pathlib.Path, tyro.conf.arg(metavar="FILE")]
    """The observation, an .npz file."""
    more: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="MORE")] = ()
    """Its other files, where it writes one for each person or frame."""
    options: Annotated[ImportOptions, tyro.conf.arg(name="")] = dataclasses.field(default_factory=ImportOptions)
    body: Body = "open-low"
    """open-low, open-full, or the path of a licensed SMPL .npz or .pkl file."""
    focal: Focal = None
    """Focal length in pixels. Without it, the file's is taken, or the length of the picture's diagonal, and said so."""
    overwrite: Flag = False
    """Replace the output file if it exists and is an observation."""

    def run(self) -> None:
        """Read, convert and write."""
        from sm_jax.pipeline.importing import import_to_file

        import_to_file(
            (self.input, *self.more),
            self.out,
            options=self.options,
            body_name=self.body,
            focal=self.focal,
            overwrite=self.overwrite,
        )

    def interrupted(self) -> str:
        """The file appears at the very end."""
        return "nothing was written"
