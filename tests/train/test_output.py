"""Folders that a training cannot write to end it with one line, before anything slow where that can be known."""

import errno
import os
import shutil
import subprocess
import sys

import pytest

from sm_jax.assets.files import make_folder
from sm_jax.errors import UserError
from sm_jax.train.output import META, check_folder, check_room, write_errors
from tests.processes import ROOT, environment

LIMITED = """
import pathlib, resource, sys
from sm_jax.errors import UserError
from sm_jax.train.output import check_room
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
check_room(pathlib.Path(sys.argv[1]), 100_000)
try:
    check_room(pathlib.Path(sys.argv[1]), 1_000_000)
except UserError as error:
    sys.exit(str(error))
"""


def test_a_folder_that_can_be_made_is_not_made(tmp_path):
    check_folder(tmp_path / "a" / "b", resume=False)
    check_folder(tmp_path, resume=False)
    assert not (tmp_path / "a").exists()
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_files_links_and_runs_are_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "file/below", "file/far/below", "link"):
        with pytest.raises(UserError, match=f"cannot write to .*{name.split('/')[0]} is no folder"):
            check_folder(tmp_path / name, resume=True)
        with pytest.raises(UserError, match="cannot write to"):
            make_folder(tmp_path / name)
    (tmp_path / META).touch()
    with pytest.raises(UserError, match="already holds a run: pass --resume"):
        check_folder(tmp_path, resume=False)
    check_folder(tmp_path, resume=True)
    with pytest.raises(UserError, match="cannot write to"):
        make_folder(tmp_path / ("long" * 100))


def test_a_read_only_folder_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # rights do not bind root
    with pytest.raises(UserError, match=f"{tmp_path} is read-only"):
        check_folder(tmp_path / "a", resume=False)


def test_room_is_known_before_it_is_taken(tmp_path):
    check_room(tmp_path, 1000)
    with pytest.raises(UserError, match=r"a checkpoint takes 9\d+.* MB"):
        check_room(tmp_path, 2**63 - 2**22)
    assert not list(tmp_path.iterdir())
    done = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, env=environment(1))
    assert done.returncode == 1
    assert done.stderr.startswith(f"cannot write to {tmp_path}: File too large; a checkpoint takes 2.0 MB")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES])
def test_what_a_full_disk_says_is_one_line(tmp_path, number):
    with pytest.raises(UserError, match=f"cannot write to {tmp_path}: .*go on with --resume"), write_errors(tmp_path):
        raise OSError(number, os.strerror(number))
    with pytest.raises(FileNotFoundError), write_errors(tmp_path):
        (tmp_path / "none").read_text()


IN_A_SMALL_DISK = """
mount -t tmpfs -o size=3m tmpfs "$1" || exit 77
head -c "$2" /dev/zero > "$1/filler"
"$3" -m tests.train.programs "{\\"folder\\": \\"$1/run\\", \\"steps\\": 4000, \\"save_every\\": 2}"
code=$?
ls "$1/run" >&2
exit $code
"""


@pytest.mark.parametrize("filler", [2_000_000, 3_200_000])
def test_a_full_disk_is_one_line(tmp_path, filler):
    """In a file system of 3 MB, with room for one checkpoint beside the filler, or for nothing."""
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", IN_A_SMALL_DISK, "sh"]
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare on this machine")
    done = subprocess.run(
        [*command, str(tmp_path), str(filler), sys.executable], capture_output=True, text=True, cwd=ROOT,
        env=environment(1), timeout=300,
    )  # fmt: skip
    if done.returncode == 77 or done.stderr.startswith("unshare:"):
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()[:100]}")
    _, _, listed = done.stderr.partition("cannot write")
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert "No space left on device" in listed.splitlines()[0] and "cannot write" not in listed
    assert "tmp" not in listed.partition("\n")[2], "something is left half written"
