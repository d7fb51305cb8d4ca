"""What a vision-language model is shown: the pair cut out of the telling frames, with the people numbered, as JPEG."""

import dataclasses

import numpy as np

from sm_jax.body.skeleton import JOINTS
from sm_jax.errors import UserError
from sm_jax.text.describers.describer import DescriberInput

try:
    import cv2
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[video]'") from error

SIDE = 640  # pixels of a picture's longer side, at most
COLOURS = ((255, 140, 0), (0, 110, 255))  # RGB of person 1, whose box the prompt calls orange, and person 2, blue
_MARGIN, _BODY = 0.15, 0.09  # of the pair's height around both, and of a person's around the joints
_EVERYWHERE = 0.3  # weight of a frame in which the people are neither near nor hidden
_FAR = 0.5  # metres between the nearest joints at which people are no longer near
_GRID = 16  # pixels to which crops are rounded, so that a hair's difference in the estimate shows the same picture
_STRIP, _FONT = 28, cv2.FONT_HERSHEY_SIMPLEX
_HEAD = JOINTS.index("head")


@dataclasses.dataclass(frozen=True)
class Picture:
    """frame: of the clip.  jpeg: the file's bytes."""

    frame: int
    jpeg: bytes


def show(scene: DescriberInput, count: int) -> list[Picture]:
    """Up to `count` pictures in the order of time. Raises UserError for a scene without a video."""
    if scene.pictures is None or scene.pixels is None:
        raise UserError(
            "this input holds no pictures for a model to look at; give a video, or describe it with rules or text"
        )
    frames = telling_frames(scene, count)
    images = scene.pictures(frames)
    return [
        Picture(int(frame), _jpeg(image, scene.pixels[:, frame], int(frame)))
        for frame, image in zip(frames, images, strict=True)
    ]


def telling_frames(scene: DescriberInput, count: int) -> np.ndarray:
    """Up to `count` frames [N], ascending, all over the clip and denser where the people are near or hidden."""
    offset = scene.joints[0][:, :, None].astype(np.float32) - scene.joints[1][:, None].astype(np.float32)
    apart = np.sqrt(np.square(offset).sum(axis=-1).min(axis=(1, 2)))  # [T]
    near = np.clip(1.0 - apart / _FAR, 0.0, 1.0)
    hidden = 1.0 - scene.visibility.mean(axis=(0, 2))
    weight = np.cumsum(_EVERYWHERE + near + hidden)
    wanted = (np.arange(count) + 0.5) / count * weight[-1]
    return np.unique(np.searchsorted(weight, wanted))


def _jpeg(image: np.ndarray, pixels: np.ndarray, frame: int) -> bytes:
    """The pair in one frame: image [H, W, 3], pixels [P, J, 2] of the joints."""
    height, width = image.shape[:2]
    boxes = np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=-1)  # [P, 4] left, top, right, bottom
    grown = _BODY * (boxes[:, 3:] - boxes[:, 1:2])
    boxes = np.concatenate([boxes[:, :2] - grown, boxes[:, 2:] + grown], axis=-1)
    left, top, right, bottom = _crop(boxes, width, height)
    scale = min(SIDE / max(right - left, bottom - top), 2.0)
    size = (max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1))
    shown = cv2.resize(image[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    for number, (box, head) in enumerate(zip(boxes, pixels[:, _HEAD], strict=True), 1):
        _mark(shown, (box - [left, top, left, top]) * scale, (head - [left, top]) * scale, number)
    shown = cv2.copyMakeBorder(shown, _STRIP, 0, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    cv2.putText(shown, f"frame {frame}", (6, _STRIP - 8), _FONT, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise UserError(f"frame {frame} cannot be made a JPEG; describe this input with rules or text")
    return encoded.tobytes()


def _crop(boxes: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom around both boxes [P, 4], inside the image; all of it where both are outside."""
    near, far = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    margin = _MARGIN * (far[1] - near[1])
    limits = np.array([width, height])
    # clipped before it is made an integer: a joint beside the camera is millions of pixels away
    low = np.clip(np.floor(np.clip(near - margin, 0, limits) / _GRID) * _GRID, 0, limits).astype(int)
    high = np.clip(np.ceil(np.clip(far + margin, 0, limits) / _GRID) * _GRID, 0, limits).astype(int)
    if ((high - low) < 2 * _GRID).any():
        return 0, 0, width, height
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _mark(shown: np.ndarray, box: np.ndarray, head: np.ndarray, number: int) -> None:
    """A person's box, and the number on the head."""
    colour, (height, width) = COLOURS[number - 1], shown.shape[:2]
    left, top, right, bottom = (int(x) for x in np.clip(np.round(box), -9, SIDE + 9))
    cv2.rectangle(shown, (left, top), (right, bottom), colour, 2)
    x, y = (int(v) for v in np.clip(np.round(head), 12, [max(width - 12, 12), max(height - 12, 12)]))
    cv2.circle(shown, (x, y), 12, colour, cv2.FILLED)
    cv2.putText(shown, str(number), (x - 6, y + 6), _FONT, 0.6, (255, 255, 255), 2, cv2.LINE_AA)
