"""A sheet has a labelled row for each motion, with both people in every cell."""

import numpy as np

from sm_jax.export.contact_sheet import contact_sheet

CELL = (120, 100)


def test_rows_columns_and_people(body, content):
    sheet = contact_sheet(body, [("first", content.motion), ("second", content.motion)], 3, CELL)
    assert sheet.dtype == np.uint8 and sheet.shape[1] == 3 * CELL[0] and sheet.shape[0] > 2 * CELL[1]
    half = sheet.shape[0] // 2
    np.testing.assert_array_equal(sheet[20:half], sheet[half + 20 :], "the same motion looks the same")
    assert (sheet[:16] != sheet[half : half + 16]).any(), "but for its label"
    for column in range(3):
        cell = sheet[half - CELL[1] : half, column * CELL[0] : (column + 1) * CELL[0]].astype(int)
        blue, red = (cell[..., 2] - cell[..., 0] > 60), (cell[..., 0] - cell[..., 2] > 60)
        assert blue.sum() > 50 and red.sum() > 50
        border = np.concatenate([blue[0], blue[-1], blue[:, 0], blue[:, -1], red[0], red[-1]])
        assert not border.any(), "nobody is cut off"
