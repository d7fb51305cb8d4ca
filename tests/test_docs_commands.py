"""Every command in README and docs: what is typed is understood, and what needs nothing of others is run (--slow)."""

import functools
import os
import pathlib
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import tyro

from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS
from sm_jax.cli.main import COMMANDS, PROG, command_class
from sm_jax.cli.parse import parse
from sm_jax.export.bvh import save_bvh
from sm_jax.export.npz import motion_file
from sm_jax.motion.resample import resample
from sm_jax.perception.frames import probe, read_frames
from sm_jax.perception.landmarks import landmarker_asset
from sm_jax.train import command, parallel
from tests.helpers import cached_asset
from tests.motion.motions import front_camera, random_motion
from tests.perception.videos import write_video

ROOT = pathlib.Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
FENCE = re.compile(r"^```(?:bash|sh)?\n(.*?)^```", re.S | re.M)
INLINE = re.compile(r"`((?:sm-jax|make) [^`…]+)`")
PROGRAM = re.compile(r"(?:\S*/)?python\d*(?:\.\d+)?$")


def commands_of(page: str) -> list[str]:
    """What a page's blocks tell to type, each on one line."""
    blocks = FENCE.findall((ROOT / page).read_text(encoding="utf-8"))
    lines = [line for block in blocks for line in re.sub(r"\s*(?:#.*)?\\\n\s*", " ", block).splitlines()]
    return [
        line for line in lines if re.match(r"(?:\S*/)?(?:sm-jax|make|python\S*|pip|npm|git|cd|sbatch|ruff)\b", line)
    ]


def words_of(line: str) -> list[str]:
    """A command's words, without its comment."""
    words = shlex.split(line, comments=True)
    return [pathlib.PurePath(words[0]).name, *words[1:]]


COMMANDS_TYPED = [(page, line) for page in PAGES for line in commands_of(page)]


@pytest.mark.parametrize(("page", "line"), COMMANDS_TYPED)
def test_what_is_typed_is_understood(page, line, monkeypatch):
    words = words_of(line)
    if words[0] == PROG:
        parse(command_class(words[1]), words[2:], f"{PROG} {words[1]}")
    elif words[0] == "make":
        check_make(words)
    elif PROGRAM.match(words[0]) and words[1] != "-m":
        assert words[1].startswith("experiments/") or words[1].startswith("tools/"), line
        understand_program(words[1:], monkeypatch)


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_options_in_sentences_exist(page):
    for said in INLINE.findall((ROOT / page).read_text(encoding="utf-8")):
        words = said.split()
        if words[0] == "make":
            check_make(words)
        elif not words[1].startswith("-"):
            assert words[1] in COMMANDS, said
            options = set(re.findall(r"--[a-z][\w-]*", help_of(words[1])))
            assert {word.split("=")[0] for word in words if word.startswith("--")} <= options | {"--help"}, said


@functools.cache
def help_of(name: str) -> str:
    """What `--help` prints."""
    done = subprocess.run([sys.executable, "-m", "sm_jax.cli.main", name, "--help"], capture_output=True, text=True)
    return done.stdout


def check_make(words: list[str]) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    assert {word for word in words[1:] if "=" not in word} <= targets, words


def understand_program(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A program's main function is found and its options fit; it is not called."""

    def parse_only(main: Callable[..., Any], _: str | None, *marks: Any) -> None:
        tyro.cli(functools.wraps(main)(lambda *a, **k: None), config=marks)

    def parse_training(_: Any, sizes: dict[str, Any]) -> None:
        command.call(lambda *a: None, sizes, sys.argv[1:])

    monkeypatch.setattr("experiments.lib.program.run", parse_only)
    monkeypatch.setattr(command, "command", parse_training)
    monkeypatch.setattr(command, "check_folder", lambda *a: None)
    monkeypatch.setattr(parallel, "join_hosts", lambda *a: None)
    monkeypatch.setattr(sys, "argv", words)
    monkeypatch.setattr(sys, "path", list(sys.path))
    runpy.run_path(str(ROOT / words[0]), run_name="__main__")


# Running them.

RUN = ("docs/quickstart.md", "docs/tutorial_blender.md", "docs/tutorial_mocap.md", "docs/tutorial_training.md",
       "docs/exporting.md", "docs/describing.md", "docs/many_clips.md", "README.md")  # fmt: skip
LEFT_OUT = {
    r"^make": "sets up an environment of its own",
    r"--with (?:openai|transformers)": "asks a model that is not here",
    r"--where|^sbatch|^git|^cd|^pip|^npm": "takes a cluster, or a network",
    r"\bsmall --start|runs/tuned/weights": "takes a night",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with what the pages speak of: a clip, more of them, two BVH files, a finished demo."""
    for name in ("movenet-multipose", landmarker_asset(), "minilm"):
        cached_asset(name)
    pytest.importorskip("pxr", reason="usd-core, which a page's command writes, is not installed")
    for name in ("experiments", "configs", "sm_jax"):
        (tmp_path / name).symlink_to(ROOT / name)
    clip = probe(cached_asset("sample-clip") / "cam01.mp4")
    images = [frame.image for frame, _ in zip(read_frames(clip, 60.0), range(25), strict=False)]
    write_video(tmp_path / "clip.mp4", images, (np.arange(25) / 60).tolist(), options={"preset": "ultrafast"})
    for name in ("takes/one.mp4", "more/hug.mov"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(tmp_path / "clip.mp4", tmp_path / name)
    (tmp_path / "list.txt").write_text("takes/one.mp4\n")
    save_takes(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save_takes(folder: pathlib.Path) -> None:
    """`a.bvh` and `b.bvh`: two people who sway for three seconds."""
    body, frames = load_body("open-low"), 90
    motion = resample(random_motion(frames=4), jnp.linspace(0.0, 3.0, frames))
    shape = (2, frames, len(JOINTS))
    content = motion_file(
        body,
        motion,
        front_camera(frames),
        fps=30.0,
        frame_index=np.arange(frames),
        visibility=np.ones(shape),
        infilled=np.zeros(shape, bool),
        spread=np.zeros(shape),
        provenance={},
    )
    for written, name in zip(save_bvh(folder, content), ("a.bvh", "b.bvh"), strict=True):
        written.rename(folder / name)


@pytest.mark.slow  # five minutes: a dozen reconstructions and trainings, each in a process of its own
def test_what_is_typed_does_what_it_says(place):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def call(line: str) -> None:
        words = words_of(line)
        program = [sys.executable, "-m", "sm_jax.cli.main"] if words[0] == PROG else [sys.executable]
        done = subprocess.run([*program, *words[1:]], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stderr[-2000:])
        print(line)

    call("sm-jax reconstruct clip.mp4 --out out/demo")  # as `make demo` leaves it
    typed = [line for page in RUN for line in commands_of(page)]
    for line in dict.fromkeys(typed):
        reason = next((why for pattern, why in LEFT_OUT.items() if re.search(pattern, line)), None)
        if reason is None:
            out = re.search(r"sm-jax (?:reconstruct|export|describe) .*--out (\S+)", line)  # pages share their names
            call(line + (" --overwrite" if out and (place / out[1]).exists() else ""))
        else:
            print(f"left out, for it {reason}: {line}")
