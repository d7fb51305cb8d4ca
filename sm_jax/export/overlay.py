"""`overlay.mp4`: the input with both bodies drawn over it, beside the same bodies from a second viewpoint."""

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
FONT = cv2.FONT_HERSHEY_SIMPLEX


def save_overlay(
    path: str | pathlib.Path,
    frames: Iterable[np.ndarray],
    body: smpl.Body,
    content: MotionFile,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Write the side-by-side video as H.264, each frame at its own time, whole or not at all.

    frames: the input's RGB frames [H, W, 3] uint8, one for each of the T frames of the motion, in order.
    progress: told the number of frames done. Raises UserError if there are fewer frames than the motion has, if they
    have another shape than the camera's pictures, or if the path cannot be written.
    """
    pictures = _pictures(frames, body, content)
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


def _pictures(frames: Iterable[np.ndarray], body: smpl.Body, content: MotionFile) -> Iterator[np.ndarray]:
    """Finished pictures [H, W, 3] uint8 with even sides."""
    faces, total = np.asarray(body.faces), len(content.frame_index)
    size = _panel_size(content.camera.image_size)
    side = side_camera(content.joints, content.camera, (size[1], size[1]))
    lowest = [vertices[..., 2].min() for vertices in mesh.posed_frames(body, content.motion)]
    floor = Floor(side, content.joints, float(np.median(lowest)))
    number = -1

    def draw_side(now: np.ndarray, tint: np.ndarray) -> np.ndarray:
        return blend(floor.with_shadows(now), *bodies(side, now, faces, tint), 1.0)

    with ThreadPoolExecutor(1) as thread:
        for number, (now, frame) in enumerate(zip(mesh.posed_frames(body, content.motion), frames, strict=False)):
            whiteness = INFILLED_WHITENESS * mesh.joint_share(body, content.infilled[:, number])[..., None]
            tint = mesh.COLOURS[:, None] * (1 - whiteness) + whiteness
            right = thread.submit(draw_side, now, tint)
            left = cv2.resize(_checked(frame, content), size, interpolation=cv2.INTER_AREA)
            left = blend(left, *bodies(_input_shot(content, number, size), now, faces, tint), OPACITY)
            picture = np.concatenate([left, right.result()], axis=1)
            _write_legend(picture, number, content)
            yield picture
    if number + 1 < total:
        raise UserError(f"the video gave {number + 1} frames, the motion has {total}; use the video it was made from")


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


def _write_legend(picture: np.ndarray, number: int, content: MotionFile) -> None:
    """Who has which colour, what lighter means, and the frame of the video, on the lower edge; drawn in place."""
    scale = picture.shape[0] / HEIGHT
    y, x, radius = picture.shape[0] - round(18 * scale), round(14 * scale), round(7 * scale)
    entries = [(f"person {person}", (255 * colour).tolist()) for person, colour in enumerate(mesh.COLOURS)]
    entries += [("lighter: infilled", None), (f"frame {content.frame_index[number]}", None)]
    for text, colour in entries:
        if colour is not None:
            cv2.circle(picture, (x + radius, y - radius), radius, colour, -1, cv2.LINE_AA)
            x += 3 * radius
        for shift, ink in ((1, (0, 0, 0)), (0, (255, 255, 255))):
            cv2.putText(picture, text, (x + shift, y + shift), FONT, 0.55 * scale, ink, 1, cv2.LINE_AA)
        x += cv2.getTextSize(text, FONT, 0.55 * scale, 1)[0][0] + 3 * radius
