"""The command line's answers to mistakes: one line, exit code 2, no traceback, nothing written."""

import contextlib
import io
import logging
import pathlib
import re
import subprocess
import sys

import av
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax import __version__
from sm_jax.cli import main
from sm_jax.perception.landmarks import SINGLE, landmarker_asset
from sm_jax.perception.observation_file import save_observation
from tests.helpers import cached_asset
from tests.motion.motions import front_camera, observe, random_motion


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run `sm-jax` with these arguments in an empty folder: exit code and what it said on stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["sm-jax", *arguments])
        code = 0
        try:
            main.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, capsys.readouterr().err

    return run


def refused(answer: tuple[int, str], *words: str) -> None:
    code, said = answer
    last = said.strip().splitlines()[-1]
    assert code == 2 and last.startswith("sm-jax: ") and "Traceback" not in said
    for word in words:
        assert word in last, (word, last)


def video(path: pathlib.Path, frames: int) -> pathlib.Path:
    """A grey video without anybody in it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        container.start_encoding()  # a header, even where no frame follows
        for _ in range(frames):
            picture = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 90, np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def test_no_such_file(call, tmp_path):
    refused(call("reconstruct", "missing.mp4", "--out", "out"), "missing.mp4", "no such file")
    assert not list(tmp_path.iterdir())


def test_a_text_file_named_mp4(call, tmp_path):
    (tmp_path / "clip.mp4").write_text("not a video")
    refused(call("reconstruct", "clip.mp4", "--out", "out"), "clip.mp4")
    assert not (tmp_path / "out").exists()


def test_a_video_without_frames(call, tmp_path):
    assert video(tmp_path / "empty.mp4", 0).is_file()
    refused(call("reconstruct", "empty.mp4", "--out", "out"), "empty.mp4", "no video stream")


def test_a_video_without_people(call, tmp_path):
    for name in ("movenet-multipose", landmarker_asset(), SINGLE):
        cached_asset(name)
    video(tmp_path / "grey.mp4", 10)
    refused(call("reconstruct", "grey.mp4", "--out", "out"), "grey.mp4", "nobody")
    assert not (tmp_path / "out").exists()


def test_nan_in_an_observation(call, tmp_path):
    seen = observe(random_motion(), front_camera(), jnp.full((2, 12, 23, 2), 5.0))
    save_observation(tmp_path / "good.npz", seen)
    with np.load(tmp_path / "good.npz") as file:
        arrays = dict(file)
    arrays["keypoints"][1, 7, 3, 0] = np.nan
    np.savez(tmp_path / "bad.npz", **arrays)
    refused(call("reconstruct", "bad.npz", "--out", "out"), "bad.npz", "keypoints")


def test_unknown_option_and_wrong_value(call):
    refused(call("reconstruct", "a.mp4", "--out", "out", "--stepz", "3"), "--stepz", "--steps")
    refused(call("reconstruct", "a.mp4", "--out", "out", "--steps", "many"), "--steps", "many")
    refused(call("reconstruct", "a.mp4", "--out", "out", "--steps", "0"), "steps 0")
    refused(call("reconstruct", "a.mp4"), "--out FOLDER is missing")
    refused(call("rekonstruct"), "rekonstruct", "the nearest is reconstruct")
    refused(call(), "name a command", "doctor")


def test_an_existing_folder_is_kept(call, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious.txt").write_text("mine")
    (tmp_path / "a.mp4").touch()
    refused(call("reconstruct", "a.mp4", "--out", "out"), "out", "--overwrite")
    refused(call("reconstruct", "a.mp4", "--out", "out", "--overwrite"), "precious.txt", "did not write")
    refused(call("reconstruct", "missing.mp4", "--out", "out", "--overwrite"), "missing.mp4")
    assert (tmp_path / "out" / "precious.txt").read_text() == "mine"


def test_an_unknown_body(call, tmp_path):
    (tmp_path / "a.mp4").touch()
    refused(call("reconstruct", "a.mp4", "--out", "out", "--body", "nobody.npz"), "nobody.npz")


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_option_explains_itself(name):
    """Help of every command, with a sentence for every option and its type in words."""
    with pytest.raises(SystemExit), contextlib.redirect_stdout(io.StringIO()) as told:
        main.parse(main.command_class(name), ["--help"], "sm-jax")
    assert not re.search(r"\b(STR|INT|FLOAT|PATH|None\})", told.getvalue()), told.getvalue()
    for option in re.split(r"^[│ ] (?=--)", told.getvalue(), flags=re.M)[1:]:
        words = re.sub(r"[│\s]+", " ", option)
        assert re.match(r"--[\w-]+ .*[a-z]{2,} [a-z]{2,}.*\((default|required)", words), words


def test_help_and_version_load_little(call, capsys):
    assert call("--help")[0] == 0
    done = subprocess.run([sys.executable, "-c", """
import sys
sys.argv = ["sm-jax", "--version"]
from sm_jax.cli.main import main
main()
print(sorted({"jax", "numpy", "av"} & set(sys.modules)))
"""], capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.splitlines() == [f"sm_jax {__version__}", "[]"]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ("reconstruct a --out b --stepz=3", "no option --stepz; the nearest is --steps NUMBER"),
        ("reconstruct a --out b --zzz", "no option --zzz"),
        ("describe a b", "b is one argument too many"),
        ("reconstruct", "INPUT and --out FOLDER are missing"),
        ("reconstruct a --out b --steps many", "--steps takes NUMBER, not many"),
        ("describe a --focal far", "--focal takes PIXELS, not far"),
        ("describe a --with gossip", "--with takes openai, rules, text, transformers, not gossip"),
        (
            "evaluate --benchmark hi4d",
            "--benchmark takes four_views, rendered, rendered_reobserved, simulated, not hi4d",
        ),
        ("evaluate --split", "--split lacks its value"),
        ("evaluate --bvh a", "--bvh takes FILE FILE, not a"),
        ("export a --out b", "--format glb|bvh|amass|pkl|motion|usd|obj|ply is missing"),
        ("export a --format fbx --out b", "--format takes amass, bvh, glb, motion, obj, pkl, ply, usd, not fbx"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_mistake_is_one_short_line(call, monkeypatch, encoding, arguments, answer):
    command = arguments.split()[0]
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert call(*arguments.split()) == (2, f"sm-jax: {answer}; see sm-jax {command} --help\n")


@pytest.mark.parametrize(
    ("arguments", "rows", "words"),
    [
        (("reconstruct", "a.mp4", "--out", "out"), False, "nothing was written, out is as it was"),
        (("describe", "a.mp4"), False, "nothing was written"),
        (("export", "a", "--format", "bvh", "--out", "out"), False, "nothing was written, out is as it was"),
        (("fetch",), False, "what was pulled whole is in the cache"),
        (("evaluate", "--out", "o.json"), True, "kept in o.rows.jsonl; the same command goes on"),
        (("evaluate", "--out", "o.json"), False, "nothing was written"),
        (("evaluate",), True, "nothing was written"),
    ],
)
def test_an_interrupted_command_says_what_is_true(call, tmp_path, monkeypatch, arguments, rows, words):
    def interrupt(_):
        if rows:
            (tmp_path / "o.rows.jsonl").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(main.command_class(arguments[0]), "run", interrupt)
    code, said = call(*arguments)
    assert code == 130 and said.startswith("interrupted; ") and words in said and len(said.splitlines()) == 1


def test_what_is_logged_is_shown_while_a_command_runs(call, monkeypatch):
    logger = logging.getLogger("sm_jax.cli")
    monkeypatch.setattr(main.command_class("view"), "run", lambda _: logger.info("looking at %d", 2))
    assert call("view", "m.npz") == (0, "looking at 2\n")
    before = logger.getEffectiveLevel()
    logger.info("not shown")
    assert before > logging.INFO and not logging.getLogger("sm_jax").handlers


def test_what_is_no_result_is_called_what_it_is(call, tmp_path):
    save_observation(tmp_path / "seen.npz", observe(random_motion(), front_camera(), jnp.full((2, 12, 23, 2), 5.0)))
    for command in (("view",), ("export", "--format", "bvh", "--out", "out")):
        refused(call(*command, "seen.npz"), "seen.npz is an observation", "sm-jax reconstruct")
        refused(call(*command, "."), "holds no motion.npz")
        refused(call(*command, "nowhere"), "nowhere: no such file")
    assert [path.name for path in tmp_path.iterdir()] == ["seen.npz"]


def test_a_wrong_description_is_found_before_the_video_is_looked_for(call, tmp_path):
    (tmp_path / "said.json").write_text('{\n"text": "They hug.",\n"contacts": [,]}')
    refused(call("reconstruct", "a.mp4", "--out", "o", "--text", "said.json"), "said.json: line 3, column 14")


def test_describers_ask_for_what_they_need(call, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    refused(call("describe", "a.mp4", "--with", "openai"), "nothing was sent", "--endpoint")
    refused(call("describe", "a.mp4", "--with", "text"), "--text")
    refused(call("describe", "a.mp4", "--with", "gossip"), "gossip")
    refused(call("describe", "a.mp4"), "a.mp4", "no such file")
    refused(call("reconstruct", "a.mp4", "--out", "o", "--describe-with", "transformers"), "--model")
    refused(call("reconstruct", "a.mp4", "--out", "o", "--text", "said.json"), "said.json", "No such file")
    server = ("--endpoint", "http://127.0.0.1:9/v1", "--model", "eyes")
    refused(call("reconstruct", "a.mp4", "--out", "o", "--text", "They hug.", "--describe-with", "openai"), "--text")
    save_observation(tmp_path / "seen.npz", observe(random_motion(), front_camera(), jnp.full((2, 12, 23, 2), 5.0)))
    refused(call("describe", "seen.npz", "--with", "openai", *server), "no pictures", "give a video")
    assert call("describe", "seen.npz", "--text", "They hug.", "--out", "said.json")[0] == 0
    assert (tmp_path / "said.json").is_file()


def test_evaluation_asks_for_one_thing(call):
    refused(call("evaluate", "--data", "salsa", "--bvh", "a.bvh", "b.bvh"), "--data and --bvh")
    refused(call("evaluate", "--data", "salsa", "--seeds", "0"), "--seeds 0")
    refused(call("evaluate", "--up", "z"), "--up is about BVH files: name two with --bvh")
    refused(call("evaluate", "--protocol", "world", "--pred", "a.npz"), "--pred and --truth")
    refused(call("evaluate", "--pred", "a.npz"), "--protocol")
    refused(call("evaluate", "--benchmark", "hi4d"), "hi4d")
    refused(call("evaluate", "--root", "."), "--root is about a data set: name it with --dataset")
    refused(call("evaluate", "--dataset", "hi4d", "--root", "."), "needs its folder, --root, and a protocol")
    hi4d = ("evaluate", "--dataset", "hi4d", "--root", ".", "--protocol")
    refused(call(*hi4d, "closeint", "--data", "salsa"), "--dataset and --data are two things to evaluate")
    refused(call(*hi4d, "closeint"), "no pairXX/ACTION/meta.npz there")
