"""`sm-jax evaluate`."""

import dataclasses
import pathlib
from typing import Annotated, Literal

import tyro

from sm_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Score the shipped models beside other methods: on a frozen benchmark, on any set of motion under simulated
    observation (--data), on one of the field's data sets by a published protocol (--dataset, --root, --protocol), or,
    with --protocol alone, motion files against true ones."""

    benchmark: tuple[Literal["rendered", "rendered_reobserved", "simulated", "four_views"], ...] = ("rendered",)
    """Frozen benchmarks, one or more."""
    data: Annotated[str | None, tyro.conf.arg(metavar="NAME|FILE")] = None
    """A set instead: salsa, or the path of one that experiments/0_prepare_data.py made."""
    split: Annotated[Literal["train", "val", "test"] | None, tyro.conf.arg(metavar="train|val|test")] = None
    """Split of --data, test by default, or of --dataset, the protocol's by default."""
    dataset: Annotated[
        Literal["hi4d", "chi3d", "3dpw", "interhuman", "interx", "harmony4d"] | None,
        tyro.conf.arg(metavar="hi4d|chi3d|3dpw|interhuman|interx|harmony4d"),
    ] = None
    """A data set of two people instead, by --protocol; without its pictures, under simulated observation."""
    root: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Folder that --dataset was unpacked to."""
    body: Annotated[str, tyro.conf.arg(metavar="NAME|FILE")] = "open-low"
    """Of --dataset: body to reconstruct on, the packaged one or a licensed SMPL file."""
    bodies: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Of --dataset: folder of licensed body models that it needs, such as SMPLX_NEUTRAL.npz."""
    regressor: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Of --dataset: the protocol's regressor of joints, with a licensed SMPL --body: then numbers compare."""
    bvh: Annotated[tuple[pathlib.Path, pathlib.Path] | None, tyro.conf.arg(metavar="FILE FILE")] = None
    """Two people's BVH files of one recording instead."""
    scale: Annotated[float | None, tyro.conf.arg(metavar="METRES")] = None
    """Of --bvh: metres a file unit; found out."""
    up: Annotated[Literal["x", "-x", "y", "-y", "z", "-z"] | None, tyro.conf.arg(metavar="x|-x|y|-y|z|-z")] = None
    """Of --bvh: axis of the files that points up; found out."""
    fps: Annotated[float | None, tyro.conf.arg(metavar="RATE")] = None
    """Of --bvh: frames per second, where the headers lie."""
    map: Annotated[tuple[str, ...], tyro.conf.arg(metavar="[JOINT=NAME ...]")] = ()
    """Of --bvh: corrections of the guessed joints, such as left_hand=LeftHandMiddle1."""
    seeds: Annotated[int, tyro.conf.arg(metavar="NUMBER")] = 1
    """Independent simulations of every window of --data or --bvh."""
    methods: Annotated[tuple[str, ...], tyro.conf.arg(metavar="[NAME ...]")] = ()
    """Names of methods; all by default."""
    infiller: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Weights of an infiller of your own: the weights.npz of its training."""
    refiner: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Weights of a refiner of your own."""
    protocol: Annotated[
        Literal["closeint", "buddi", "prompthmr", "world"] | None,
        tyro.conf.arg(metavar="closeint|buddi|prompthmr|world"),
    ] = None
    """Score --pred against --truth by the rules of this protocol."""
    pred: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FILE|FOLDER")] = None
    """A motion.npz, or a folder of them."""
    truth: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FILE|FOLDER")] = None
    """The true motion.npz, or a folder with the same files."""
    out: Annotated[pathlib.Path | None, tyro.conf.arg(metavar="FILE")] = None
    """File for the results as JSON. With it, an evaluation that was interrupted goes on where it was."""

    def run(self) -> None:
        """Score, print tables and write them."""
        if self.dataset is not None:
            self._run_dataset()
            return
        for name in ("root", "bodies", "regressor"):
            if getattr(self, name) is not None:
                raise UserError(f"--{name} is about a data set: name it with --dataset")
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

    def _run_dataset(self) -> None:
        """One of the field's data sets by a published protocol."""
        if self.root is None or self.protocol is None:
            raise UserError(f"--dataset {self.dataset} needs its folder, --root, and a protocol, --protocol")
        for name in ("data", "bvh", "pred", "truth"):
            if getattr(self, name) is not None:
                raise UserError(f"--dataset and --{name} are two things to evaluate: give one of them")
        from sm_jax.body.io import PACKAGED
        from sm_jax.evaluation.evaluate import EvaluationConfig, evaluate_dataset
        from sm_jax.nets.weights import INFILLER, REFINER

        question = EvaluationConfig(
            benchmarks=(),
            dataset=self.dataset,
            root=self.root,
            protocol=self.protocol,
            body=self.body if self.body in PACKAGED else pathlib.Path(self.body),
            bodies=self.bodies,
            regressor=self.regressor,
            split=self.split,
            methods=self.methods,
            infiller=self.infiller or INFILLER,
            refiner=self.refiner or REFINER,
        )
        evaluate_dataset(question, self.out)

    def interrupted(self) -> str:
        """Rows are kept as they come, where there is a file to keep them beside."""
        from sm_jax.evaluation.result_cache import rows_path

        if (
            (self.protocol is None or self.dataset is not None)
            and self.out is not None
            and rows_path(self.out).exists()
        ):
            return f"what was scored is kept in {rows_path(self.out)}; the same command goes on from there"
        return "nothing was written"
