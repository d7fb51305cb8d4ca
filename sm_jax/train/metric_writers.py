"""Where the numbers and pictures of a training go: JSON lines always, TensorBoard and Weights & Biases where asked."""

import contextlib
import hashlib
import json
import pathlib
import socket
import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from sm_jax.errors import UserError
from sm_jax.train import parallel
from sm_jax.train.config import TrainConfig, to_dict

LINES, PICTURES = "log.jsonl", "previews"
_FLUSH_EVERY = 30.0  # seconds, of what TensorBoard may be looking at


class MetricWriter(Protocol):
    """Something that keeps numbers and pictures by the number of steps done."""

    def numbers(self, step: int, values: dict[str, float]) -> None:
        """Keep some values by name."""
        ...

    def picture(self, step: int, picture: np.ndarray) -> None:
        """Keep a picture [H, W, 3] uint8 RGB."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class Log:
    """All destinations of a run and its progress bar. Only the first process of a training has them.

    begin: steps done before. What a killed process logged beyond them is dropped, since it will be done again.
    Raises UserError for a writer that is not installed.
    """

    def __init__(self, folder: pathlib.Path, config: TrainConfig, begin: int):
        self._bar = tqdm(
            total=config.steps,
            initial=begin,
            unit="step",
            dynamic_ncols=True,
            disable=None if parallel.is_first() else True,
        )
        self._to: list[MetricWriter] = []
        if parallel.is_first():
            self._to = [Files(folder, begin), *(_WRITERS[name](folder, config, begin) for name in config.writers)]

    def numbers(self, step: int, values: dict[str, float]) -> None:
        """Keep some values by name, and show progress."""
        self._bar.update(step - self._bar.n)
        if "loss" in values:
            self._bar.set_postfix(loss=f"{values['loss']:.4f}")
        for destination in self._to:
            destination.numbers(step, values)

    def picture(self, step: int, picture: np.ndarray) -> None:
        """Keep a picture [H, W, 3] uint8 RGB."""
        for destination in self._to:
            destination.picture(step, picture)

    def close(self) -> None:
        """Write what is left."""
        with contextlib.ExitStack() as closing:  # each of them, though another fails
            closing.callback(self._bar.close)
            for destination in self._to:
                closing.callback(destination.close)


class Files:
    """A line of JSON for each call in `log.jsonl`, pictures as `previews/STEP.png`."""

    def __init__(self, folder: pathlib.Path, begin: int):
        self._folder, self._start = folder, time.perf_counter()
        path = folder / LINES
        if path.exists():
            kept = [line for line in path.read_text(errors="replace").splitlines() if _step(line) <= begin]
            path.write_text("".join(f"{line}\n" for line in kept))
        self._file = path.open("a")

    def numbers(self, step: int, values: dict[str, float]) -> None:
        """Append one line."""
        seconds = round(time.perf_counter() - self._start, 1)
        self._file.write(json.dumps({"step": step, "seconds": seconds, **values}) + "\n")
        self._file.flush()

    def picture(self, step: int, picture: np.ndarray) -> None:
        """Write one file."""
        (self._folder / PICTURES).mkdir(exist_ok=True)
        (self._folder / PICTURES / f"{step:07d}.png").write_bytes(png(picture))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TensorBoard:
    """An event file in the run's folder: `tensorboard --logdir FOLDER`.

    Written here and not in tensorboardX's thread, which on a full disk dies and has the training wait for ever.
    """

    def __init__(self, folder: pathlib.Path, config: TrainConfig, begin: int):
        del config
        try:
            from tensorboardX import record_writer
            from tensorboardX.proto import event_pb2, summary_pb2
        except ModuleNotFoundError as error:
            raise _missing("tensorboard", error) from error
        self._event: Any = event_pb2
        self._summary: Any = summary_pb2.Summary  # pyrefly: ignore[missing-attribute]
        self._flushed = time.monotonic()
        name = f"events.out.tfevents.{time.time():.0f}.{socket.gethostname()}"
        self._file = record_writer.RecordWriter(str(folder / name))
        self._write(0, file_version="brain.Event:2")
        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)  # pyrefly: ignore[missing-attribute]
        self._write(begin + 1, session_log=start)  # what was written of later steps no longer counts

    def numbers(self, step: int, values: dict[str, float]) -> None:
        """One scalar for each value."""
        self._write(step, [self._summary.Value(tag=name, simple_value=value) for name, value in values.items()])

    def picture(self, step: int, picture: np.ndarray) -> None:
        """One image, under `preview`."""
        height, width, _ = picture.shape
        image = self._summary.Image(height=height, width=width, colorspace=3, encoded_image_string=png(picture))
        self._write(step, [self._summary.Value(tag="preview", image=image)])

    def close(self) -> None:
        """Flush and close the file."""
        self._file.close()

    def _write(self, step: int, values: Sequence[Any] = (), **fields: Any) -> None:
        summary = {"summary": self._summary(value=values)} if values else {}
        event = self._event.Event(wall_time=time.time(), step=step, **summary, **fields)
        self._file.write(event.SerializeToString())
        if time.monotonic() - self._flushed > _FLUSH_EVERY:
            self._file.flush()
            self._flushed = time.monotonic()


class WandB:
    """A run of Weights & Biases, named after the folder. Its own environment variables say where and as whom."""

    def __init__(self, folder: pathlib.Path, config: TrainConfig, begin: int):
        del begin
        try:
            import wandb
        except ModuleNotFoundError as error:
            raise _missing("wandb", error) from error
        self._wandb: Any = wandb
        name = f"{folder.name}-{hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:8]}"
        self._run = wandb.init(id=name, name=folder.name, dir=str(folder), config=to_dict(config), resume="allow")

    def numbers(self, step: int, values: dict[str, float]) -> None:
        """Values of one step."""
        self._run.log(values, step=step)

    def picture(self, step: int, picture: np.ndarray) -> None:
        """One image, under `preview`."""
        self._run.log({"preview": self._wandb.Image(picture)}, step=step)

    def close(self) -> None:
        """Send what is left."""
        self._run.finish()


_WRITERS = {"tensorboard": TensorBoard, "wandb": WandB}


def png(picture: np.ndarray) -> bytes:
    """A picture [H, W, 3] uint8 RGB as a PNG file."""
    import cv2  # only runs that draw need it

    return cv2.imencode(".png", picture[..., ::-1])[1].tobytes()


def _missing(writer: str, error: ModuleNotFoundError) -> UserError:
    return UserError(f"the writer {writer} needs {error.name}: pip install {error.name}, or leave it out of --writers")


def _step(line: str) -> float:
    """Of a line of the log; infinite for one that a killed process did not finish."""
    try:
        step = json.loads(line)["step"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return float("inf")
    return step if isinstance(step, int) else float("inf")
