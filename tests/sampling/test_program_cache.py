"""Programs that are kept between processes, of a function as small as can be."""

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.sampling import program_cache
from sm_jax.sampling.inputs import Samples
from sm_jax.types import Motion

ARGUMENTS = ({"a": np.ones(3, np.float32)}, 2.0)


@pytest.fixture
def traced() -> list[str]:
    return []


@pytest.fixture
def small(traced):
    """A sampler that says when it is traced."""

    def function(tree, factor, static) -> Samples:
        traced.append(static)
        x = factor * tree["a"]
        motion = Motion(global_orient=x, body_pose=x, pelvis=x, betas=x)
        how = {"joints": x, "state": x, "total": x, "share": x}
        return Samples(motion=motion, stages={"refined": motion}, before={}, after={"term": x.sum()}, **how)

    return function


def new_process() -> None:
    program_cache.program.cache_clear()


def test_a_new_process_traces_nothing(tmp_path, small, traced):
    for factor in (2.0, 3.0):
        for _ in range(2):
            found = program_cache.call_cached(str(tmp_path), small, (ARGUMENTS[0], factor), "same")
            assert isinstance(found, Samples) and isinstance(found.motion, Motion)
            np.testing.assert_array_equal(found.motion.pelvis, factor * np.ones(3))
            np.testing.assert_array_equal(found.after["term"], 3.0 * factor)
        new_process()
    assert traced == ["same"] and len(list(tmp_path.iterdir())) == 1


def test_what_the_program_depends_on_makes_another(tmp_path, small, traced, monkeypatch):
    def call(arguments=ARGUMENTS, static="same"):
        new_process()
        program_cache.call_cached(str(tmp_path), small, arguments, static)
        return len(traced)

    assert call() == 1 and call() == 1
    assert call(static="other") == 2
    assert call(({"a": np.ones(4, np.float32)}, 2.0)) == 3
    assert call(({"a": jnp.ones(3, jnp.bfloat16)}, 2.0)) == 4
    monkeypatch.setattr(program_cache, "hash_files", lambda folder: "other code")
    assert call() == 5


def test_a_damaged_file_is_named_and_made_anew(tmp_path, small, traced, caplog):
    program_cache.call_cached(str(tmp_path), small, ARGUMENTS, "same")
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    new_process()
    program_cache.call_cached(str(tmp_path), small, ARGUMENTS, "same")
    assert f"{path.name} is damaged" in caplog.text
    assert len(traced) == 2 and len(path.read_bytes()) == len(whole)
