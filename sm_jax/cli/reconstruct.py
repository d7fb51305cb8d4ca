"""`sm-jax reconstruct`."""

import dataclasses
import pathlib
import sys
from typing import Annotated

import tyro

from sm_jax.cli.parse import Body, Flag, Focal, command_line
from sm_jax.perception.importers.options import ImportOptions
from sm_jax.text.describers.choice import Kind, Vision, choose


@dataclasses.dataclass(frozen=True)
class Reconstruct:
    """Recover two people from a video (or a saved observation.npz) as SMPL motion, and write a folder of results."""

    input: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="INPUT")]
    """A video file, a folder of pictures (or one, or their numbered pattern), an observation .npz, `sample:cam01` …
    `sample:cam04` for the sample clip, or another tool's result (a folder of it with --from)."""
    out: Annotated[pathlib.Path, tyro.conf.arg(metavar="FOLDER")]
    """Folder for motion.npz, people.glb, overlay.mp4, summary.json and more."""
    more: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="MORE")] = ()
    """The other files of that result, where the tool writes one for each person or frame."""
    text: Annotated[str | None, tyro.conf.arg(metavar="SENTENCE|FILE")] = None
    """What the two people do, in a sentence, or a .json file as `sm-jax describe --out` writes it. Without it, rules
    describe what the first estimate shows, unless --describe-with names a model."""
    describe_with: Annotated[Kind | None, tyro.conf.arg(metavar="rules|text|openai|transformers")] = None
    """Who says what the two people do."""
    no_contacts: Flag = False
    """Draw no parts together: of the description, the words count and not the contacts (which are listed with their
    seconds, how sure they are, and who says so)."""
    vision: Annotated[Vision, tyro.conf.arg(name="")] = dataclasses.field(default_factory=Vision)
    body: Body = "open-low"
    """open-low, open-full, or the path of a licensed SMPL .npz or .pkl file."""
    focal: Focal = None
    """Focal length in pixels. Without it, the length of the picture's diagonal is taken, and said so."""
    steps: Annotated[int, tyro.conf.arg(metavar="NUMBER")] = 10
    """Denoising steps of the infiller, from 1 to 1000."""
    hypotheses: Annotated[int, tyro.conf.arg(metavar="NUMBER")] = 1
    """Samples, of which the one that agrees best with everything known is written, from 1 to 64; their spread is in
    motion.npz."""
    seed: Annotated[int, tyro.conf.arg(metavar="NUMBER")] = 0
    """Seed of the sampling noise."""
    imported: Annotated[ImportOptions, tyro.conf.arg(name="")] = dataclasses.field(default_factory=ImportOptions)
    overwrite: Flag = False
    """Replace the output folder if it exists and holds nothing but what sm-jax wrote."""
    report: Flag = False
    """Write report.html too: all of this on one page that can be mailed, as `sm-jax report` does."""
    resume: Flag = False
    """Go on from what an interrupted run into the same folder saw of the same input, if there is anything."""

    def run(self) -> None:
        """Observe, describe, reconstruct and write."""
        from sm_jax.pipeline.folder import reconstruct_to_folder
        from sm_jax.sampling.sample import Settings

        reconstruct_to_folder(
            (self.input, *self.more),
            self.out,
            describer=choose(self.describe_with, self.text, self.vision),
            body_name=self.body,
            focal=self.focal,
            settings=Settings(steps=self.steps, hypotheses=self.hypotheses),
            seed=self.seed,
            overwrite=self.overwrite,
            resume=self.resume,
            contacts=not self.no_contacts,
            imported=self.imported,
            report=self.report,
            command=command_line("sm-jax", sys.argv[1:]),
        )

    def interrupted(self) -> str:
        """The folder appears at the very end, but for what was seen."""
        from sm_jax.export.folder import unfinished

        if unfinished(self.out) is not None:
            return f"what was seen is in {self.out}: the same command with --resume goes on from there"
        return f"nothing was written, {self.out} is as it was"
