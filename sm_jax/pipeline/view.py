"""A finished result in the browser, or as a recording that opens without Python: what `sm-jax view` does."""

import logging
import pathlib
from collections.abc import Mapping

import numpy as np

from sm_jax.assets.files import check_writable
from sm_jax.errors import UserError
from sm_jax.export.npz import MotionFile, body_of, load_motion
from sm_jax.export.viewer import FIRST, RESULT, ViewerScene, start_server, viser
from sm_jax.pipeline.measures import MEASURES, OVER_TIME, in_frames_of, in_words, measure_over_time
from sm_jax.pipeline.result import Result, load_result
from sm_jax.text.clip_frames import ClipFrames
from sm_jax.text.contacts import contact_targets

_LOGGER = logging.getLogger(__name__)
_HEIGHT, _MOST_PICTURES = 270, 300  # of the input's pictures, which are all held
RECORDINGS = (".html", ".viser")


def view(
    source: pathlib.Path,
    *,
    save: pathlib.Path | None = None,
    body_name: str | None = None,
    port: int = 8080,
    overwrite: bool = False,
) -> None:
    """Serve a result to the web browser until interrupted, or write a recording of it.

    source: a folder that `sm-jax reconstruct` wrote, or a motion.npz, which knows neither the input nor the first
    estimate.  save: an .html or .viser file to record to.  body_name: path of the licensed body that the motion is of.
    Raises UserError if a file cannot be read or written.
    """
    if save is not None and save.suffix not in RECORDINGS:
        raise UserError(f"--save {save}: name a file that ends in {' or '.join(RECORDINGS)}")
    if save is not None:
        check_writable(save, overwrite=overwrite, ours=_is_recording)
    result = load_result(source, body_name) if source.is_dir() else None
    content = load_motion(source) if result is None else result.content
    body = body_of(content, body_name) if result is None else result.body
    server = start_server(None if save is not None else port)
    try:
        scene = ViewerScene(server, body, content) if result is None else result_scene(server, result)
        if save is not None:
            scene.record(save)
            _LOGGER.info("%s: %.1f MB", save, save.stat().st_size / 1e6)
        else:
            scene.play()
    except KeyboardInterrupt:
        if save is not None:
            raise
    finally:
        server.stop()


def result_scene(server: viser.ViserServer, result: Result) -> ViewerScene:
    """All that is known of a result, in a server's scene."""
    others = {FIRST: result.before(), **result.stages()}
    seconds = np.arange(len(np.asarray(result.observation.frame_mask))) / float(result.observation.fps)
    return ViewerScene(
        server,
        result.body,
        result.content,
        others=others,
        hypotheses=result.hypotheses(),
        pictures=_pictures(result),
        curves=curves(result, {**others, RESULT: result.content}),
        curve_times=result.content.time[0] + seconds,
        figures=figures(result),
    )


def curves(result: Result, motions: Mapping[str, MotionFile]) -> dict[str, dict[str, np.ndarray]]:
    """What is measured of each motion over time [T], in the observation's frames, by what it is called on a plot.
    Contacts where the description has any."""
    observation, description = result.observation, result.summary.description
    frames = ClipFrames(index=np.asarray(observation.frame_index), fps=float(observation.fps))
    contacts = contact_targets(frames.in_clip(description).contacts, len(frames.index))
    found = {
        name: measure_over_time(
            result.body, in_frames_of(observation, content.time, content.motion), observation, contacts
        )
        for name, content in motions.items()
    }
    return {
        f"{kind.label} ({kind.unit})": {name: values[measure] for name, values in found.items()}
        for measure, kind in OVER_TIME.items()
        if measure != "contact_distance" or description.contacts
    }


def figures(result: Result) -> str:
    """What became better or worse, as a Markdown table."""
    rows = ["| | before | after | |", "|---|---|---|---|"]
    for name, kind in MEASURES.items():
        before, after = result.summary.before[name], result.summary.after[name]
        shown = ["–" if value is None else f"{value:.4g} {kind.unit}" for value in (before, after)]
        rows.append(f"| {kind.label} | {shown[0]} | {shown[1]} | {in_words(before, after, kind)} |")
    return "\n".join(rows)


def _pictures(result: Result) -> list[np.ndarray]:
    """The input's pictures, small, evenly spread over the frames of the result; none where the video is gone."""
    try:
        clip = result.clip()
    except UserError as error:  # what reads videos is an extra of its own
        _LOGGER.warning("without the input's pictures: %s", error)
        return []
    if clip.video is None or not clip.video.has_pictures:
        return []
    import cv2

    from sm_jax.perception.frames import frames_at

    index = result.content.frame_index
    count = min(len(index), _MOST_PICTURES)
    chosen = index[(np.arange(count) * len(index)) // count]
    width, height = (round(float(side)) for side in result.content.camera.image_size)
    size = (max(1, round(width * _HEIGHT / height)), _HEIGHT)
    return [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in frames_at(clip.video, chosen)]


def _is_recording(path: pathlib.Path) -> bool:
    if path.suffix == ".viser":
        return True
    with path.open("rb") as file:
        return b"__VISER_EMBED_DATA__" in file.read()
