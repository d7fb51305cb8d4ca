"""Both people's skins as numbered mesh files, one a frame: Wavefront OBJ (y up) and binary PLY (z up), in metres.

They know no rate: frames are evenly spaced, `frame_000000` first, at the rate that `export.npz.steady` gives.
"""

import pathlib

import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body import smpl
from sm_jax.export import mesh
from sm_jax.export.npz import MotionFile, steady

R_OBJ_WORLD = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)  # z up to y up


def save_obj(folder: str | pathlib.Path, body: smpl.Body, content: MotionFile) -> None:
    """Write `frame_000000.obj` … into a folder, both people in each as the objects `person0` and `person1`.

    Raises UserError if a file cannot be written.
    """
    motion, _ = steady(content)
    faces = np.asarray(body.faces)
    V = len(body.v_template)
    # the format counts vertices through the whole file, from 1
    faces_of = [
        "".join(f"f {a} {b} {c}\n" for a, b, c in (faces + 1 + person * V).tolist())
        for person in range(len(content.rest_joints))
    ]
    for number, people in enumerate(mesh.posed_frames(body, motion)):
        with replacing(pathlib.Path(folder) / f"frame_{number:06d}.obj") as temporary, temporary.open("w") as file:
            file.write("# sm_jax: two people, y up, metres\n")  # some readers miss an object in the first line
            for person, vertices in enumerate(people @ R_OBJ_WORLD.T):
                file.write(f"o person{person}\n")
                file.writelines(f"v {x:.6f} {y:.6f} {z:.6f}\n" for x, y, z in vertices.tolist())
                file.write(faces_of[person])


def save_ply(folder: str | pathlib.Path, body: smpl.Body, content: MotionFile) -> None:
    """Write `frame_000000.ply` … into a folder, both people in each, told apart by the property `person` of a vertex
    and by its colour. Raises UserError if a file cannot be written."""
    motion, _ = steady(content)
    P, V, F = len(content.rest_joints), len(body.v_template), len(body.faces)
    colours = ("red", "green", "blue")
    vertices = np.zeros(P * V, [*((axis, "<f4") for axis in "xyz"), *((name, "u1") for name in (*colours, "person"))])
    who = np.repeat(np.arange(P), V)
    vertices["person"] = who
    for channel, name in enumerate(colours):
        vertices[name] = np.round(255 * mesh.COLOURS[who, channel])
    faces = np.zeros(P * F, [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"] = 3
    faces["corners"] = np.concatenate([np.asarray(body.faces) + person * V for person in range(P)])
    head = "\n".join([
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {P * V}",
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property uchar {name}" for name in (*colours, "person")),
        f"element face {P * F}",
        "property list uchar int vertex_indices",
        "end_header\n",
    ])  # fmt: skip
    for number, people in enumerate(mesh.posed_frames(body, motion)):
        for axis, name in enumerate("xyz"):
            vertices[name] = people[..., axis].ravel()
        with replacing(pathlib.Path(folder) / f"frame_{number:06d}.ply") as temporary:
            temporary.write_bytes(head.encode("ascii") + vertices.tobytes() + faces.tobytes())
