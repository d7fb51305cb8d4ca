import pytest

from sm_jax.body.io import load_body


@pytest.fixture(scope="session")
def body():
    return load_body("open-low")
