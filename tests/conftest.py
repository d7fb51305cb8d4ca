"""Strictness and speed for every test: no silent rank promotion, no silent dtype promotion in the mathematical
packages, compiled programs kept between runs, and no test skipped without a printed reason."""

import gc
import os
import pathlib
from collections import Counter
from typing import Any

# Most of the time goes into compiling. Without optimisation and with the older of XLA's two emitters of loops it is a
# third, and what is compiled means the same.
os.environ["XLA_FLAGS"] = " ".join([
    "--xla_backend_optimization_level=0", "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_use_fusion_emitters=false", "--xla_cpu_parallel_codegen_split_count=1", os.environ.get("XLA_FLAGS", ""),
])  # fmt: skip
# In the environment, so that the processes that tests start share what is compiled.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(pathlib.Path("~/.cache/sm_jax/compiled-tests").expanduser()))
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"  # two thirds of a small program's time too

import jax
import pytest

import sm_jax  # noqa: F401 - before OpenCV, which reads its limits when it loads

TESTS = pathlib.Path(__file__).parent
gc.set_threshold(200_000, 20, 20)  # tracing makes objects by the million: a fifth of its time was spent collecting them
# optax and flax themselves promote dtypes, so strictness is a context around these folders only
STRICT_DTYPES = frozenset({"geometry", "body", "motion", "energies", "diffusion"})
FEW = 4  # processes of pytest-xdist
MAPS, MOST_MAPS = pathlib.Path("/proc/self/maps"), 25_000  # about 4 GB of programs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too")
    parser.addoption("--network", action="store_true", help="run the tests that ask a package registry too")


def pytest_configure() -> None:
    jax.config.update("jax_numpy_rank_promotion", "raise")
    try:
        jax.devices()
    except RuntimeError:  # an accelerator's plugin is installed, the accelerator is not there
        jax.config.update("jax_platforms", "cpu")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # what takes longest begins first: the folders with the most files
    size = Counter(path.relative_to(TESTS).parts[0] for path in {item.path for item in items})
    items.sort(key=lambda item: (-size[item.path.relative_to(TESTS).parts[0]], str(item.path)))
    for item in items:
        for marker in ("slow", "network"):
            if item.get_closest_marker(marker) and not config.getoption(f"--{marker}"):
                item.add_marker(pytest.mark.skip(reason=f"marked {marker}: runs with --{marker}"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any):
    """What one process has traced another must trace again: of few, each takes whole folders; of many, files."""
    from xdist.scheduler import LoadFileScheduling

    class LoadFolderScheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "/".join(nodeid.split("::")[0].split("/")[:2])

    return LoadFolderScheduling(config, log) if len(config.option.tx) <= FEW else LoadFileScheduling(config, log)


@pytest.fixture(autouse=True)
def strict_dtype_promotion(request: pytest.FixtureRequest):
    folder = request.path.relative_to(TESTS).parts[0]
    with jax.numpy_dtype_promotion("strict" if folder in STRICT_DTYPES else "standard"):
        yield


@pytest.fixture(autouse=True, scope="module")
def few_compiled_programs():
    """A process that holds many compiled programs forgets them after a file; they stay on disk. Each holds memory maps,
    of which Linux allows a process 65,530: beyond, it dies."""
    yield
    if MAPS.exists() and MAPS.read_bytes().count(b"\n") > MOST_MAPS:
        jax.clear_caches()
