import itertools
import pathlib

import numpy as np
import pytest

from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.fitting.mocap.report import FitReport, PenetrationReport
from sm_jax.synthetic.build import build, make_parts
from sm_jax.synthetic.classes import CLASSES
from sm_jax.synthetic.recipes import Amass, BvhPair, BvhSingle, Cmu, Salsa, Synthetic, line, pairs
from tests.data.sources.test_bvh_pair import write


def test_the_packaged_takes_are_a_source(tmp_path):
    recipe = Salsa().recipe()
    assert recipe.count == len(list(recipe.items())) == 15 and "mocap.cs.cmu.edu" in recipe.acknowledgement
    first = next(iter(recipe.items()))
    sequence, told = first.make()
    assert sequence.name == first.name and told == sequence.texts[0]


def test_synthetic_items_are_every_class_and_number():
    recipe = Synthetic(per_class=3).recipe()
    names = [item.name for item in recipe.items()]
    assert len(names) == len(set(names)) == recipe.count == 3 * len(CLASSES)
    assert recipe.key != Synthetic(per_class=3, seed=1).recipe().key


def test_a_synthetic_sequence_has_the_name_of_its_item():
    item = next(itertools.islice(Synthetic(per_class=1).recipe().items(), 3, None))
    assert item.make()[0].name == item.name


def test_single_people_become_a_set(tmp_path):
    source = tmp_path / "amass" / "KIT"
    source.mkdir(parents=True)
    poses = np.zeros((90, 156))
    poses[:, 0] = np.pi / 2  # upright
    trans = np.tile([0.0, 0.0, 1.1], (90, 1))
    np.savez(source / "stand.npz", poses=poses, trans=trans, betas=np.zeros(16), gender="male", mocap_framerate=60.0)
    found = open_set(str(build(Amass(source_dir=tmp_path / "amass").recipe(), tmp_path / "sets")))
    (record,) = found.records["train"]
    assert len(record["pelvis"]) == 45 and record["present"].tolist() == [1, 0]


def test_files_that_do_not_pair_up_are_said(tmp_path):
    one = pathlib.Path("a.bvh")
    with pytest.raises(UserError, match="1 --first and 2 --second files: give as many of each"):
        BvhPair(first=(one,), second=(one, one)).recipe()
    with pytest.raises(UserError, match="0 --first and 1 --second files"):
        Amass(source_dir=pathlib.Path(), second=(one,)).recipe()
    with pytest.raises(UserError, match=r"a.bvh"):
        make_parts(BvhPair(first=(one,), second=(one,)).recipe(), tmp_path)


def test_folders_without_trials_are_said(tmp_path):
    with pytest.raises(UserError, match="no trial of CMU is there"):
        Cmu(source_dir=tmp_path).recipe()


def test_bvh_files_of_single_people_are_sorted_into_splits_and_faulty_ones_told(tmp_path, caplog):
    for name in ("walk/a", "walk/b", "dance/c", "dance/d", "e"):
        path = tmp_path / f"{name}.bvh"
        path.parent.mkdir(exist_ok=True)
        write(path, n_frames=40)
    (tmp_path / "e.bvh").write_text("nothing")
    write(tmp_path / "f.bvh", n_frames=10)
    recipe = BvhSingle(source_dir=tmp_path, val=("b.bvh",), test=("dance/c*",), omit=("d.*",)).recipe()
    reads = {item.name: item.make.args[0]() for item in recipe.items()}  # pyrefly: ignore[missing-attribute]
    assert {name: take.split for name, take in reads.items()} == {"walk_a": "train", "walk_b": "val", "dance_c": "test"}
    said = caplog.text
    assert "e.bvh: not a BVH file" in said and "f: 0.33 s are too short: left out" in said and recipe.count == 5
    with pytest.raises(UserError, match="no BVH files there"):
        BvhSingle(source_dir=tmp_path, omit=("*",)).recipe()


def test_corrections_of_the_mapping():
    assert pairs(["left_hand=LeftHandMiddle1", "head=Head=Top"]) == {"left_hand": "LeftHandMiddle1", "head": "Head=Top"}
    with pytest.raises(UserError, match="--map head: write landmark=joint"):
        pairs(["head"])


def test_a_report_names_every_joint():
    inside = PenetrationReport(largest=60.0, mean=5.0, deep=0.25)
    report = FitReport(
        joint_error={"left_hip": 12.4, "head": 70.0},
        line_error=1.44,
        gap_before=np.array([300.0]),
        gap_after=np.array([60.0]),
        hold_share=0.5,
        skate_before=120.0,
        skate_after=106.0,
        penetration_before=inside,
        penetration_after=inside,
    )
    assert line(report) == (
        "bones 1.4 deg, skate 120 -> 106 mm/s, inside each other 25 % of frames, hands hold in 50 % of frames, "
        "300 -> 60 mm apart; joints off by (mm): left_hip 12, head 70"
    )


def test_pairs_of_two_takes_have_two_names():
    paths = [(pathlib.Path(f"take{n}/P1.bvh"), pathlib.Path(f"take{n}/P2.bvh")) for n in (1, 2)]
    paths.append((pathlib.Path("take2/P1.bvh"), pathlib.Path("P3.bvh")))
    first, second = zip(*paths, strict=True)
    names = [item.name for item in BvhPair(first=first, second=second).recipe().items()]
    assert names == ["take1_P1_P2", "take2_P1_P2", "P1_P3"]
