"""`sm-jax export`: what is written where, what it says of itself, and what is refused before anything is written."""

import dataclasses
import json
import pathlib
import re
import sys
import typing
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from experiments.lib.random_body import random_arrays
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS
from sm_jax.cli.export import Export
from sm_jax.errors import UserError
from sm_jax.export import mesh
from sm_jax.export.formats import CONVENTIONS, Format, export_to_folder
from sm_jax.export.npz import body_of, motion_path, save_motion

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "exporting.md"
FORMATS = typing.get_args(Format)
FILES: dict[Format, list[str]] = {
    "glb": ["people.glb"],
    "bvh": ["person0.bvh", "person1.bvh"],
    "amass": ["person0_amass.npz", "person1_amass.npz"],
    "pkl": ["people.pkl"],
    "motion": ["people.motion"],
    "obj": [f"obj/frame_{n:06d}.obj" for n in range(7)],
    "ply": [f"ply/frame_{n:06d}.ply" for n in range(7)],
}


@pytest.fixture
def result(content, tmp_path):
    """A folder as `sm-jax reconstruct` writes it, of which the motion counts here."""
    folder = tmp_path / "result"
    folder.mkdir()
    save_motion(folder / "motion.npz", content)
    return folder


def test_every_format_but_usd_in_one_folder(result, content, tmp_path):
    out = tmp_path / "new" / "out"
    export_to_folder(result, out, [*FILES, "glb"])
    written = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    summary = json.loads((out / "summary.json").read_text())
    assert (
        written == summary["files"] == sorted(["summary.json", *(name for names in FILES.values() for name in names)])
    )
    assert list(summary["formats"]) == list(FILES) and summary["joint_names"] == list(JOINTS)
    assert summary["formats"]["bvh"] == {
        "up": "y", "unit": "centimetre", "rate": "a steady rate", "frames_per_second": 25
    }  # fmt: skip
    assert summary["provenance"]["motion"] == content.provenance and "open body" in summary["body_terms"]


def test_usd(result, tmp_path):
    pytest.importorskip("pxr", reason="usd-core, which writes USD, is not installed")
    export_to_folder(result / "motion.npz", tmp_path / "out", ["usd"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["people.usdc", "summary.json"]


def test_uneven_frames_have_a_steady_rate_where_a_format_knows_no_times(uneven, tmp_path):
    save_motion(tmp_path / "motion.npz", uneven)
    export_to_folder(tmp_path, tmp_path / "out", ["glb", "bvh"])
    formats = json.loads((tmp_path / "out" / "summary.json").read_text())["formats"]
    assert [formats[name]["frames_per_second"] for name in ("glb", "bvh")] == [8, 30]


def test_nothing_of_the_users_is_overwritten(result, tmp_path):
    out = tmp_path / "out"
    export_to_folder(result, out, ["bvh"])
    refused(result, out, "exists already", formats=["amass"])
    export_to_folder(result, out, ["amass"], overwrite=True)
    assert not (out / "person0.bvh").exists() and (out / "person0_amass.npz").exists()
    (out / "mine.txt").write_text("mine")
    refused(result, out, "mine.txt, which sm-jax did not write", overwrite=True)
    refused(result, result, "exists already")
    refused(result, result, "holds the input", overwrite=True)
    assert (result / "motion.npz").is_file()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "nowhere: no such file"),
        (lambda folder: folder.mkdir(), "holds no motion.npz; give a folder"),
        (lambda folder: (folder.mkdir(), (folder / "observation.npz").touch()), "--resume"),
        (lambda folder: folder.write_text("no archive"), "is not a motion.npz"),
        (lambda folder: np.savez(folder.open("wb"), keypoints=np.zeros(3)), "is an observation"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path, make, words):
    make(tmp_path / "nowhere")
    refused(tmp_path / "nowhere", tmp_path / "out", words)


def test_a_missing_package_is_named_before_anything_is_read(result, tmp_path, monkeypatch):
    for module in ("pxr", "sm_jax.export.usd"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "pxr", None)
    refused(result, tmp_path / "out", r"pip install 'sm_jax\[usd\]'", formats=["bvh", "usd"])
    refused(result, tmp_path / "out", "name a format", formats=[])


def test_a_licensed_body_is_asked_for_and_checked(body, content, tmp_path):
    np.savez(tmp_path / "SMPL.npz", **random_arrays())
    licensed = load_body(tmp_path / "SMPL.npz")
    moved = dataclasses.replace(content, body="SMPL")
    save_motion(tmp_path / "motion.npz", moved)
    refused(tmp_path, tmp_path / "out", "licensed body that does not travel", formats=["glb"])
    refused(
        tmp_path, tmp_path / "out", "is not the body of this motion", formats=["glb"], body_name=tmp_path / "SMPL.npz"
    )
    export_to_folder(tmp_path, tmp_path / "out", ["bvh", "amass"])
    rest = np.stack([np.asarray(mesh.smpl.rest_joints(licensed, betas)) for betas in content.motion.betas])
    assert body_of(dataclasses.replace(moved, rest_joints=rest), tmp_path / "SMPL.npz").name == "SMPL"


def refused(source, out, words, formats: Sequence[Any] = ("bvh",), body_name=None, overwrite=False):
    before = sorted(out.parent.rglob("*"))
    with pytest.raises(UserError, match=words) as error:
        export_to_folder(source, out, formats, body_name=body_name and str(body_name), overwrite=overwrite)
    assert "\n" not in str(error.value) and len(str(error.value)) < 300
    assert sorted(out.parent.rglob("*")) == before


def test_a_folder_stands_for_the_file_inside(result):
    assert motion_path(result) == motion_path(str(result / "motion.npz")) == result / "motion.npz"


def test_the_page_says_what_the_files_say():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text(), re.M))
    assert set(FORMATS) == set(CONVENTIONS)
    for name, said in CONVENTIONS.items():
        cells = rows[name].split(" | ")
        assert cells[1:4] == [said["up"], said["unit"], said["rate"]], name
    hint = typing.get_type_hints(Export)["format"]
    assert typing.get_args(typing.get_args(hint)[0]) == FORMATS
