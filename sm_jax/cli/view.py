"""`sm-jax view`."""

import dataclasses
import pathlib
from typing import Annotated

import tyro

from sm_jax.cli.parse import Flag


@dataclasses.dataclass(frozen=True)
class ViewMotion:
    """Show a result in the browser: bodies, contacts, what was seen and made up, the input, before and after."""

    motion: Annotated[tyro.conf.Positional[pathlib.Path], tyro.conf.arg(metavar="DIR|FILE")]
    """The folder that `sm-jax reconstruct` wrote, or a motion.npz, without the input and the first estimate."""
    save: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Write a recording instead: an .html that any browser opens, or viser's .viser."""
    body: Annotated[str | None, tyro.conf.arg(metavar="FILE")] = None
    """The licensed SMPL file that the motion is of; the open bodies are found."""
    port: Annotated[int, tyro.conf.arg(metavar="NUMBER")] = 8080
    """Port of the viewer's server on this machine."""
    overwrite: Flag = False
    """Replace the recording if it exists and is one."""

    def run(self) -> None:
        """Serve it until interrupted, or record it."""
        from sm_jax.pipeline.view import view

        view(self.motion, save=self.save, body_name=self.body, port=self.port, overwrite=self.overwrite)

    def interrupted(self) -> str:
        """It only looks, and a recording appears at the very end."""
        return "nothing was written"
