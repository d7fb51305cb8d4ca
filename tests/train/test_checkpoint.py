import dataclasses
import json
import pathlib
import random
import shutil
import signal
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from configs import tiny
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from sm_jax.pipeline.provenance import code_version
from sm_jax.train import infilled_windows
from sm_jax.train.checkpoint import META, Checkpoints
from sm_jax.train.state import TrainState, create
from tests.processes import start, wait_until
from tests.train.programs import same_bits, steps_logged, training
from tests.train.small_run import examples

SAVE_EVERY = 2  # steps of trainings that are killed
STATISTICS = Statistics(mean=np.zeros(D, np.float32), std=np.ones(D, np.float32))


def state(step: int) -> TrainState:
    fresh = create({"w": jnp.arange(3.0)}, optax.adam(0.1))
    return dataclasses.replace(fresh, step=jnp.int32(step), ema={"w": jnp.arange(3.0) + step})


def test_newest_of_two_comes_back(tmp_path):
    checkpoints = Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=False)
    assert checkpoints.restore(state(0)).step == 0
    for step in (2, 4, 6):
        checkpoints.save(state(step))
    checkpoints.close()
    again = Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=True)
    found = again.restore(state(0))
    jax.tree.map(np.testing.assert_array_equal, found, state(6))
    assert again.latest == 6 and not (tmp_path / "2").exists()
    again.close()


def test_other_data_and_damage_are_refused(tmp_path):
    Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=False).close()
    other = dataclasses.replace(STATISTICS, std=2 * STATISTICS.std)
    with pytest.raises(UserError, match="statistics differ"):
        Checkpoints(tmp_path, tiny.INFILLER, other, resume=True)
    with pytest.raises(UserError, match="kind: RefinerTraining here, InfillerTraining there"):
        Checkpoints(tmp_path, tiny.REFINER, STATISTICS, resume=True)
    for content in (b"{", b"[]", b"\xff", b"{}", b"[" * 100_000):
        (tmp_path / META).write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=True)


def random_state(step: int) -> TrainState:
    """Numbers that do not compress, so that no damage can miss them."""
    fresh = create({"w": np.random.default_rng(step).normal(size=3000).astype(np.float32)}, optax.adam(0.1))
    return dataclasses.replace(fresh, step=jnp.int32(step))


@pytest.fixture(scope="module")
def two_kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    checkpoints = Checkpoints(folder, tiny.INFILLER, STATISTICS, resume=False)
    for step in (2, 4):
        checkpoints.save(random_state(step))
    checkpoints.close()
    return folder


def arrays(folder: pathlib.Path) -> pathlib.Path:
    """The file in which Orbax keeps the numbers."""
    return max((folder / "params").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)


def cut(folder: pathlib.Path) -> None:
    with arrays(folder).open("r+b") as file:
        file.truncate(100)


def flip(folder: pathlib.Path) -> None:
    content = bytearray(arrays(folder).read_bytes())
    content[len(content) // 2] ^= 1
    arrays(folder).write_bytes(content)


def empty(folder: pathlib.Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


DAMAGES = {
    "cut": cut,
    "flip": flip,
    "empty": empty,
    "no weights": lambda folder: shutil.rmtree(folder / "params"),
    "no optimiser": lambda folder: shutil.rmtree(folder / "optimiser"),
    "no facts": lambda folder: (folder / "meta" / "metadata").write_text("{"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_newest_one_gives_way_to_the_one_before(two_kept, tmp_path, capsys, kind):
    shutil.copytree(two_kept, tmp_path / "run")
    DAMAGES[kind](tmp_path / "run" / "4")
    checkpoints = Checkpoints(tmp_path / "run", tiny.INFILLER, STATISTICS, resume=True)
    found = checkpoints.restore(random_state(0))
    jax.tree.map(np.testing.assert_array_equal, found, random_state(2))
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "damaged" in line]
    assert said.startswith(f"{tmp_path / 'run'}: checkpoint 4 is damaged (") and said.endswith("going on from step 2")
    assert (tmp_path / "run" / "damaged_4").is_dir() and checkpoints.latest == 2
    checkpoints.save(random_state(4))  # it is done again
    checkpoints.close()
    again = Checkpoints(tmp_path / "run", tiny.INFILLER, STATISTICS, resume=True)
    assert again.restore(random_state(0)).step == 4
    again.close()


def test_where_all_are_damaged_nothing_is_touched(two_kept, tmp_path):
    shutil.copytree(two_kept, tmp_path / "run")
    cut(tmp_path / "run" / "2")
    empty(tmp_path / "run" / "4")
    checkpoints = Checkpoints(tmp_path / "run", tiny.INFILLER, STATISTICS, resume=True)
    with pytest.raises(
        UserError, match="every checkpoint in .* is damaged .4: .*; 2: .*: name another folder"
    ) as caught:
        checkpoints.restore(random_state(0))
    assert str(caught.value).isprintable() and len(str(caught.value)) < 600
    assert {path.name for path in (tmp_path / "run").iterdir()} == {META, "2", "4"}
    checkpoints.close()


def test_a_training_goes_on_from_the_one_before(tmp_path):
    """And ends where it would have ended."""
    start(1, training, folder=str(tmp_path / "whole")).result()
    shutil.copytree(tmp_path / "whole", tmp_path / "damaged", ignore=shutil.ignore_patterns("final*"))
    cut(tmp_path / "damaged" / "6")
    (tmp_path / "damaged" / "log.jsonl").write_bytes(b"\xff\n" + (tmp_path / "whole" / "log.jsonl").read_bytes())
    process = start(1, training, folder=str(tmp_path / "damaged"), resume=True)
    err = process.complaints()
    assert process.returncode == 0, err
    assert "checkpoint 6 is damaged" in err and "going on from step 4" in err
    same_bits(tmp_path / "damaged", tmp_path / "whole")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is no folder"):
        Checkpoints(tmp_path / "file", tiny.INFILLER, STATISTICS, resume=False)


def test_what_made_it_is_written_down(tmp_path):
    Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=False).close()
    facts = json.loads((tmp_path / META).read_text())
    assert facts["kind"] == "InfillerTraining" and facts["versions"]["jax"] == jax.__version__
    assert facts["commit"] == code_version()


def test_items_and_data_position(tmp_path):
    data = dataclasses.replace(tiny.INFILLER.data, data_echo=2)
    checkpoints = Checkpoints(tmp_path, dataclasses.replace(tiny.INFILLER, data=data), STATISTICS, resume=False)
    checkpoints.save(state(6))
    checkpoints.close()
    items = {path.name for path in (tmp_path / "6").iterdir() if path.is_dir()}
    assert items == {"params", "optimiser", "meta"}
    meta = json.loads((tmp_path / "6" / "meta" / "metadata").read_text())
    assert meta["data_position"] == 3 and meta["config"]["data"]["data_echo"] == 2 and meta["versions"]


@pytest.mark.parametrize("devices", [2, pytest.param(1, marks=pytest.mark.slow)])
def test_eight_devices_go_on_as_fewer(tmp_path, devices):
    """What eight devices saved at step 4 ends as it did with them."""
    whole = start(8, training, folder=str(tmp_path / "eight")).result()
    folder = tmp_path / "fewer"
    shutil.copytree(tmp_path / "eight", folder, ignore=shutil.ignore_patterns("6", "final*"))
    found = start(devices, training, folder=str(folder), resume=True).result()
    assert found["devices"] == devices and found["steps"] == 6
    np.testing.assert_allclose(found["losses"], whole["losses"], rtol=1e-5)
    with np.load(folder / "final_0.npz") as ours, np.load(tmp_path / "eight" / "final_0.npz") as theirs:
        for name in ours.files:
            np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5)


def kill_and_resume(folder: pathlib.Path, moments: list[int], chance: random.Random, **options) -> int:
    """Train to the end, killed a random instant after each of some steps. Returns how many deaths were amid a save."""
    amid = 0
    for moment in moments:
        process = start(1, training, folder=str(folder), resume=(folder / "run.json").exists(), **options)
        wait_until(lambda m=moment: steps_logged(folder) >= m, process)
        time.sleep(chance.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.complaints()
        assert process.returncode == -signal.SIGKILL, "it had ended before"
        amid += any("tmp" in path.name for path in folder.rglob("*"))
    assert start(1, training, folder=str(folder), resume=True, **options).result()["steps"] == options["steps"]
    return amid


def deaths(tmp_path: pathlib.Path, count: int, seed: int, **options) -> int:
    start(1, training, folder=str(tmp_path / "whole"), **options).result()
    chance = random.Random(seed)
    moments = sorted(chance.sample(range(1, options["steps"] - 5), count))
    amid = kill_and_resume(tmp_path / "killed", moments, chance, **options)
    same_bits(tmp_path / "killed", tmp_path / "whole")
    assert (tmp_path / "killed" / "log.jsonl").read_text().count("\n") == options["steps"]
    return amid


def test_a_death(tmp_path):
    deaths(tmp_path, 1, seed=0, steps=60, save_every=SAVE_EVERY)


@pytest.mark.slow
def test_twenty_deaths_of_an_infiller(tmp_path):
    infilled_windows.save(tmp_path / "examples.npz", (np.zeros(1), examples()), "test")
    options = {"steps": 200, "save_every": SAVE_EVERY, "examples": str(tmp_path / "examples.npz")}
    assert deaths(tmp_path, 20, seed=1, **options) > 3
