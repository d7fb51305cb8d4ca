import numpy as np

from experiments.benchmark_sets.rendering.backgrounds import camera_effects, floor_shadows
from experiments.benchmark_sets.rendering.clothes import dress
from experiments.benchmark_sets.rendering.film import crop_to, film_frames, save_video
from sm_jax.export.render import bodies
from sm_jax.motion.frames import map_frames
from sm_jax.perception.frames import probe, read_frames


def test_frames_show_dressed_people_where_they_are(body, dance, seen):
    motion = map_frames(dance.motion, lambda x: x[:, :2])
    outfits = [dress(np.random.default_rng(person), body) for person in range(2)]
    found = list(film_frames(np.random.default_rng(0), body, motion, seen.camera, outfits))
    assert len(found) == 2 and found[0].shape == (480, 640, 3) and found[0].dtype == np.uint8
    again = list(film_frames(np.random.default_rng(0), body, motion, seen.camera, outfits))
    np.testing.assert_array_equal(found[1], again[1])
    green = [type(outfit)(np.tile([0, 1.0, 0], (len(outfit.colours), 1)), outfit.thickness) for outfit in outfits]
    changed = np.abs(next(film_frames(np.random.default_rng(0), body, motion, seen.camera, green)) - 1.0 * found[0])
    rows, columns = np.nonzero(changed.max(axis=-1) > 30)
    pixels = seen.keypoints[:, 0].reshape(-1, 2)
    np.testing.assert_allclose([columns.min(), columns.max()], [pixels[:, 0].min(), pixels[:, 0].max()], atol=20)
    np.testing.assert_allclose([rows.min(), rows.max()], [pixels[:, 1].min(), pixels[:, 1].max()], atol=25)


def test_the_window_of_the_people_is_a_part_of_the_whole_picture(body, shot):
    vertices = np.asarray(body.v_template)[None][..., [2, 0, 1]] + np.array([4.0, 0.3, 1.0])
    colours = np.ones_like(vertices)
    window, near = crop_to(shot, vertices, (0.0, 0.0))
    _, whole = bodies(shot, vertices, body.faces, colours)
    _, part = bodies(near, vertices, body.faces, colours)
    assert part.size < whole.size
    np.testing.assert_array_equal(whole[window], part)
    assert (whole >= 0).sum() == (part >= 0).sum() > 100


def test_shadows_lie_under_the_people(body, shot):
    vertices = np.asarray(body.v_template)[None][..., [2, 0, 1]] + np.array([4.0, 0.0, 1.0])
    shade = floor_shadows(shot, vertices, np.array([0.0, 0, 1]))
    (column, row), _ = shot.project(np.array([4.0, 0, 0]))
    beside = np.array([4.0, vertices[..., 1].max() + 0.2, 0])  # still in the rectangle that is drawn
    (column_beside, row_beside), _ = shot.project(beside)
    assert shade[int(row_beside), int(column_beside)].min() == 255
    assert shade[int(row), int(column)].max() < 200 and shade[:50].min() == 255 and shade[int(row), 5].min() == 255


def test_the_camera_keeps_what_is_bright_bright():
    finished = camera_effects(np.random.default_rng(0), (64, 48))
    dark, bright = (finished(np.full((48, 64, 3), value, np.float32)).mean() for value in (40.0, 160.0))
    assert 25 < dark < 60 and 110 < bright < 200


def test_videos_hold_every_frame_once(tmp_path):
    shades = np.linspace(20, 230, 12)
    save_video(tmp_path / "a.mp4", (np.full((64, 96, 3), s, np.uint8) for s in shades), crf=20)
    video = probe(tmp_path / "a.mp4")
    assert (video.width, video.height, video.fps, video.frames) == (96, 64, 30, 12)
    frames = list(read_frames(video, 30.0))
    assert [frame.index for frame in frames] == list(range(12))
    np.testing.assert_allclose([frame.image.mean() for frame in frames], shades, atol=4)
