"""What is missing is named, with the command that mends it."""

import ast
import importlib.metadata
import pathlib

import jax

from sm_jax.assets.cache import asset_folder
from sm_jax.assets.table import ASSETS
from sm_jax.cli import doctor

SETUP = pathlib.Path(__file__).parents[2] / "setup.py"


def test_missing_and_damaged_assets_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path))
    found = dict(zip(ASSETS, doctor.assets(), strict=True))
    assert all(line.endswith(" MB)") and f"sm-jax fetch {name}" in line for name, line in found.items())
    folder = asset_folder("minilm")
    folder.mkdir(parents=True)
    for name in ASSETS["minilm"].files:
        (folder / name).write_text("rot")
    (line,) = (line for line in doctor.assets() if line.startswith("minilm"))
    assert "damaged" in line and line.endswith("run: sm-jax fetch minilm")


def test_caches_are_named_with_their_sizes(tmp_path, monkeypatch):
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    (tmp_path / "compiled").mkdir()
    (tmp_path / "compiled" / "program").write_bytes(bytes(3_000_000))
    everything, compiled, _ = doctor.caches()
    assert str(tmp_path / "cache") in everything and "not there yet" in everything
    assert str(tmp_path / "compiled") in compiled and "3 MB" in compiled
    (tmp_path / "cache").touch()
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "cannot be written: set SM_JAX_CACHE" in list(doctor.caches())[-1]


def test_missing_and_old_packages_are_named_by_extra(monkeypatch):
    wanted = [
        'opencv>=4; extra == "video"',
        'av>=14; extra == "video"',
        'tyro; python_version > "3"',
        'x; extra == "vlm"',
    ]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: wanted)

    def version(name):
        if name == "x":
            raise importlib.metadata.PackageNotFoundError
        return {"opencv": "4.10", "av": "13.1"}[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    lines = {line.split()[0]: line for line in doctor.extras()}
    assert lines["video"].endswith("av is 13.1, not >=14; run: pip install 'sm_jax[video]'")
    assert "x is missing" in lines["vlm"] and lines["text"].endswith("complete")

    def not_installed(_):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", not_installed)
    assert "sm_jax is not installed" in next(doctor.extras())


def test_the_extras_are_those_of_the_package():
    (extras,) = (
        node.value
        for node in ast.walk(ast.parse(SETUP.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "extras_require"
    )
    assert list(doctor.EXTRAS) == list(ast.literal_eval(extras))


def test_a_device_that_fails_is_no_traceback(monkeypatch):
    def fail():
        raise RuntimeError("Unable to initialize backend 'tpu'\nmore")

    monkeypatch.setattr(jax, "devices", fail)
    assert "JAX_PLATFORMS=cpu" in next(doctor.devices())


def test_versions_name_code_and_weights():
    lines = "\n".join(doctor.versions())
    assert "jax 0." in lines and "code " in lines and "infiller " in lines
