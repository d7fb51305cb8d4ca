"""The README's moving picture: a held-out dance, filmed and reconstructed, the raw estimate beside the result.

    python -m experiments.studies.moving_picture --out out/moving        (4 minutes on 2 cores)

Films FRAMES frames of a real dance that no training saw, as `benchmark_sets.render` does (motion capture, drawn as
clothed people, by the camera in which they hide little or much of each other), gives the video to `sm-jax reconstruct`
with its focal length and a sentence, draws `sm-jax overlay --compare`, and makes of that an animated WebP. What is in
the folder already is gone on from.
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
from sm_jax.perception.frames import probe, read_frames
from sm_jax.pipeline.folder import reconstruct_to_folder
from sm_jax.pipeline.overlay import draw_overlay
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers import from_user

TAKE, START, FRAMES = "salsa_13", 520, 96
TEXT = "Two people dance salsa and hold hands."
CRF = 20
WIDTH = 760  # of the picture, both panels
EVERY = 2  # of the frames, shown at 15 a second
QUALITY = 60


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


def moving_picture(video: pathlib.Path, path: pathlib.Path) -> None:
    """Write a video as an animated WebP that begins again."""
    pictures = [Image.fromarray(picture) for picture in _small(video)]
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 * EVERY / 30),
        loop=0,
        quality=QUALITY,
        method=6,
    )


def _small(video: pathlib.Path) -> Iterator[np.ndarray]:
    for number, frame in enumerate(read_frames(probe(video), 30.0)):
        if number % EVERY == 0:
            height, width = frame.image.shape[:2]
            yield cv2.resize(frame.image, (WIDTH, round(height * WIDTH / width)), interpolation=cv2.INTER_AREA)


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
    video, result, compared = out / "dance.mp4", out / "result", out / "compared.mp4"
    focal = film(video, take, start, much, seed)
    if not result.exists():
        reconstruct_to_folder(
            str(video),
            result,
            describer=from_user.describe_sentence(TEXT),
            body_name="open-low",
            focal=focal,
            settings=Settings(),
            seed=0,
            overwrite=False,
        )
    draw_overlay(result, compared, compare=True, overwrite=True)
    moving_picture(compared, picture)
    print(f"{picture}: {picture.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    run(main, __doc__)
