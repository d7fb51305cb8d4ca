"""Files are whole or absent."""

import pytest

from sm_jax.assets.files import check_writable, replacing
from sm_jax.errors import UserError


def test_success_replaces_and_leaves_nothing_else(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert temporary.suffix == ".txt" and target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_failure_keeps_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(target) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_missing_folder_is_the_users(tmp_path):
    with pytest.raises(UserError, match="does not exist"), replacing(tmp_path / "no" / "a.txt"):
        pass


def test_a_place_that_cannot_be_written_is_known_before(tmp_path):
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"
    for path in (ours, theirs):
        path.write_text(path.stem)
    (tmp_path / "link.json").symlink_to(ours)
    mine = lambda path: path.read_text() == "ours"  # noqa: E731
    for path, overwrite, words in (
        (tmp_path, True, "is a folder"),
        (tmp_path / "link.json", True, "is a link"),
        (ours, False, "exists already"),
        (theirs, True, "did not write"),
        (tmp_path / "no" / "a.json", True, "does not exist"),
        (ours / "a.json", True, "does not exist"),
    ):
        with pytest.raises(UserError, match=words) as error:
            check_writable(path, overwrite=overwrite, ours=mine)
        assert "\n" not in str(error.value)
    check_writable(ours, overwrite=True, ours=mine)
    check_writable(tmp_path / "new.json", overwrite=False, ours=mine)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.json", "ours.json", "theirs.json"]
