"""`sm-jax reconstruct`."""

import dataclasses
import pathlib
import sys
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from sm_jax.cli.parse import Body, Flag, Focal, command_line
from sm_jax.errors import UserError
from sm_jax.perception.importers.options import ImportOptions
from sm_jax.text.describers.choice import Kind, Vision, choose

if TYPE_CHECKING:
    from sm_jax.pipeline.many_clips import Outcome


@dataclasses.dataclass(frozen=True)
class Reconstruct:
    """Recover two people from a video (or a saved observation.npz) as SMPL motion, and write a folder of results.

    Of several clips, of a folder of videos, or of a list of paths in a .txt file, each gets a folder of its own in
    --out. What is finished there is skipped, what was interrupted goes on, and a clip that fails stops nobody.
    """

    input: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="INPUT")]
    """A video file, a folder of pictures (or one, or their numbered pattern), an observation .npz, `sample:cam01` …
    `sample:cam04` for the sample clip, or another tool's result (a folder of it with --from)."""
    out: Annotated[pathlib.Path, tyro.conf.arg(metavar="FOLDER")]
    """Folder for motion.npz, people.glb, overlay.mp4, summary.json and more."""
    more: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="MORE")] = ()
    """More clips; or the other files of that result, where the tool writes one for each person or frame."""
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
    """Focal length in pixels. Without it, the file's is taken, or the length of the picture's diagonal, and said so."""
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
    shots: Flag = False
    """Of a video with cuts, reconstruct every shot with two people, each into a folder shot_1, shot_2 … in --out.
    Without it, the longest such shot is taken."""
    resume: Flag = False
    """Go on from what an interrupted run into the same folder saw of the same input, if there is anything."""

    shard: Annotated[str | None, tyro.conf.arg(metavar="I/N")] = None
    """Of many clips, every N-th from the I-th on: N machines share a list, each with its own I."""
    batch: Annotated[int | None, tyro.conf.arg(metavar="NUMBER")] = None
    """Of many clips, how many go into a compiled call: 1 on a CPU, 8 on an accelerator."""
    workers: Annotated[int | None, tyro.conf.arg(metavar="NUMBER")] = None
    """Processes that see and write many clips while the sampler samples: one less than there are cores."""

    def run(self) -> None:
        """Observe, describe, reconstruct and write."""
        from sm_jax.pipeline.folder import reconstruct_to_folder
        from sm_jax.pipeline.many_clips import is_many, reconstruct_shots_to_folders, reconstruct_to_folders
        from sm_jax.sampling.sample import Settings

        sources = (self.input, *self.more)
        options: dict[str, Any] = {
            "describer": choose(self.describe_with, self.text, self.vision),
            "body_name": self.body,
            "focal": self.focal,
            "settings": Settings(steps=self.steps, hypotheses=self.hypotheses),
            "seed": self.seed,
            "overwrite": self.overwrite,
            "contacts": not self.no_contacts,
            "report": self.report,
            "command": command_line("sm-jax", sys.argv[1:]),
        }
        one_only = [name for name, given in (("shots", self.shots), ("people", self.imported.people)) if given]
        if dataclasses.replace(self.imported, people=None) == ImportOptions() and is_many(sources):
            if one_only:
                raise UserError(f"--{one_only[0]} is for one clip: each has its own; give them one by one")
            many = {"shard": _shard(self.shard), "batch": self.batch, "workers": self.workers}
            _report(reconstruct_to_folders(sources, self.out, **options, **many))
            return
        for name in ("shard", "batch", "workers"):
            if getattr(self, name) is not None:
                raise UserError(
                    f"--{name} is for many clips: name several, a folder of videos, or a list in a .txt file"
                )
        if self.shots:
            if self.imported.tool is not None:
                raise UserError("--shots is for a video, not for another tool's result")
            shots = reconstruct_shots_to_folders(self.input, self.out, **options, people=self.imported.people)
            _report(shots, strict=False)
            return
        reconstruct_to_folder(sources, self.out, **options, resume=self.resume, imported=self.imported)

    def interrupted(self) -> str:
        """A clip's folder appears at the very end, but for what was seen."""
        from sm_jax.export.folder import unfinished
        from sm_jax.pipeline.many_clips import is_many

        if self.shots or is_many((self.input, *self.more)):
            return f"the same command goes on with what is not finished in {self.out}"
        if unfinished(self.out) is not None:
            return f"what was seen is in {self.out}: the same command with --resume goes on from there"
        return f"nothing was written, {self.out} is as it was"


def _shard(text: str | None) -> tuple[int, int]:
    """The two numbers of I/N; (1, 1) is everything."""
    first, _, count = (text or "1/1").partition("/")
    if not (first.isdecimal() and count.isdecimal()):
        raise UserError(f"--shard {text}: give it as I/N, such as 1/4")
    return int(first), int(count)


def _report(outcomes: "list[Outcome]", *, strict: bool = True) -> None:
    """Print what became of each clip. strict: whether to raise UserError where any has failed."""
    width = max((len(outcome.name) for outcome in outcomes), default=0)
    for outcome in outcomes:
        facts = outcome.reason or f"{outcome.seconds:7.1f} s, {outcome.hidden:4.0%} made up"
        print(f"{outcome.name:{width}}  {outcome.state:13}  {facts}")
    failed = sum(outcome.state == "failed" for outcome in outcomes)
    if failed and strict:
        raise UserError(f"{failed} of {len(outcomes)} clips failed, for the reasons above; the others are done")
