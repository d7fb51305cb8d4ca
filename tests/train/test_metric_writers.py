import dataclasses
import json
import sys

import cv2
import numpy as np
import pytest

from configs import tiny
from sm_jax.errors import UserError
from sm_jax.train.metric_writers import Log, png

PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


def write(folder, begin: int, steps: list[int], writers=()):
    log = Log(folder, dataclasses.replace(tiny.INFILLER, writers=writers), begin)
    for step in steps:
        log.numbers(step, {"loss": 1.0 / step})
    log.picture(steps[-1], PICTURE)
    log.close()


def test_lines_and_pictures(tmp_path):
    write(tmp_path, 0, [1, 2])
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(line["step"], line["loss"]) for line in lines] == [(1, 1.0), (2, 0.5)]
    found = cv2.imread(str(tmp_path / "previews" / "0000002.png"))
    assert found is not None
    np.testing.assert_array_equal(found[..., ::-1], PICTURE)


def test_what_will_be_done_again_is_dropped(tmp_path):
    write(tmp_path, 0, [1, 2, 3])
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')  # killed here
    write(tmp_path, 2, [3, 4])
    lines = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines == [1, 2, 3, 4]


def test_tensorboard_reads_the_event_files(tmp_path):
    proto = pytest.importorskip("tensorboardX.proto.event_pb2", reason="tensorboardX is not installed")
    write(tmp_path, 0, [1, 2], ("tensorboard",))
    (path,) = tmp_path.glob("events.out.tfevents.*")
    data, values = path.read_bytes(), {}
    while data:  # a record: length, its checksum, the event, its checksum
        size = int.from_bytes(data[:8], "little")
        event = proto.Event.FromString(data[12 : 12 + size])
        data = data[16 + size :]
        for value in event.summary.value:
            values[event.step, value.tag] = value.simple_value or value.image.encoded_image_string
    assert values == {(1, "loss"): 1.0, (2, "loss"): 0.5, (2, "preview"): png(PICTURE)}


@pytest.mark.parametrize(("writer", "module"), [("tensorboard", "tensorboardX"), ("wandb", "wandb")])
def test_a_missing_writer_is_one_line(tmp_path, monkeypatch, writer, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=f"the writer {writer} needs {module}: pip install {module}, or leave it out"):
        write(tmp_path, 0, [1], (writer,))
