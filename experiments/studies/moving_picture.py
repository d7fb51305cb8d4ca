"""The README's moving picture: a held-out dance, filmed and reconstructed, the first estimate above the result.

    python -m experiments.studies.moving_picture --out out/moving        (5 minutes on 2 cores)

Films FRAMES frames of a real dance that no training saw, as `benchmark_sets.render` does (motion capture, drawn as
clothed people, by the camera in which they hide little or much of each other), gives the video to `sm-jax reconstruct`
with its focal length and a sentence, draws both motions over the video and from the side, and makes of that an animated
WebP. What is in the folder already is gone on from.
"""

import pathlib
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image

from experiments.benchmark_sets.rendering.cameras import choose_camera
from experiments.benchmark_sets.rendering.clothes import dress
from experiments.benchmark_sets.rendering.film import film_frames, save_video
from experiments.lib.program import run
from experiments.lib.results import DOCS
from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.data.store import open_set
from sm_jax.export.npz import MotionFile
from sm_jax.export.overlay import save_overlay
from sm_jax.perception.frames import probe, read_frames
from sm_jax.pipeline.folder import reconstruct_to_folder
from sm_jax.pipeline.result import Result, load_result
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers import from_user

TAKE, START, FRAMES = "salsa_13", 300, 96
TEXT = "Two people dance salsa and hold hands."
CRF = 20
TILE = 320  # pixels
EVERY = 2  # of the frames, shown at 15 a second
QUALITY = 60
MARGIN = 1.25  # side of the tile over that of the box around both people


def film(path: pathlib.Path, take: str, start: int, much: bool, seed: int) -> float:
    """Write the video of a held-out take, whole or not at all. Returns its camera's focal length in pixels."""
    record = next(r for r in open_set("salsa").records["test"] if str(r["name"]) == take)
    motion = codec.decode(record, start, start + FRAMES).motion
    skin = load_body("open-full")
    camera, _ = choose_camera(np.random.default_rng([seed, 0]), load_body("open-low"), motion, much, by_hand=False)
    if not path.exists():
        outfits = [dress(np.random.default_rng([seed, 2 + person]), skin) for person in range(2)]
        partial = path.with_suffix(".partial.mp4")
        save_video(partial, film_frames(np.random.default_rng([seed, 1]), skin, motion, camera, outfits), CRF)
        partial.replace(path)
    return float(camera.K[0, 0])


def drawn(result: Result, content: MotionFile, path: pathlib.Path, label: str) -> Iterator[np.ndarray]:
    """Two tiles [TILE, 2 TILE, 3] of every frame that is shown: people over the video, and from the side."""
    if not path.exists():
        save_overlay(path, result.clip().pictures_or_grey(content.frame_index), result.body, content)
    for number, frame in enumerate(read_frames(probe(path), 30.0)):
        if number % EVERY == 0:
            height = frame.image.shape[0]
            left = frame.image[:, :-height]
            x, y, side = _around(result, left.shape[1])
            tiles = [left[y : y + side, x : x + side], frame.image[: round(0.94 * height), -round(0.97 * height) :]]
            row = np.concatenate([cv2.resize(t, (TILE, TILE), interpolation=cv2.INTER_AREA) for t in tiles], axis=1)
            for shift, ink in ((1, (0, 0, 0)), (0, (255, 255, 255))):
                cv2.putText(row, label, (10 + shift, 24 + shift), cv2.FONT_HERSHEY_SIMPLEX, 0.6, ink, 1, cv2.LINE_AA)
            yield row


def _around(result: Result, width: int) -> tuple[int, int, int]:
    """Left, top and side of a square around both people over the whole clip, in a panel of a width in pixels."""
    seen, size = result.observation, np.asarray(result.content.camera.image_size)
    points = np.asarray(seen.keypoints)[np.asarray(seen.keypoint_confidence) > 0.3] * width / size[0]
    low, high = points.min(axis=0), points.max(axis=0)
    panel = np.array([width, width * size[1] / size[0]])
    side = min(MARGIN * float((high - low).max()), float(panel.min()))
    x, y = np.clip((low + high - side) / 2, 0, panel - side)
    return int(x), int(y), int(side)


def main(
    out: pathlib.Path,
    take: str = TAKE,
    start: int = START,
    much: bool = False,
    seed: int = 0,
    picture: pathlib.Path = DOCS / "dance.webp",
) -> None:
    """Film, reconstruct, draw.

    Args:
        out: folder for the video and the result.
        take: a held-out dance.
        start: its first frame.
        much: take the camera in which the people hide much of each other.
        seed: of camera, clothes and background.
        picture: the moving picture.
    """
    out.mkdir(parents=True, exist_ok=True)
    video, folder = out / "dance.mp4", out / "result"
    focal = film(video, take, start, much, seed)
    if not folder.exists():
        reconstruct_to_folder(
            str(video),
            folder,
            describer=from_user.describe_sentence(TEXT),
            body_name="open-low",
            focal=focal,
            settings=Settings(),
            seed=0,
            overwrite=False,
        )
    result = load_result(folder)
    rows = zip(
        drawn(result, result.before(), out / "before.mp4", "first estimate"),
        drawn(result, result.content, folder / "overlay.mp4", "result"),
        strict=True,
    )
    pictures = [Image.fromarray(np.concatenate(row)) for row in rows]
    duration = round(1000 * EVERY / 30)
    pictures[0].save(
        picture, save_all=True, append_images=pictures[1:], duration=duration, loop=0, quality=QUALITY, method=6
    )
    print(f"{picture}: {picture.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    run(main, __doc__)
