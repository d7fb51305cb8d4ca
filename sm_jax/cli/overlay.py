"""`sm-jax overlay`."""

import dataclasses
import pathlib
from typing import Annotated

import tyro

from sm_jax.cli.parse import Flag


@dataclasses.dataclass(frozen=True)
class Overlay:
    """Draw a finished result over its video again, with more to see in it."""

    result: Annotated[tyro.conf.Positional[pathlib.Path], tyro.conf.arg(metavar="DIR")]
    """The folder that `sm-jax reconstruct` wrote."""
    out: Annotated[pathlib.Path, tyro.conf.arg(metavar="FILE")]
    """The video, an .mp4 file."""
    contacts: Flag = False
    """Paint green what is within 3 cm of the other's skin."""
    estimate: Flag = False
    """Draw the outline of the first estimate too."""
    compare: Flag = False
    """Show the first estimate on the left and the result on the right, both over the input, and no second viewpoint."""
    body: Annotated[str | None, tyro.conf.arg(metavar="FILE")] = None
    """The licensed SMPL file that the motion is of; the open bodies are found."""
    overwrite: Flag = False
    """Replace the video if it exists and is one."""

    def run(self) -> None:
        """Read and draw."""
        from sm_jax.pipeline.overlay import draw_overlay

        draw_overlay(
            self.result,
            self.out,
            contacts=self.contacts,
            estimate=self.estimate,
            compare=self.compare,
            body_name=self.body,
            overwrite=self.overwrite,
        )

    def interrupted(self) -> str:
        """The video appears at the very end."""
        return "nothing was written"
