"""OBJ and PLY files, read by trimesh, hold our vertices."""

import numpy as np
import pytest

from sm_jax.export import mesh
from sm_jax.export.mesh_sequence import save_obj, save_ply

trimesh = pytest.importorskip("trimesh", reason="trimesh, which reads the meshes back, is not installed")


def test_obj(body, content, tmp_path):
    save_obj(tmp_path, body, content)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"frame_{n:06d}.obj" for n in range(7)]
    scene = trimesh.load_scene(tmp_path / "frame_000003.obj", process=False, split_objects=True)
    ours = mesh.posed_vertices(body, content)[:, 3][..., [0, 2, 1]] * [1, 1, -1]
    assert sorted(scene.geometry) == ["person0", "person1"]
    for person, vertices in enumerate(ours):
        read = scene.geometry[f"person{person}"]
        np.testing.assert_allclose(corners(read), vertices[np.asarray(body.faces)], atol=1e-5)
        assert read.vertices[:, 1].max() > 1.5, "y is up"


def test_ply(body, content, tmp_path):
    save_ply(tmp_path, body, content)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"frame_{n:06d}.ply" for n in range(7)]
    read = trimesh.load_mesh(tmp_path / "frame_000006.ply", process=False)
    ours = mesh.posed_vertices(body, content)[:, 6]
    np.testing.assert_allclose(read.vertices, ours.reshape(-1, 3), atol=1e-6)
    V = ours.shape[1]
    np.testing.assert_array_equal(read.faces, np.concatenate([body.faces, np.asarray(body.faces) + V]))
    assert read.vertices[:V, 2].max() > 1.5, "z is up"
    np.testing.assert_array_equal(read.visual.vertex_colors[0, :3], np.round(255 * mesh.COLOURS[0]))
    np.testing.assert_array_equal(read.visual.vertex_colors[-1, :3], np.round(255 * mesh.COLOURS[1]))


def test_uneven_frames_become_a_steady_rates(body, uneven, tmp_path):
    save_ply(tmp_path, body, uneven)
    assert len(list(tmp_path.iterdir())) == 23  # 0.75 s at 30
    read = trimesh.load_mesh(tmp_path / "frame_000018.ply", process=False)
    np.testing.assert_allclose(read.vertices, mesh.posed_vertices(body, uneven)[:, 3].reshape(-1, 3), atol=1e-4)


def corners(read):
    """Corners of all triangles [F, 3, 3], whatever order a reader gives the vertices."""
    return np.asarray(read.vertices)[np.asarray(read.faces)]
