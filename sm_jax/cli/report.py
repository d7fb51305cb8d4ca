"""`sm-jax report`."""

import dataclasses
import pathlib
from typing import Annotated

import tyro

from sm_jax.cli.parse import Flag


@dataclasses.dataclass(frozen=True)
class Report:
    """Write what became of a clip as one HTML page with everything in it: pictures, video, who touches whom, what was
    seen and made up, before and after, what to know before using it."""

    result: Annotated[tyro.conf.Positional[pathlib.Path], tyro.conf.arg(metavar="DIR")]
    """The folder that `sm-jax reconstruct` wrote."""
    out: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FILE")] = None
    """The page, an .html file; report.html in the folder by default."""
    body: Annotated[str | None, tyro.conf.arg(metavar="FILE")] = None
    """The licensed SMPL file that the motion is of; the open bodies are found."""
    overwrite: Flag = False
    """Replace the page if it exists and is a report."""

    def run(self) -> None:
        """Read, gather and write."""
        from sm_jax.pipeline.report import report_on

        report_on(self.result, self.out, body_name=self.body, overwrite=self.overwrite)

    def interrupted(self) -> str:
        """The page appears at the very end."""
        return "nothing was written"
