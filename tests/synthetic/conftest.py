"""One body and two people on it."""

import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.synthetic.cast import measure, skin


@pytest.fixture(scope="session")
def body():
    return load_body("open-low")


@pytest.fixture(scope="session")
def skins(body):
    betas = np.zeros((2, body.shapedirs.shape[-1]), np.float32)
    betas[1, 0] = 1.0
    return skin(body, betas)


@pytest.fixture(scope="session")
def cast(skins):
    return measure(skins, 0), measure(skins, 1)
