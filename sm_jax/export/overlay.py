"""`overlay.mp4`: the input with both bodies drawn over it, beside the same bodies from a second viewpoint, or beside
those of another motion over the input."""

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.export import mesh
from sm_jax.export.npz import MotionFile
from sm_jax.export.render import Floor, Shot, blend, bodies, side_camera
from sm_jax.types import Array

try:
    import av
    import cv2
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[export]'") from error

HEIGHT = 960
OPACITY = 0.8
CLOCK = Fraction(1, 90_000)
INFILLED_WHITENESS = 0.6
TOUCHING = np.array([0.24, 0.90, 0.35])
FONT = cv2.FONT_HERSHEY_SIMPLEX


def save_overlay(
    path: str | pathlib.Path,
    frames: Iterable[np.ndarray],
    body: smpl.Body,
    content: MotionFile,
    progress: Callable[[int], None] = lambda done: None,
    *,
    before: MotionFile | None = None,
    outline: bool = False,
    compare: bool = False,
    contacts: bool = False,
) -> None:
    """Write the side-by-side video as H.264, each frame at its own time, whole or not at all.

    frames: the input's RGB frames [H, W, 3] uint8, one for each of the T frames of the motion, in order.
    progress: told the number of frames done.  before: another motion in the same frames, the first estimate; outline:
    whether its bodies are outlined over the input; compare: whether the left panel shows it, and the right one the
    motion over the same input instead of a second viewpoint.  contacts: whether skin that touches the other's is green.
    Raises UserError if there are fewer frames than the motion has, if they
    have another shape than the camera's pictures, or if the path cannot be written.
    """
    if before is None and (outline or compare):
        raise ValueError("an outline, or a comparison, takes the motion before")
    layout = _Layout(outlined=before if outline else None, compared=before if compare else None, contacts=contacts)
    pictures = _pictures(frames, body, content, layout)
    ticks = np.rint((content.time - content.time[0]) / float(CLOCK)).astype(int).tolist()
    with (
        replacing(path) as temporary,
        av.open(f"file:{temporary}", "w", options={"movflags": "+faststart"}) as container,
    ):
        rate = Fraction(content.fps).limit_denominator(1001)
        stream = container.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "veryfast"})
        # as many threads as there are cores, which encode while the next picture is drawn
        stream.codec_context.thread_count, stream.codec_context.thread_type = 0, "FRAME"
        for done, picture in enumerate(pictures, start=1):
            if done == 1:
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.time_base = stream.codec_context.time_base = CLOCK
            planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
            shown = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            shown.pts, shown.time_base = ticks[done - 1], CLOCK
            container.mux(stream.encode(shown))
            progress(done)
        container.mux(stream.encode())


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Layout:
    """What is drawn beside the motion itself: see `save_overlay`."""

    outlined: MotionFile | None
    compared: MotionFile | None
    contacts: bool


def _pictures(
    frames: Iterable[np.ndarray], body: smpl.Body, content: MotionFile, layout: _Layout
) -> Iterator[np.ndarray]:
    """Finished pictures [H, W, 3] uint8 with even sides."""
    faces, total = np.asarray(body.faces), len(content.frame_index)
    size = _panel_size(content.camera.image_size)
    draw_side = _second_viewpoint(body, content, (size[1], size[1])) if layout.compared is None else None
    compared, outlined = (
        mesh.posed_frames(body, other.motion) if other else itertools.repeat(None)
        for other in (layout.compared, layout.outlined)
    )
    near = mesh.touching_vertices(body, content.motion) if layout.contacts else itertools.repeat(None)
    number, moments = -1, zip(mesh.posed_frames(body, content.motion), frames, compared, outlined, near, strict=False)

    with ThreadPoolExecutor(1) as thread:
        for number, (now, frame, other, outline, touching) in enumerate(moments):
            plain = _tint(body, content.infilled[:, number], None)
            tint = _tint(body, content.infilled[:, number], touching)
            shot = _input_shot(content, number, size)
            right = thread.submit(draw_side, now, tint) if draw_side else None  # beside the left panel
            picture = cv2.resize(_checked(frame, content), size, interpolation=cv2.INTER_AREA)
            left = blend(picture, *bodies(shot, now, faces, tint), OPACITY)
            if outline is not None:
                left = left.copy()  # of a frame without bodies it is the input itself
                _draw_outlines(left, shot, outline, faces)
            panels = [left]
            if right is not None:
                panels.append(right.result())
            if other is not None:
                panels.insert(0, blend(picture, *bodies(shot, other, faces, plain), OPACITY))
            whole = np.concatenate(panels, axis=1)
            _write_legend(whole, number, content, layout)
            yield whole
    if number + 1 < total:
        raise UserError(f"the video gave {number + 1} frames, the motion has {total}; use the video it was made from")


def _second_viewpoint(
    body: smpl.Body, content: MotionFile, size: tuple[int, int]
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """What draws vertices [P, V, 3] in colours [P, V, 3] from the side, over the floor."""
    side, faces = side_camera(content.joints, content.camera, size), np.asarray(body.faces)
    lowest = [vertices[..., 2].min() for vertices in mesh.posed_frames(body, content.motion)]
    floor = Floor(side, content.joints, float(np.median(lowest)))
    return lambda now, tint: blend(floor.with_shadows(now), *bodies(side, now, faces, tint), 1.0)


def _tint(body: smpl.Body, infilled: np.ndarray, touching: np.ndarray | None) -> np.ndarray:
    """Colours [P, V, 3] of the people, paler on infilled joints [P, J], and of what touches [P, V]."""
    whiteness = INFILLED_WHITENESS * mesh.joint_share(body, infilled)[..., None]
    tint = mesh.COLOURS[:, None] * (1 - whiteness) + whiteness
    return tint if touching is None else np.where(touching[..., None], TOUCHING, tint)


def _draw_outlines(picture: np.ndarray, shot: Shot, vertices: np.ndarray, faces: np.ndarray) -> None:
    """Each person's outline [P, V, 3], as if the other were not there; drawn in place."""
    width = max(1, round(3 * picture.shape[0] / HEIGHT))
    for person, colour in enumerate(mesh.COLOURS):
        shape = (bodies(shot, vertices[person : person + 1], faces, np.ones((1, *vertices.shape[1:])))[1] >= 0).astype(
            np.uint8
        )
        edges = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        for ink, thickness in (((255, 255, 255), width + 1), ((255 * colour).tolist(), width - 1)):
            if thickness:
                cv2.drawContours(picture, edges, -1, ink, thickness, cv2.LINE_AA)


def _panel_size(image_size: Array) -> tuple[int, int]:
    """(width, height) of the left panel: at most HEIGHT high, sides even, as H.264's 4:2:0 demands."""
    width, height = (float(side) for side in image_size)
    scale = min(1.0, HEIGHT / height)
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _checked(frame: np.ndarray, content: MotionFile) -> np.ndarray:
    width, height = (int(side) for side in content.camera.image_size)
    if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
        raise UserError(
            f"a video frame is {frame.dtype} {frame.shape}, the motion's camera takes {width} x {height} RGB;"
            " use the video it was made from"
        )
    return frame


def _input_shot(content: MotionFile, number: int, size: tuple[int, int]) -> Shot:
    camera = content.camera
    scale = np.array([size[0] / camera.image_size[0], size[1] / camera.image_size[1], 1.0])
    return Shot(K=scale[:, None] * camera.K, R=np.asarray(camera.R[number]), t=np.asarray(camera.t[number]), size=size)


def _write_legend(picture: np.ndarray, number: int, content: MotionFile, layout: _Layout) -> None:
    """Who has which colour, what lighter means, and the frame of the video, on the lower edge; drawn in place."""
    scale = picture.shape[0] / HEIGHT
    y, x, radius = picture.shape[0] - round(18 * scale), round(14 * scale), round(7 * scale)
    entries = [(f"person {person}", (255 * colour).tolist()) for person, colour in enumerate(mesh.COLOURS)]
    if layout.contacts:
        entries += [("touching", (255 * TOUCHING).tolist())]
    entries += [("lighter: infilled", None)]
    if layout.outlined is not None:
        entries += [("outline: first estimate", None)]
    entries += [(f"frame {content.frame_index[number]}, {content.time[number]:.2f} s", None)]
    for text, colour in entries:
        if colour is not None:
            cv2.circle(picture, (x + radius, y - radius), radius, colour, -1, cv2.LINE_AA)
            x += 3 * radius
        x += _write(picture, text, (x, y), 0.55 * scale) + 3 * radius
    if layout.compared is not None:
        for panel, text in enumerate(("before: first estimate", "after: result")):
            place = (panel * picture.shape[1] // 2 + round(14 * scale), round(34 * scale))
            _write(picture, text, place, 0.8 * scale)


def _write(picture: np.ndarray, text: str, place: tuple[int, int], size: float) -> int:
    """White text with a shadow, from the left end of its line on, drawn in place. Returns its width in pixels."""
    for shift, ink in ((1, (0, 0, 0)), (0, (255, 255, 255))):
        cv2.putText(picture, text, (place[0] + shift, place[1] + shift), FONT, size, ink, 1, cv2.LINE_AA)
    return cv2.getTextSize(text, FONT, size, 1)[0][0]
