"""The viewer builds its scene without a browser, and its bones follow the slider."""

import socket

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed; pip install 'sm_jax[viewer]'")

import viser

from sm_jax.export.viewer import ViewerScene


@pytest.fixture
def server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = viser.ViserServer(host="127.0.0.1", port=port, verbose=False)
    yield server
    server.stop()


def test_the_bodies_follow_the_slider(server, body, content):
    scene = ViewerScene(server, body, content)
    for frame in (0, 4):
        scene.show(frame)
        for person in range(2):
            bones = np.array([bone.position for bone in scene.people[person].bones])
            np.testing.assert_allclose(bones, content.joints[person, frame], atol=1e-5)
    np.testing.assert_allclose(scene.camera.position, [0, -4, 1], atol=1e-6)
    assert scene.frame.max == 6
