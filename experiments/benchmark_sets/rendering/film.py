"""A video of two dressed people before a background, as a camera of no great price would take it."""

import pathlib
from collections.abc import Iterable, Iterator

import av
import cv2
import numpy as np

from experiments.benchmark_sets.rendering.backgrounds import camera_effects, floor_shadows, random_scene
from experiments.benchmark_sets.rendering.cameras import shot_at
from experiments.benchmark_sets.rendering.clothes import Outfit
from sm_jax.body import smpl
from sm_jax.export import mesh, render
from sm_jax.types import Camera, Motion

FPS = 30
SHUTTER = ((-0.12, (-0.25, -0.25)), (0.12, (0.25, 0.25)))  # two looks at a frame: frames from it, and pixels aside


def save_video(path: pathlib.Path, pictures: Iterable[np.ndarray], crf: int) -> None:
    """Write pictures [H, W, 3] uint8 with even sides as H.264 at FPS. crf: how hard they are compressed."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": str(crf), "preset": "veryfast"})
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            if number == 0:
                stream.height, stream.width = picture.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def film_frames(
    rng: np.random.Generator, skin: smpl.Body, motion: Motion, camera: Camera, outfits: list[Outfit]
) -> Iterator[np.ndarray]:
    """The T frames [H, W, 3] uint8 of a motion [P, T] on the body `skin`, over a floor at z = 0. outfits: [P]."""
    vertices = np.asarray(smpl.vertices(skin, smpl.pose(skin, motion)))
    thickness = np.stack([outfit.thickness for outfit in outfits])[..., None].astype(np.float32)
    colours = np.stack([outfit.colours for outfit in outfits])
    first = shot_at(camera, 0)
    scene = random_scene(rng, vertices[:, ::8, ::8].reshape(-1, 3), first.position, first.size)
    still = scene.picture(first) if (np.ptp(camera.R, axis=0) == 0).all() else None
    light = np.append(rng.normal(size=2) * 0.6, 1.0)
    finish = camera_effects(rng, first.size)
    for frame in range(vertices.shape[1]):
        now = shot_at(camera, frame)
        empty = scene.picture(now) if still is None else still
        empty = cv2.multiply(empty, floor_shadows(now, vertices[:, frame], light), scale=1 / 255)
        normals = mesh.vertex_normals(vertices[:, frame], skin.faces)
        lit = colours * (0.9 + 0.35 * np.clip(normals @ light / np.linalg.norm(light), 0, 1))[..., None]
        exposed = np.zeros(empty.shape, np.float32)
        for moment, aside in SHUTTER:
            other = vertices[:, np.clip(frame + int(np.sign(moment)), 0, vertices.shape[1] - 1)]
            moved = vertices[:, frame] + abs(moment) * (other - vertices[:, frame]) + thickness * normals
            part, near = crop_to(now, moved, aside)
            picture, person = render.bodies(near, moved, skin.faces, lit)
            looked = empty.copy()
            np.copyto(looked[part], picture, where=person[..., None] >= 0)
            exposed += looked
        yield finish(exposed / len(SHUTTER))


def crop_to(
    now: render.Shot, vertices: np.ndarray, aside: tuple[float, float]
) -> tuple[tuple[slice, slice], render.Shot]:
    """The part of the picture in which vertices [P, V, 3] are, and the camera of that part. aside: pixels."""
    pixels, _ = now.project(vertices[:, ::4])
    low = np.clip(pixels.min(axis=(0, 1)) - 8, 0, np.array(now.size) - 1).astype(int)
    high = np.clip(pixels.max(axis=(0, 1)) + 8, low + 1, now.size).astype(int)
    K = now.K.copy()
    K[:2, 2] += np.array(aside) - low
    width, height = (high - low).tolist()
    return np.s_[low[1] : high[1], low[0] : high[0]], render.Shot(K=K, R=now.R, t=now.t, size=(width, height))
