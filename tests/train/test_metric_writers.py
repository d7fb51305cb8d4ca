import dataclasses
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from configs import tiny
from sm_jax.errors import UserError
from sm_jax.train.metric_writers import Files, Log, png
from tests.processes import ROOT, environment

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


FULL = """
import dataclasses, pathlib, resource, sys
from configs import tiny
from sm_jax.train.metric_writers import Log
from sm_jax.train.output import write_errors
from sm_jax.errors import UserError
folder, config = pathlib.Path(sys.argv[1]), dataclasses.replace(tiny.INFILLER, writers=("tensorboard",))
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    with write_errors(folder):
        log = Log(folder, config, 0)
        try:
            for step in range(1, 10**6):
                log.numbers(step, {"loss": 1.0})
        finally:
            log.close()
except UserError as error:
    sys.exit(str(error))
"""


def test_a_log_that_has_no_room_ends_with_one_line(tmp_path):
    """No thread waits, and nothing complains afterwards of what it could not write."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment(1),
        cwd=ROOT,
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr and "Exception" not in done.stderr, done.stderr
    assert "File too large; free some space and go on with --resume" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(("writer", "module"), [("tensorboard", "tensorboardX"), ("wandb", "wandb")])
def test_a_missing_writer_is_one_line(tmp_path, monkeypatch, writer, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=f"the writer {writer} needs {module}: pip install {module}, or leave it out"):
        write(tmp_path, 0, [1], (writer,))


@pytest.mark.parametrize("line", ['{"step": "three"}', '{"step": null}', "[" * 100_000, "{", '{"step": NaN}'])
def test_a_line_without_a_step_is_left_out(tmp_path, line):
    (tmp_path / "log.jsonl").write_text(f'{{"step": 1}}\n{line}\n{{"step": 2}}\n')
    Files(tmp_path, begin=5).close()
    assert (tmp_path / "log.jsonl").read_text() == '{"step": 1}\n{"step": 2}\n'
