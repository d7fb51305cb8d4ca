import numpy as np

from sm_jax.data.schema import LandmarkMotion


def take(n_frames: int, turns: bool = True) -> LandmarkMotion:
    count = np.arange(n_frames, dtype=float)
    R = np.broadcast_to(np.eye(3), (1, n_frames, 2, 3, 3)) * count[None, :, None, None, None]
    return LandmarkMotion(name="one", names=("a", "b"), positions=np.tile(count[None, :, None, None], (1, 1, 2, 3)),
                     weight=np.ones((1, n_frames, 2), np.float32), orientations=R if turns else None, fps=30.0,
                     texts=("it is so",), split="val")  # fmt: skip


def test_a_short_take_stays_as_it_is():
    short = take(1020)
    assert list(short.pieces(34.0)) == [short]


def test_a_long_take_is_cut_in_equal_pieces_without_loss():
    cut = list(take(2500).pieces(34.0))
    assert [piece.name for piece in cut] == ["one_0", "one_1", "one_2"]
    assert max(piece.positions.shape[1] for piece in cut) <= 34 * 30
    np.testing.assert_array_equal(np.concatenate([piece.positions[0, :, 0, 0] for piece in cut]), np.arange(2500))
    turns = np.concatenate([np.asarray(piece.orientations) for piece in cut], axis=1)
    np.testing.assert_array_equal(turns[0, :, 0, 0, 0], np.arange(2500))
    assert {piece.weight.shape[1] == piece.positions.shape[1] for piece in cut} == {True}
    assert all(piece.texts == ("it is so",) and piece.split == "val" for piece in cut)


def test_positions_alone_are_enough():
    assert [piece.orientations for piece in take(1500, turns=False).pieces(34.0)] == [None, None]
