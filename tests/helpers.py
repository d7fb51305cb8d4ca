"""What several test files need."""

import pathlib

import pytest

from sm_jax.assets.cache import cached


def cached_asset(name: str) -> pathlib.Path:
    """The asset if it is in the cache; otherwise the test is skipped and says why. `make test` fills the cache."""
    path = cached(name)
    if path is None:
        pytest.skip(f"asset {name} is not in the cache; pull it with: sm-jax fetch {name}")
    return path
