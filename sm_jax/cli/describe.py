"""`sm-jax describe`."""

import dataclasses
import pathlib
from typing import Annotated

import tyro

from sm_jax.cli.parse import Body, Flag, Focal
from sm_jax.text.describers.choice import Kind, Vision, choose


@dataclasses.dataclass(frozen=True)
class Describe:
    """Say what two people do in a video (or a saved observation.npz), and which parts of them touch when."""

    input: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="INPUT")]
    """A video, a folder of pictures, an observation .npz (which shows a model its video's pictures while that is
    there), or `sample:cam01` … for the sample clip."""
    describer: Annotated[Kind | None, tyro.conf.arg(name="with", metavar="rules|text|openai|transformers")] = None
    """rules read the first estimate, openai and transformers are models that look at pictures, text is what you say."""
    text: Annotated[str | None, tyro.conf.arg(metavar="SENTENCE|FILE")] = None
    """What the two people do, in a sentence, or a .json file as --out writes it."""
    vision: Annotated[Vision, tyro.conf.arg(name="")] = dataclasses.field(default_factory=Vision)
    out: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Write it to this .json file, to be changed by hand and given to `sm-jax reconstruct --text`."""
    body: Body = "open-low"
    """open-low, open-full, or the path of a licensed SMPL .npz or .pkl file."""
    focal: Focal = None
    """Focal length in pixels. Without it, the file's is taken, or the length of the picture's diagonal, and said so."""
    overwrite: Flag = False
    """Replace the output file if it exists and is a description."""

    def run(self) -> None:
        """Observe, describe, print and write."""
        from sm_jax.pipeline.describe import describe_input

        describer = choose(self.describer, self.text, self.vision)
        describe_input(
            self.input, describer, out=self.out, body_name=self.body, focal=self.focal, overwrite=self.overwrite
        )

    def interrupted(self) -> str:
        """The file appears at the very end."""
        return "nothing was written"
