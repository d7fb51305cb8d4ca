"""`sm-jax export`."""

import dataclasses
import pathlib
from typing import Annotated, Literal

import tyro

from sm_jax.cli.parse import Flag


@dataclasses.dataclass(frozen=True)
class Export:
    """Write a result for other programs; docs/exporting.md says which axis is up, the units and the rate of each."""

    motion: Annotated[tyro.conf.Positional[pathlib.Path], tyro.conf.arg(metavar="DIR|FILE")]
    """The folder that `sm-jax reconstruct` wrote, or its motion.npz."""
    format: Annotated[
        tuple[Literal["glb", "bvh", "amass", "pkl", "motion", "usd", "obj", "ply"], ...],
        tyro.conf.arg(metavar="glb|bvh|amass|pkl|motion|usd|obj|ply"),
    ]
    """One or more: glb (both people, skinned, one time line, the camera), bvh (a skeleton each, in one world), amass
    (SMPL parameters each), pkl (SMPL parameters as PHALP and 4D-Humans write them), motion (a session of Motion
    Studio), usd (as glb), obj and ply (a mesh for every frame)."""
    out: Annotated[pathlib.Path, tyro.conf.arg(metavar="FOLDER")]
    """Folder for the files and a summary.json that says their axes, units and rate."""
    body: Annotated[str | None, tyro.conf.arg(metavar="FILE")] = None
    """The licensed SMPL file that the motion is of; the open bodies are found."""
    overwrite: Flag = False
    """Replace the output folder if it exists and holds nothing but what sm-jax wrote."""

    def run(self) -> None:
        """Read, write and say what is where."""
        from sm_jax.export.formats import export_to_folder

        export_to_folder(self.motion, self.out, self.format, body_name=self.body, overwrite=self.overwrite)

    def interrupted(self) -> str:
        """The folder appears at the very end."""
        return f"nothing was written, {self.out} is as it was"
