import dataclasses
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.describers.pictures import COLOURS, SIDE, show, telling_frames
from tests.text.figures import pair

WIDTH, HEIGHT, METRE = 1200, 900, 300.0


def filmed(joints: np.ndarray) -> DescriberInput:
    """Seen along +y from far away, over a picture whose red is the column and whose green is the frame."""
    pixels = np.stack([WIDTH / 2 + METRE * joints[..., 0], HEIGHT - 100 - METRE * joints[..., 2]], axis=-1)

    def pictures(frames: np.ndarray) -> Iterator[np.ndarray]:
        for frame in frames:
            image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            image[..., 0], image[..., 1] = np.arange(WIDTH) * 255 // WIDTH, frame
            yield image

    return DescriberInput(
        joints=joints, visibility=np.ones(joints.shape[:3]), fps=30.0, pixels=pixels, pictures=pictures
    )


def decoded(jpeg: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def beside(apart: float = 0.8, frames: int = 60) -> np.ndarray:
    """Two figures side by side in the picture, person 0 on the left."""
    joints = pair(0.0, frames)
    joints[0, ..., 0] -= apart / 2
    joints[1, ..., 0] += apart / 2
    return joints


def test_the_pair_is_cut_out_and_numbered():
    pictures = show(filmed(beside()), 4)
    assert [picture.frame for picture in pictures] == sorted({picture.frame for picture in pictures})
    assert len(pictures) == 4
    image = decoded(pictures[0].jpeg)
    assert max(image.shape) <= SIDE + 28
    # the crop's left border is that of the pair, not of the picture, and it shows the frame that it says
    assert 40 < image[300, 3, 0] < 110 and abs(int(image[300, 3, 1]) - pictures[0].frame) < 8
    near = [np.abs(image.astype(int) - colour).sum(axis=-1) < 60 for colour in COLOURS]
    assert all(found.sum() > 200 for found in near)
    columns = [np.nonzero(found)[1].mean() for found in near]
    assert columns[0] < image.shape[1] / 2 < columns[1]


def test_frames_are_dense_where_people_are_near_or_hidden():
    joints = beside(3.0, 100)
    joints[1, 70:90, :, 0] -= 2.7
    frames = telling_frames(filmed(joints), 10)
    assert (np.diff(frames) > 0).all() and frames[0] < 25
    assert ((frames >= 70) & (frames < 90)).sum() >= 4
    scene = filmed(beside(3.0, 100))
    visibility = np.ones((2, 100, 24))
    visibility[:, 10:30] = 0.0
    frames = telling_frames(dataclasses.replace(scene, visibility=visibility), 10)
    assert ((frames >= 10) & (frames < 30)).sum() >= 4


def test_a_short_clip_gives_each_frame_once():
    assert telling_frames(filmed(beside(1.0, 3)), 8).tolist() == [0, 1, 2]


def test_people_beside_the_picture_or_behind_the_camera():
    scene = filmed(beside(0.8, 2))
    assert scene.pixels is not None
    for shift in (1e4, -1e7):
        outside = dataclasses.replace(scene, pixels=scene.pixels + shift)
        assert decoded(show(outside, 2)[0].jpeg).shape[1] == SIDE


def test_without_a_video_there_is_nothing_to_show():
    with pytest.raises(UserError, match="no pictures"):
        show(dataclasses.replace(filmed(beside()), pictures=None), 4)
