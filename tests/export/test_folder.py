"""Nothing of the user's is lost: what an output folder may be, what is replaced, what interrupted runs leave."""

import errno
import json
import os
import pathlib
import socket
import subprocess
import sys
import types
from typing import Any

import pytest

from sm_jax.errors import UserError
from sm_jax.export.folder import SUMMARY, files_in, new_folder, unfinished, write_first

GONE = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
DEAD = int(GONE.stdout)  # the number of a process that has ended


def fill(out, *, overwrite=False, inputs=(), text="new"):
    with new_folder(out, overwrite=overwrite, inputs=inputs) as folder:
        write_results(folder, text)


def write_results(folder, text="new"):
    (folder / "motion.npz").write_text(text)
    (folder / "obj").mkdir()
    (folder / "obj" / "0.obj").write_text(text)
    (folder / SUMMARY).write_text(json.dumps({"provenance": {"sm_jax": "0"}, "files": files_in(folder)}))


def refused(out, words, overwrite=True, **options: Any):
    before = sorted(out.parent.rglob("*"))
    with pytest.raises(UserError, match=words) as error, new_folder(out, overwrite=overwrite, **options):
        raise AssertionError("entered")
    assert "\n" not in str(error.value) and sorted(out.parent.rglob("*")) == before


def test_a_folder_appears_whole_with_its_parents_or_not_at_all(tmp_path):
    out = tmp_path / "a" / "b" / "out"
    with pytest.raises(RuntimeError), new_folder(out, overwrite=False) as folder:
        (folder / "x").touch()
        assert not out.exists()
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    fill(out)
    assert files_in(out) == ["motion.npz", "obj/0.obj", SUMMARY] and [p.name for p in out.parent.iterdir()] == ["out"]


def test_only_what_was_written_here_is_replaced(tmp_path):
    out = tmp_path / "out"
    fill(out, text="old")
    refused(out, "exists already", overwrite=False)
    (out / ".DS_Store").touch()
    fill(out, overwrite=True)
    assert (out / "motion.npz").read_text() == "new" and not (out / ".DS_Store").exists()
    for name in ("notes.txt", "obj/mine.obj", ".hidden"):
        (out / name).touch()
        refused(out, f"holds {name}, which sm-jax did not write")
        (out / name).unlink()
    (out / "sub").mkdir()
    refused(out, "holds sub, which")
    (out / "sub").rmdir()
    (out / "link").symlink_to(tmp_path)
    refused(out, "holds link, which")


def test_a_folder_of_one_s_own_with_our_names_is_not_ours(tmp_path):
    for text in (
        None,
        "{}",
        "not json",
        '{"files": ["motion.npz", "summary.json"]}',
        '{"files": ["motion.npz", "summary.json"], "provenance": {}}',
        '{"files": 3, "provenance": {"sm_jax": "0"}}',
        "[]",
    ):
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        (out / "motion.npz").touch()
        if text is not None:
            (out / SUMMARY).write_text(text)
        refused(out, "did not write")


def test_the_input_is_never_in_the_folder_that_is_replaced(tmp_path, monkeypatch):
    out = tmp_path / "out"
    fill(out)
    refused(out, "holds the input .*motion.npz", inputs=(out / "motion.npz",))
    refused(out, "holds the input", inputs=(out,))
    (tmp_path / "link.npz").symlink_to(out / "motion.npz")
    refused(out, "holds the input", inputs=(tmp_path / "link.npz",))
    monkeypatch.chdir(tmp_path)
    relative = new_folder(pathlib.Path("out"), overwrite=True, inputs=(out / "motion.npz",))
    with pytest.raises(UserError, match="holds the input"), relative:
        pass


def test_places_that_are_no_folder_of_one_s_own(tmp_path, monkeypatch):
    (tmp_path / "here" / "sub").mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "here")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path / "here" / "sub")
    for out, words in (
        (pathlib.Path(), "of its own"),
        (pathlib.Path("/"), "of its own"),
        (pathlib.Path(".."), "of its own"),
        (tmp_path / "here", "the folder that you are in"),
        (pathlib.Path.home(), "your own"),
        (tmp_path / "link", "is a link"),
        (tmp_path / "dangling", "is a link"),
        (tmp_path / "file", "is a file"),
        (tmp_path / "file" / "out", "cannot write"),
        (tmp_path / ("x" * 250), "cannot write"),
    ):
        with pytest.raises(UserError, match=words) as error, new_folder(out, overwrite=True):
            raise AssertionError("entered")
        assert "\n" not in str(error.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dangling", "file", "here", "link"]


def test_a_disk_that_is_mounted_full_or_read_only_is_said_before(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: types.SimpleNamespace(free=3 << 20))
        refused(tmp_path / "a" / "out", "only 3 MB are free; make room for 16")
    with monkeypatch.context() as patch:
        patch.setattr("os.path.ismount", lambda place: place == tmp_path / "out")
        refused(tmp_path / "out", "is a mounted disk; name a folder on it")

    def forbidden(self):
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(pathlib.Path, "mkdir", forbidden)
    refused(tmp_path / "out", "Read-only file system; check space and rights")


def beside(tmp_path, kind, process, host=None):
    folder = tmp_path / f".out.{kind}.{host or socket.gethostname()}.{process}"
    folder.mkdir()
    (folder / "motion.npz").write_text("left")
    return folder


def test_what_interrupted_runs_left_is_cleared(tmp_path, caplog):
    begun, replaced = beside(tmp_path, "new", DEAD), beside(tmp_path, "old", DEAD)
    fill(tmp_path / "out2")
    (tmp_path / "out2").rename(tmp_path / "out")
    other = tmp_path / ".out.news"
    other.mkdir()
    fill(tmp_path / "out", overwrite=True)
    assert not begun.exists() and not replaced.exists() and other.exists()
    assert caplog.text.count("left by an interrupted run, removed") == 2


def test_what_was_moved_aside_is_put_back(tmp_path, caplog):
    beside(tmp_path, "old", DEAD)
    with pytest.raises(UserError, match="exists already"), new_folder(tmp_path / "out", overwrite=False):
        pass
    assert (tmp_path / "out" / "motion.npz").read_text() == "left" and "put back" in caplog.text


def test_another_run_and_another_machine_are_left_alone(tmp_path, caplog):
    elsewhere = beside(tmp_path, "new", 1, host="elsewhere")
    fill(tmp_path / "out")
    assert elsewhere.exists() and "left by a run on elsewhere" in caplog.text
    beside(tmp_path, "new", os.getppid())
    refused(tmp_path / "out", f"process {os.getppid()} writes to it")


def test_what_came_into_the_folder_meanwhile_is_kept(tmp_path, caplog):
    out = tmp_path / "out"
    fill(out, text="old")
    with new_folder(out, overwrite=True) as folder:
        (folder / "motion.npz").write_text("new")
        (out / "notes.txt").write_text("mine")
    assert (out / "notes.txt").read_text() == "mine" and (out / "motion.npz").read_text() == "old"
    assert (tmp_path / "out-1" / "motion.npz").read_text() == "new" and "out-1" in caplog.text


def begin(out, work, text="seen"):
    (work / "seen.npz").write_text(text)
    write_first(out, work, ["seen.npz"], {"sm_jax": "0"}, {"source": text})


def interrupt(out, **options):
    with (
        pytest.raises(KeyboardInterrupt),
        new_folder(out, overwrite=options.pop("overwrite", False), **options) as work,
    ):
        begin(out, work)
        assert (out / "seen.npz").read_text() == "seen" and unfinished(out) == {"source": "seen"}
        raise KeyboardInterrupt


def test_what_took_long_outlives_an_interruption(tmp_path):
    out = tmp_path / "new" / "out"
    interrupt(out)
    assert sorted(path.name for path in out.iterdir()) == ["seen.npz", SUMMARY]
    assert list(out.parent.iterdir()) == [out]
    with pytest.raises(UserError, match="go on with --resume, or begin anew with --overwrite"):
        new_folder(out, overwrite=False).__enter__()
    interrupt(out, resume=True)
    with new_folder(out, overwrite=False, resume=True) as work:
        write_results(work)
    assert unfinished(out) is None and not (out / "seen.npz").exists()
    refused(out, "exists already", overwrite=False, resume=True)


def test_a_finished_folder_stays_until_the_new_one_is_whole(tmp_path):
    out = tmp_path / "out"
    fill(out)
    before = sorted(out.iterdir())
    with pytest.raises(KeyboardInterrupt), new_folder(out, overwrite=True) as work:
        begin(out, work)
        raise KeyboardInterrupt
    assert sorted(out.iterdir()) == before and unfinished(out) is None


def test_what_was_added_to_an_unfinished_folder_is_nobody_s_to_delete(tmp_path):
    out = tmp_path / "out"
    interrupt(out)
    with new_folder(out, overwrite=False, resume=True) as work:
        (out / "notes.txt").write_text("mine")
        begin(out, work, "again")
        write_results(work)
    assert sorted(path.name for path in out.iterdir()) == ["notes.txt", "seen.npz", SUMMARY]
    assert (out / "seen.npz").read_text() == "seen" and (tmp_path / "out-1" / SUMMARY).exists()
    refused(out, "notes.txt, which sm-jax did not write", resume=True)


@pytest.mark.parametrize(
    "summary", ["[" * 100_000, "[]", '{"files": 3}', '{"files": null, "provenance": {"sm_jax": 1}}']
)
def test_a_summary_that_is_none_makes_the_folder_foreign(tmp_path, summary):
    out = tmp_path / "out"
    out.mkdir()
    (out / "summary.json").write_text(summary)
    with pytest.raises(UserError, match="which sm-jax did not write"), new_folder(out, overwrite=True):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["out"] and (out / "summary.json").read_text() == summary
