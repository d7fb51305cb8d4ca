"""`sm-jax view`."""

import dataclasses
import pathlib
from typing import Annotated

import tyro


@dataclasses.dataclass(frozen=True)
class ViewMotion:
    """Show a result in the browser."""

    motion: Annotated[tyro.conf.Positional[pathlib.Path], tyro.conf.arg(metavar="DIR|FILE")]
    """The folder that `sm-jax reconstruct` wrote, or its motion.npz."""
    port: Annotated[int, tyro.conf.arg(metavar="NUMBER")] = 8080
    """Port of the viewer's server on this machine."""

    def run(self) -> None:
        """Serve it until interrupted."""
        from sm_jax.export.viewer import view

        view(self.motion, port=self.port)

    def interrupted(self) -> str:
        """It only looks."""
        return "nothing was written"
