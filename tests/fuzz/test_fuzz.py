"""Whatever a user hands over is read, or refused in one line: mutated inputs of every kind, from fixed seeds.

Each is read in this process as the package's commands read it, within ten seconds and, all of a kind, a gigabyte.
Nothing may be left in the output folder, no pickle may have run, and nobody may be called.
"""

import collections
import contextlib
import dataclasses
import functools
import io
import json
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import tarfile
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import cv2
import numpy as np
import pytest

from configs import tiny
from experiments.lib.random_body import random_arrays
from sm_jax.body.io import load_body, read_body
from sm_jax.body.regressors import LSP, read_regressor
from sm_jax.body.smpl import Body
from sm_jax.cli.main import command_class
from sm_jax.cli.parse import parse
from sm_jax.data import codec, store
from sm_jax.data.sources import amass, bvh_pair, cmu, salsa
from sm_jax.errors import UserError
from sm_jax.evaluation.result_cache import ResultCache
from sm_jax.export.folder import SUMMARY, new_folder
from sm_jax.export.npz import MotionFile, load_motion, save_motion, steady
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.nets.weights import load_weights, save_weights
from sm_jax.perception.detector import People
from sm_jax.perception.observation_file import LandmarkMetres, save_observation
from sm_jax.perception.video import Video
from sm_jax.pipeline import first_look
from sm_jax.pipeline import folder as pipeline_folder
from sm_jax.pipeline import observe as pipeline_observe
from sm_jax.pipeline.measures import MEASURES
from sm_jax.pipeline.result import read_summary
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers import from_user
from sm_jax.text.describers.completion import NoCompletion, read_answer
from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.description_json import BadReply, read_reply
from sm_jax.train.checkpoint import Checkpoints
from sm_jax.train.command import call
from sm_jax.train.metric_writers import Files
from sm_jax.types import Motion
from tests.body.models import write_chumpy_pickle
from tests.data.acclaim import write_amc, write_asf
from tests.data.sequences import alone, seen, sequence
from tests.data.sources.test_bvh_pair import write as write_bvh
from tests.fuzz import mutations
from tests.fuzz.mutations import CANARY, mutate_bytes, mutate_json, mutate_npz, mutate_pickle, mutate_text, npz_bytes
from tests.motion.motions import front_camera, observe, random_motion
from tests.perception.videos import shades, write_video
from tests.train.test_checkpoint import STATISTICS, random_state

LONGEST, MOST_MEMORY = 10, 2**30  # seconds for an input, bytes that reading all of a kind may add to the peak
MOST_ADDRESSES = 4 * 2**30  # bytes that one input may reserve: a fault must not take the machine with it
COUNT, SLOW_FACTOR = 300, 10  # inputs of a kind; so many times more with --slow
REFUSALS = (UserError, BadReply, NoCompletion)  # the last two are what a server's words are refused with
Read = Callable[[pathlib.Path], object]
Outcomes = dict[str, collections.Counter]
"""Kind -> how many inputs were read, and how many refused."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of input. make: whole files by name, into a folder.  mutate: a file's bytes.  read: as the package does,
    of the file or folder.  count: of inputs by default, fewer where each takes long."""

    make: Callable[[pathlib.Path], None]
    mutate: Callable[[bytes, random.Random], bytes]
    read: Read
    count: int = COUNT
    whole: bool = False
    """Whether all files are one input, of which one is mutated; else each file is one."""


class FarEnough(Exception):
    """The input was read; what follows is slow and tested elsewhere."""


def reconstruct(path: pathlib.Path) -> None:
    """As `sm-jax reconstruct`, up to where the input has been read; nothing may be left beside it."""
    out = path.parent / "made" / "result"
    try:
        with contextlib.suppress(FarEnough):
            pipeline_folder.reconstruct_to_folder(
                str(path), out, describer=_far_enough, body_name="open-low", focal=None, settings=Settings(), seed=0,
                overwrite=False,
            )  # fmt: skip
    finally:
        assert not out.parent.exists()


def _far_enough(*_: object, **__: object) -> NoReturn:
    raise FarEnough


@pytest.fixture(autouse=True)
def no_networks(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", _call_nobody)
    monkeypatch.setattr(pipeline_folder, "shipped_models", lambda: None)
    monkeypatch.setattr(pipeline_folder, "text_encoder", lambda: None)
    monkeypatch.setattr(pipeline_folder, "keep_compiled_programs", lambda: None)
    monkeypatch.setattr(pipeline_folder, "describe", _far_enough)
    monkeypatch.setattr(pipeline_observe, "asset", lambda name: pathlib.Path(name))
    monkeypatch.setattr(first_look, "asset", lambda name: pathlib.Path(name))
    monkeypatch.setattr(first_look, "load_detector", lambda path: _sees_nobody)
    monkeypatch.setattr(pipeline_observe, "longest_usable", _see_all_frames)


def _call_nobody(*_: object) -> None:
    raise AssertionError("a connection was opened")


def _sees_nobody(*_: object) -> People:
    empty = np.zeros((0, 17, 2), np.float32)
    return People(keypoints=empty, keypoint_scores=empty[..., 0], scores=empty[:, 0, 0], boxes=empty[:, :4, 0])


def _see_all_frames(first: first_look.FirstLook) -> NoReturn:
    for _frame in pipeline_observe.read_frames(first.video, 30.0):
        pass
    raise FarEnough


# What is read, and by whom.


def make_videos(folder: pathlib.Path) -> None:
    times = [i / 30 for i in range(8)]
    files: dict[str, dict[str, Any]] = {
        "a.mp4": {},
        "b.mkv": {},
        "c.avi": {"codec": "mpeg4"},
        "d.ts": {},
        "e.mov": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    }
    for name, how in files.items():
        write_video(folder / name, shades(8), times, **how)


def make_pictures(folder: pathlib.Path) -> None:
    for number, suffix in enumerate((".png", ".jpg", ".bmp", ".tiff", ".webp", ".ppm")):
        cv2.imwrite(str(folder / f"p{number}{suffix}"), shades(number + 1)[-1])


def make_picture_folder(folder: pathlib.Path) -> None:
    for number, picture in enumerate(shades(4)):
        cv2.imwrite(str(folder / f"{number:03d}.png"), picture)


def make_observations(folder: pathlib.Path) -> None:
    rng = np.random.default_rng(0)
    found = observe(random_motion(frames=5), front_camera(5), rng.uniform(0, 900, (2, 5, 23, 2)))
    save_observation(folder / "plain.npz", found)
    video = Video(path=folder / "v.mp4", width=1000, height=1000, times=np.arange(7) / 30, fps=30.0)
    save_observation(folder / "video.npz", found, video)
    metres = LandmarkMetres(rng.normal(size=(2, 5, 23, 3)).astype(np.float32), np.ones((2, 5), bool))
    whole = {"body": "open-low", "landmarks": metres, "remarks": ("Person 0 is small.",), "camera_moved": 0.01}
    save_observation(folder / "whole.npz", found, video, **whole)


def make_motions(folder: pathlib.Path) -> None:
    frames, turns = 7, np.broadcast_to(np.eye(3, dtype=np.float32), (2, 7, 24, 3, 3))
    content = MotionFile(
        motion=Motion(
            global_orient=turns[:, :, 0],
            body_pose=turns[:, :, 1:],
            pelvis=np.zeros((2, frames, 3), np.float32),
            betas=np.zeros((2, 10), np.float32),
        ),
        body="open-low",
        rest_joints=np.zeros((2, 24, 3), np.float32),
        joints=np.zeros((2, frames, 24, 3), np.float32),
        camera=front_camera(frames),
        fps=25.0,
        time=np.arange(frames) / 25.0,
        frame_index=np.arange(frames),
        visibility=np.ones((2, frames, 24), np.float32),
        infilled=np.zeros((2, frames, 24), bool),
        spread=np.zeros((2, frames, 24), np.float32),
        provenance={"seed": 3, "settings": {"steps": 5}},
    )
    save_motion(folder / "motion.npz", content)


def read_motion(path: pathlib.Path) -> None:
    steady(load_motion(path))


def make_bvh(folder: pathlib.Path) -> None:
    write_bvh(folder / "mixamo.bvh", n_frames=6)
    write_bvh(folder / "unnamed.bvh", convention="unnamed", n_frames=6)


def make_acclaim(folder: pathlib.Path) -> None:
    write_asf(folder / "01.asf")
    write_amc(folder / "01_01.amc", np.zeros((5, 3)), {})
    rows = np.random.default_rng(0).normal(0, 0.2, (5, 117))
    (folder / "walking.txt").write_text("\n".join(",".join(f"{x:.5f}" for x in row) for row in rows) + "\n")


def read_acclaim(folder: pathlib.Path) -> None:
    list(cmu.read(folder))


def make_salsa(folder: pathlib.Path) -> None:
    with tarfile.open(folder / "salsa.tar.xz", "w:xz") as tar:
        for trial in salsa.TRIALS:
            for subject in (60, 61):
                content = b"HIERARCHY\n"
                info = tarfile.TarInfo(f"{subject}_{trial:02d}.bvh")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))


def make_amass(folder: pathlib.Path) -> None:
    rng = np.random.default_rng(0)
    common = {"trans": rng.normal(0, 0.1, (6, 3)), "betas": np.zeros(16), "gender": np.array("neutral")}
    (folder / "smplh.npz").write_bytes(
        npz_bytes({**common, "poses": rng.normal(0, 0.2, (6, 156)), "mocap_framerate": np.array(60.0)})
    )
    (folder / "smplx.npz").write_bytes(
        npz_bytes({
            **common, "root_orient": rng.normal(0, 0.2, (6, 3)), "pose_body": rng.normal(0, 0.2, (6, 63)),
            "mocap_frame_rate": np.array(60.0),
        })
    )  # fmt: skip


def make_bodies(folder: pathlib.Path) -> None:
    np.savez(folder / "body.npz", **random_arrays(V=64, N=3))


def make_body_pickles(folder: pathlib.Path) -> None:
    write_chumpy_pickle(folder / "body.pkl", random_arrays(V=64, N=3))


@functools.cache
def small_body() -> Body:
    """A body of a few vertices; a regressor asks for nothing else of it."""
    return dataclasses.replace(load_body(), v_template=load_body().v_template[:50])


def make_regressors(folder: pathlib.Path) -> None:
    weights = np.full((len(LSP), len(small_body().v_template)), 1 / len(small_body().v_template), np.float32)
    np.save(folder / "regressor.npy", weights)
    np.savez(folder / "regressor.npz", weights=weights)


def mutate_array_file(content: bytes, chance: random.Random) -> bytes:
    if content[:2] == b"PK":
        return mutate_npz(content, chance)
    if chance.random() < 0.3:
        return mutations.npy_header(chance.choice(("(10**13,)", "(-1,)", "(14, 99999999)")), "<f8") + content[128:]
    return mutate_bytes(content, chance)


def make_sets(folder: pathlib.Path) -> None:
    records = [codec.encode(one) for one in (sequence(), seen(), alone())]
    store.save(folder / "set.npz", records, STATISTICS, "thanks")


def read_set(path: pathlib.Path) -> None:
    for records in store.open_set(str(path)).records.values():
        for record in records:
            codec.decode(record)


def make_weights(folder: pathlib.Path) -> None:
    params = {"block_0": {"taps": {"kernel": np.full((3, 2), 0.3, np.float32)}}, "mask_token": np.zeros(4, np.float32)}
    facts = {"steps": 3}
    save_weights(folder / "refiner.npz", params, RefinerConfig(width=8), STATISTICS, facts)
    save_weights(folder / "infiller.npz", params, InfillerConfig(width=8, heads=2), STATISTICS, facts)


def mutate_weights(content: bytes, chance: random.Random) -> bytes:
    """In half of the cases the JSON beside the arrays."""
    if chance.random() < 0.5:
        return mutate_npz(content, chance)
    with np.load(io.BytesIO(content)) as file:
        arrays = dict(file)
    meta = mutate_json(str(arrays["meta"]).encode(), chance).decode("utf-8", "replace")
    return npz_bytes(arrays | {"meta": np.array(meta)})


REPLY = {
    "description": "Two people shake hands.",
    "phases": [{"text": "They walk.", "first": 0, "last": 3}, {"text": "They shake hands.", "first": 4, "last": 9}],
    "contacts": [
        {"person_a": 1, "region_a": "hand", "side_a": "right", "region_b": "hand", "side_b": "right", "first": 4,
         "last": 9, "confidence": 0.9},
        {"person_a": 2, "region_a": "hand", "side_a": None, "region_b": "back", "side_b": None, "first": 0, "last": 2,
         "confidence": 0.5},
    ],
}  # fmt: skip


SAID = {
    "text": "Two people shake hands.",
    "phases": [{"text": "They walk.", "start": 0, "end": 4}],
    "contacts": [
        {"person_a": 0, "region_a": "hand", "side_a": "right", "region_b": "hand", "side_b": "right", "start": 4,
         "end": 10, "confidence": 0.9},
        {"person_a": 1, "region_a": "hand", "region_b": "back", "start_seconds": 0.1, "end_seconds": 0.2},
    ],
}  # fmt: skip


def make_description(folder: pathlib.Path) -> None:
    (folder / "said.json").write_text(json.dumps(SAID))


def read_description_file(path: pathlib.Path) -> None:
    joints = np.zeros((2, 10, 24, 3))
    from_user.describe_text(path)(DescriberInput(joints=joints, visibility=np.ones((2, 10, 24)), fps=30.0))


def make_replies(folder: pathlib.Path) -> None:
    text = json.dumps(REPLY)
    (folder / "bare.txt").write_text(text)
    (folder / "fenced.txt").write_text(f"I see {{two}} people.\n```json\n{text}\n```\nThat is all.")
    (folder / "wrapped.txt").write_text(json.dumps({"result": {"arguments": text}}))


def read_replies(path: pathlib.Path) -> None:
    read_reply(path.read_bytes().decode("utf-8", "replace"), 10, "model")


def make_answers(folder: pathlib.Path) -> None:
    words = json.dumps(REPLY)
    whole = {"choices": [{"message": {"content": words}, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 10, "completion_tokens": 5}}  # fmt: skip
    (folder / "whole.json").write_text(json.dumps(whole))
    (folder / "error.json").write_text(json.dumps({"error": {"code": 429, "message": "slow down", "type": "rate"}}))
    tool = {"choices": [{"message": {"tool_calls": [{"function": {"name": "say", "arguments": words}}]}}]}
    (folder / "tool.json").write_text(json.dumps(tool))
    pieces = [json.dumps({"choices": [{"delta": {"content": words[i : i + 90]}}]}) for i in range(0, len(words), 90)]
    (folder / "stream.txt").write_text("".join(f"data: {piece}\n\n" for piece in pieces) + "data: [DONE]\n")


def mutate_answer(content: bytes, chance: random.Random) -> bytes:
    return (mutate_text if content.startswith(b"data:") else mutate_json)(content, chance)


def read_server(path: pathlib.Path) -> None:
    body = path.read_bytes().decode("utf-8", "replace")
    for status in (429, 500, 200):
        read_answer(status, body)


def make_checkpoints(folder: pathlib.Path) -> None:
    checkpoints = Checkpoints(folder, tiny.INFILLER, STATISTICS, resume=False)
    for step in (2, 4):
        checkpoints.save(random_state(step))
    checkpoints.close()


def read_checkpoints(folder: pathlib.Path) -> None:
    checkpoints = Checkpoints(folder, tiny.INFILLER, STATISTICS, resume=True)
    try:
        checkpoints.restore(random_state(0))
    finally:
        checkpoints.close()


def make_run(folder: pathlib.Path) -> None:
    Checkpoints(folder, tiny.INFILLER, STATISTICS, resume=False).close()


def make_log(folder: pathlib.Path) -> None:
    (folder / "log.jsonl").write_text("".join(json.dumps({"step": i, "loss": 1.0 / (i + 1)}) + "\n" for i in range(9)))


def read_log(folder: pathlib.Path) -> None:
    files = Files(folder, begin=5)
    files.numbers(6, {"loss": 1.0})
    files.close()


def make_rows(folder: pathlib.Path) -> None:
    (folder / "a.rows.jsonl").write_text(
        "".join(json.dumps([f"key {i}", {"mpjpe_mm": 1.0 * i}]) + "\n" for i in range(9))
    )


def read_rows(path: pathlib.Path) -> None:
    cache = ResultCache(path)
    cache.get("key 3")
    cache.add("key 10", {"mpjpe_mm": 1.0})


def make_result(folder: pathlib.Path) -> None:
    (folder / "motion.npz").write_bytes(b"motion")
    (folder / SUMMARY).write_text(json.dumps({"provenance": {"sm_jax": "0.1.0"}, "files": ["motion.npz", SUMMARY]}))


def replace_result(folder: pathlib.Path) -> None:
    with new_folder(folder, overwrite=True) as work:
        (work / "new").write_text("new")


def make_summary(folder: pathlib.Path) -> None:
    contact = {"region_a": "hand", "side_a": "left", "region_b": "back", "side_b": None, "person_a": 0, "start": 0,
               "end": 9, "confidence": 0.9}  # fmt: skip
    summary = {
        "description": {
            "text": "They hug.", "source": "rules", "phases": [{"text": "They hug.", "start": 0, "end": 9}],
            "contacts": [contact],
        },
        "share_of_models_motion": [1.0, 0.5],
        "measures": {name: {"before": 2.0, "after": 1.0} for name in MEASURES},
        "seconds": {"seeing": 20.0, "total": 30.0},
        "command": "sm-jax reconstruct clip.mp4 --out out",
    }  # fmt: skip
    (folder / SUMMARY).write_text(json.dumps(summary))


def make_arguments(folder: pathlib.Path) -> None:
    (folder / "train.txt").write_text(
        "--out\nout\ntiny\n--steps\n30\n--net.heads\n2\n--net.width\n16\n--data.batch\n8\n--data.text-dropout\n0.1\n"
        "--optimiser.learning-rate\n0.001\n--data.shares\n1.0\n--compute.dtype\nfloat32\n"
    )
    (folder / "reconstruct.txt").write_text(
        "nowhere.mp4\n--out\nout\n--focal\n1200\n--seed\n3\n--hypotheses\n2\n--steps\n5\n"
    )


def read_arguments(path: pathlib.Path) -> None:
    arguments = path.read_bytes().decode("utf-8", "surrogateescape").replace("\0", "").removesuffix("\n").split("\n")
    stop = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with stop[0], stop[1], contextlib.suppress(SystemExit), contextlib.chdir(path.parent):
        if path.stem == "train":
            call(lambda config, out, resume: None, {"tiny": tiny.INFILLER}, arguments)
        else:
            parse(command_class("reconstruct"), arguments, "sm-jax reconstruct").run()


KINDS = {
    "video": Kind(make=make_videos, mutate=mutate_bytes, read=reconstruct, count=100),
    "picture": Kind(make=make_pictures, mutate=mutate_bytes, read=reconstruct),
    "folder of pictures": Kind(make=make_picture_folder, mutate=mutate_bytes, read=reconstruct, whole=True, count=50),
    "observation": Kind(make=make_observations, mutate=mutate_npz, read=reconstruct),
    "motion": Kind(make=make_motions, mutate=mutate_npz, read=read_motion),
    "BVH": Kind(make=make_bvh, mutate=mutate_text, read=bvh_pair.read_single),
    "ASF, AMC and exponential maps": Kind(
        make=make_acclaim, mutate=mutate_text, read=read_acclaim, whole=True, count=150
    ),
    "archive of salsa": Kind(make=make_salsa, mutate=mutate_bytes, read=lambda path: list(salsa.read(path))),
    "AMASS": Kind(make=make_amass, mutate=mutate_npz, read=amass.read_recording),
    "body .npz": Kind(make=make_bodies, mutate=mutate_npz, read=load_body, count=150),
    "body .pkl": Kind(make=make_body_pickles, mutate=mutate_pickle, read=read_body),
    "regressor": Kind(
        make=make_regressors, mutate=mutate_array_file, read=lambda path: read_regressor(path, LSP, small_body())
    ),
    "data set": Kind(make=make_sets, mutate=mutate_npz, read=read_set, count=150),
    "weights": Kind(make=make_weights, mutate=mutate_weights, read=load_weights),
    "description": Kind(make=make_description, mutate=mutate_json, read=read_description_file),
    "model's reply": Kind(make=make_replies, mutate=mutate_text, read=read_replies),
    "server's answer": Kind(make=make_answers, mutate=mutate_answer, read=read_server),
    "checkpoint": Kind(make=make_checkpoints, mutate=mutate_bytes, read=read_checkpoints, whole=True, count=20),
    "run.json": Kind(make=make_run, mutate=mutate_json, read=read_checkpoints, whole=True, count=150),
    "training log": Kind(make=make_log, mutate=mutate_text, read=read_log, whole=True),
    "evaluation rows": Kind(make=make_rows, mutate=mutate_text, read=read_rows),
    "result's summary": Kind(make=make_result, mutate=mutate_json, read=replace_result, whole=True),
    "summary in a report": Kind(make=make_summary, mutate=mutate_json, read=read_summary),
    "command line": Kind(make=make_arguments, mutate=mutate_text, read=read_arguments, count=30),
}


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return {}


@pytest.fixture(scope="module")
def wholes(tmp_path_factory) -> dict[str, pathlib.Path]:
    """A folder of whole files for each kind."""
    folders = {name: tmp_path_factory.mktemp(re.sub(r"\W", "_", name)) for name in KINDS}
    for name, folder in folders.items():
        KINDS[name].make(folder)
    return folders


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises TimeoutError where what runs inside computes for longer, or sleeps for six times as long, and MemoryError
    where it asks for MOST_ADDRESSES more."""

    def late(*_: object) -> None:
        raise TimeoutError(f"more than {seconds:g} s")

    clocks = {signal.SIGPROF: (signal.ITIMER_PROF, seconds), signal.SIGALRM: (signal.ITIMER_REAL, 6 * seconds)}
    before, room = {name: signal.signal(name, late) for name in clocks}, resource.getrlimit(resource.RLIMIT_AS)
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MOST_ADDRESSES, room[1]))
    for clock in clocks.values():
        signal.setitimer(*clock)
    try:
        yield
    finally:
        for clock, _ in clocks.values():
            signal.setitimer(clock, 0)
        for name, handler in before.items():
            signal.signal(name, handler)
        resource.setrlimit(resource.RLIMIT_AS, room)


def mutated(
    name: str, wholes: dict[str, pathlib.Path], folder: pathlib.Path, number: int, chance: random.Random
) -> pathlib.Path:
    """Input `number` of a kind, written into a folder of its own."""
    kind, source = KINDS[name], wholes[name]
    place = folder / str(number)
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    chosen = chance.choice([path for path in files if path.stat().st_size or len(files) == 1])
    content = kind.mutate(chosen.read_bytes(), chance)
    if chance.random() < 0.03:  # another kind under this one's name
        other = chance.choice([path for each in wholes.values() for path in sorted(each.rglob("*")) if path.is_file()])
        content = other.read_bytes()
    if kind.whole:
        shutil.copytree(source, place)
    else:
        place.mkdir()
    (place / chosen.relative_to(source)).write_bytes(content)
    return place if kind.whole else place / chosen.name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_what_is_mutated_is_read_or_refused_in_one_line(name, wholes, tmp_path, monkeypatch, request, outcomes):
    canary = tmp_path / "canary"
    monkeypatch.setenv(CANARY, str(canary))
    slow = request.config.getoption("--slow")
    count = KINDS[name].count * (SLOW_FACTOR if slow else 1)
    peak, outcomes[name], faults = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, collections.Counter(), []
    for number in range(count):
        path = mutated(name, wholes, tmp_path, number, random.Random(f"{name} {number}"))
        try:
            with limited(LONGEST):
                KINDS[name].read(path)
            outcomes[name]["read"] += 1
        except REFUSALS as error:
            assert "\n" not in str(error) and str(error), f"{path}: {error}"
            outcomes[name]["refused"] += 1
        except BaseException as error:  # anything else is a fault, which the mutated file shows again
            if isinstance(error, KeyboardInterrupt):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            faults.append(f"{number}: {type(error).__name__}: {str(error)[:200]} ({where.filename}:{where.lineno})")
        assert not canary.exists(), f"{path} ran code"
        shutil.rmtree(path if KINDS[name].whole else path.parent)
    assert not faults, "\n".join(faults)
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak)
    assert grown < MOST_MEMORY, f"{grown / 2**20:.0f} MiB more than before"


def test_there_are_enough_of_them(outcomes, capsys):
    """Runs last."""
    if set(outcomes) != set(KINDS):
        pytest.skip("only some kinds were tried")
    rows = [f"  {name:30} {sum(found.values()):5} {found['read']:5} read {found['refused']:5} refused"
            for name, found in outcomes.items()]  # fmt: skip
    total = sum(sum(found.values()) for found in outcomes.values())
    with capsys.disabled():
        print(f"\nmutated inputs: {total}", *rows, sep="\n")
    assert total >= COUNT and all(sum(outcomes[name].values()) >= kind.count for name, kind in KINDS.items())
