"""Many clips, each into a folder of its own: seeing and writing in worker processes, the sampler fed in full batches.

What is there already is left alone, what an interrupted run saw is gone on from, and a clip that fails stops nobody.
"""

import collections
import concurrent.futures
import contextlib
import dataclasses
import json
import logging
import math
import multiprocessing
import os
import pathlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Literal

import jax
from tqdm import tqdm

from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.export.folder import SUMMARY, unfinished
from sm_jax.perception.importers.options import ImportOptions
from sm_jax.pipeline.describe import describe
from sm_jax.pipeline.first_look import first_look
from sm_jax.pipeline.folder import keep_compiled_programs, reconstruct_to_folder, result_to_folder, see_to_folder
from sm_jax.pipeline.importing import is_result
from sm_jax.pipeline.models import as_body, shipped_models, text_encoder
from sm_jax.pipeline.observe import input_path, pull_detectors
from sm_jax.pipeline.observed_clip import ObservedClip
from sm_jax.pipeline.reconstruct import Reconstruction, checked_key, checked_settings, reconstruct_many
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers.describer import Describer
from sm_jax.types import Description

_LOGGER = logging.getLogger(__name__)

SUFFIXES = frozenset(
    {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv", ".gif", ".3gp"}
)
LIST = ".txt"
_BATCH = 8  # clips in a call on an accelerator
State = Literal["made", "there already", "failed"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a clip. seconds: of the clip.  hidden: the share of its joints that were made up.  reason: why it
    failed."""

    name: str
    state: State
    seconds: float = math.nan
    hidden: float = math.nan
    reason: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Job:
    """A clip that is to be reconstructed, and how. out: its folder."""

    name: str
    source: str
    out: pathlib.Path
    body_name: str
    focal: float | None
    overwrite: bool
    report: bool
    command: str | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Ready:
    """A clip that can be sampled. seconds: what its stages have taken."""

    job: _Job
    clip: ObservedClip
    description: Description
    seconds: dict[str, float]


def is_many(sources: Sequence[str]) -> bool:
    """Whether these are many clips, and not one or the files of another tool's result: several, a folder of videos, or
    a list of clips in a text file."""
    path = pathlib.Path(sources[0])
    if any(is_result(pathlib.Path(source)) for source in sources):
        return False
    return len(sources) > 1 or path.suffix == LIST or (path.is_dir() and bool(_videos(path)))


def list_clips(sources: Sequence[str]) -> dict[str, str]:
    """The clips of files, folders of videos, and text files with a clip a line, each under a name of its own: that of
    its file, with that of its folder where two share it. Raises UserError where there is none, or one stands twice."""
    clips = [clip for source in sources for clip in _expanded(source)]
    if not clips:
        raise UserError(f"{sources[0]}: no clip there")
    if twice := [clip for clip, count in collections.Counter(clips).items() if count > 1]:
        raise UserError(f"{twice[0]} is named {clips.count(twice[0])} times")
    short = [_name(clip) for clip in clips]
    names = [
        name if short.count(name) == 1 else f"{pathlib.Path(clip).resolve().parent.name}_{pathlib.Path(clip).name}"
        for name, clip in zip(short, clips, strict=True)
    ]
    if twice := [name for name, count in collections.Counter(names).items() if count > 1]:
        both = [clip for name, clip in zip(names, clips, strict=True) if name == twice[0]]
        raise UserError(f"{both[0]} and {both[1]} would both be called {twice[0]}: rename one")
    return dict(zip(names, clips, strict=True))


def reconstruct_to_folders(
    sources: Sequence[str],
    out: pathlib.Path,
    *,
    describer: Describer,
    body_name: str,
    focal: float | None,
    settings: Settings,
    seed: int,
    overwrite: bool = False,
    contacts: bool = True,
    report: bool = False,
    command: str | None = None,
    shard: tuple[int, int] = (1, 1),
    batch: int | None = None,
    workers: int | None = None,
) -> list[Outcome]:
    """Reconstruct clips into `out`/NAME each, as `folder.reconstruct_to_folder` does one; the numbers are the same.

    shard: (i, n), every n-th clip from the i-th on, so that n machines share a list.  batch: clips in a compiled call;
    one on a CPU by default.  workers: processes that see and write; one less than there are cores by default.
    Raises UserError for any fault in the options. A clip's own faults are its outcome's reason.
    """
    checked_settings(settings)
    checked_key(seed)
    batch = batch or (1 if jax.default_backend() == "cpu" else _BATCH)
    workers = workers or max(1, (os.cpu_count() or 2) - 1)
    if not 1 <= shard[0] <= shard[1]:
        raise UserError(f"--shard {shard[0]}/{shard[1]}: the first number goes from 1 to the second")
    if min(batch, workers) < 1:
        raise UserError(f"--batch {batch}, --workers {workers}: give numbers from 1")
    clips = list(list_clips(sources).items())[shard[0] - 1 :: shard[1]]
    jobs = [
        _Job(
            name=name,
            source=source,
            out=out / name,
            body_name=body_name,
            focal=focal,
            overwrite=overwrite,
            report=report,
            command=command,
        )
        for name, source in clips
    ]
    outcomes: dict[str, Outcome] = {}
    waiting: collections.deque[_Job] = collections.deque()
    for job in jobs:
        try:
            input_path(job.source, focal)
            there = not overwrite and _is_there(job, settings, seed)
        except UserError as error:
            outcomes[job.name] = _failed(job, error)
            continue
        if there:
            outcomes[job.name] = _finished(job, "there already")
        else:
            waiting.append(job)
    if not waiting:
        return [outcomes[job.name] for job in jobs]
    keep_compiled_programs()
    body = as_body(body_name)
    for load in (shipped_models, text_encoder):
        load()  # what is missing is missed before anything slow
    with tqdm(total=len(jobs), initial=len(outcomes), desc="clips", unit="clip", disable=None) as bar:
        for outcome in _Assembly(
            waiting,
            body=body,
            describer=describer,
            contacts=contacts,
            settings=settings,
            seed=seed,
            batch=batch,
            workers=workers,
        ).outcomes():
            outcomes[outcome.name] = outcome
            if outcome.reason:
                _LOGGER.warning("%s: %s", outcome.name, outcome.reason)
            bar.update()
    return [outcomes[job.name] for job in jobs]


def reconstruct_shots_to_folders(
    source: str,
    out: pathlib.Path,
    *,
    people: str | None = None,
    body_name: str,
    focal: float | None,
    settings: Settings,
    seed: int,
    overwrite: bool = False,
    report: bool = False,
    command: str | None = None,
    **how: Any,
) -> list[Outcome]:
    """Reconstruct every shot of a video into `out`/shot_1, shot_2 …, as `folder.reconstruct_to_folder` does one.

    What is finished there is left alone, what was interrupted goes on, and a shot that fails, as those without two
    people do, stops no other. how: the describer, and what else that takes. Raises UserError for any fault in the
    options or the video, and where every shot fails.
    """
    path = input_path(source, focal)
    if path.suffix == ".npz":
        raise UserError(f"{path}: an observation is of one shot; give no --shots")
    pull_detectors()
    look, outcomes = first_look(path, progress=True), []
    for number in range(len(look.shots)):
        name = f"shot_{number + 1}"
        job = _Job(
            name=name,
            source=source,
            out=out / name,
            body_name=body_name,
            focal=focal,
            overwrite=overwrite,
            report=report,
            command=command,
        )
        try:
            if not overwrite and _is_there(job, settings, seed):
                outcomes.append(_finished(job, "there already"))
                continue
            reconstruct_to_folder(
                source,
                job.out,
                body_name=body_name,
                focal=focal,
                settings=settings,
                seed=seed,
                overwrite=overwrite,
                resume=True,
                report=report,
                command=command,
                imported=ImportOptions(people=people),
                shot=(look, number),
                **how,
            )
            outcomes.append(_finished(job, "made"))
        except UserError as error:
            outcomes.append(_failed(job, error))
    if all(outcome.state == "failed" for outcome in outcomes):
        raise UserError(f"none of {len(outcomes)} shots can be reconstructed; the first: {outcomes[0].reason}")
    return outcomes


class _Assembly:
    """Clips on their way: waiting, being seen, ready for the sampler, being written."""

    def __init__(
        self,
        waiting: collections.deque[_Job],
        *,
        body: smpl.Body,
        describer: Describer,
        contacts: bool,
        settings: Settings,
        seed: int,
        batch: int,
        workers: int,
    ):
        self._waiting, self._body, self._describer, self._contacts = waiting, body, describer, contacts
        self._settings, self._seed = settings, seed
        self._batch, self._workers = batch, workers
        self._running: dict[Future[Any], _Job | _Ready] = {}
        self._ready: list[_Ready] = []
        self._suspects: set[str] = set()  # names of clips that were on their way when a worker died
        self._pool = self._new_pool()

    def outcomes(self) -> Iterator[Outcome]:
        """Of each clip, when it is finished."""
        try:
            while self._waiting or self._running or self._ready:
                while self._waiting and self._has_room():
                    job = self._waiting.popleft()
                    self._start(job, _see, job)
                coming = self._waiting or any(isinstance(item, _Job) for item in self._running.values())
                if len(self._ready) >= self._batch or (self._ready and not coming):
                    yield from self._sample([self._ready.pop(0) for _ in range(min(self._batch, len(self._ready)))])
                    continue
                done, _ = concurrent.futures.wait(self._running, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    yield from self._take(future)
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _has_room(self) -> bool:
        """For the next clip: one more than there are workers, so that none has to wait while this process is in the
        sampler; a suspect is seen alone, so that it takes nobody with it."""
        if self._suspects & {(item if isinstance(item, _Job) else item.job).name for item in self._running.values()}:
            return False
        return not self._running if self._waiting[0].name in self._suspects else len(self._running) <= self._workers

    def _start(self, item: "_Job | _Ready", work: Callable[..., Any], *arguments: Any) -> None:
        try:
            future = self._pool.submit(work, *arguments)
        except BrokenProcessPool:
            self._pool = self._new_pool()
            future = self._pool.submit(work, *arguments)
        self._running[future] = item

    def _take(self, future: Future[Any]) -> Iterator[Outcome]:
        """What a worker has finished: a clip that was seen is described, one that was written is done."""
        item = self._running.pop(future)
        job = item if isinstance(item, _Job) else item.job
        try:
            if isinstance(item, _Ready):
                future.result()
                yield _finished(job, "made")
            else:
                self._ready.append(self._described(job, future.result()))
        except BrokenProcessPool:
            if job.name in self._suspects:
                yield _failed(job, UserError("its process died twice; is there enough memory? try fewer --workers"))
            elif isinstance(item, _Ready):
                self._suspects.add(job.name)
                self._ready.append(item)
            else:
                self._suspects.add(job.name)
                self._waiting.append(job)
        except Exception as error:  # whatever is wrong with one clip stops no other
            yield _failed(job, error)

    def _described(self, job: _Job, seen: "_Seen") -> _Ready:
        for note in seen.notes:
            _LOGGER.warning("%s: %s", job.name, note)
        start, clip = time.perf_counter(), dataclasses.replace(seen.clip, body=self._body)
        description = describe(clip, describer=self._describer)
        if not self._contacts:
            description = dataclasses.replace(description, contacts=())
        seconds = {"seeing": seen.seconds, "describing": round(time.perf_counter() - start, 2)}
        return _Ready(job=job, clip=clip, description=description, seconds=seconds)

    def _sample(self, some: list[_Ready]) -> Iterator[Outcome]:
        start = time.perf_counter()
        try:
            results = reconstruct_many(
                [each.clip for each in some],
                [each.description for each in some],
                settings=self._settings,
                seed=self._seed,
                batch=self._batch,
            )
        except Exception as error:
            if len(some) == 1:
                yield _failed(some[0].job, error)
            else:  # whose fault it is shows when each is alone
                for each in some:
                    yield from self._sample([each])
            return
        took = round((time.perf_counter() - start) / len(some), 2)
        for each, result in zip(some, results, strict=True):
            seconds = {**each.seconds, "reconstructing": took}
            self._start(each, _write, each.job, result, each.description, seconds)

    def _new_pool(self) -> ProcessPoolExecutor:
        # forked from this process, JAX's threads would be missing
        return ProcessPoolExecutor(self._workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)


def _begin_worker() -> None:
    """The accelerators are the sampler's. An interruption ends what a worker does, not its waiting for more."""
    jax.config.update("jax_platforms", "cpu")
    keep_compiled_programs()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Notes(logging.Handler):
    """Keeps what a worker has to say of a clip."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.notes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.notes.append(record.getMessage())


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Seen:
    """What a worker saw, what it had to say, and how long it took."""

    clip: ObservedClip
    notes: list[str]
    seconds: float


def _see(job: _Job) -> _Seen:
    """Observe a clip, unless that was done before."""
    logger, handler, start = logging.getLogger("sm_jax"), _Notes(), time.perf_counter()
    logger.addHandler(handler)
    try:
        with _interruptible():
            clip = see_to_folder(
                job.source, job.out, body_name=job.body_name, focal=job.focal, overwrite=job.overwrite, progress=False
            )
    finally:
        logger.removeHandler(handler)
    return _Seen(clip=clip, notes=handler.notes, seconds=round(time.perf_counter() - start, 2))


def _write(job: _Job, result: Reconstruction, description: Description, seconds: dict[str, float]) -> None:
    with _interruptible():
        result_to_folder(
            result,
            description,
            job.out,
            seconds=seconds,
            body_name=job.body_name,
            report=job.report,
            command=job.command,
            overwrite=job.overwrite,
        )


def _is_there(job: _Job, settings: Settings, seed: int) -> bool:
    """Whether a finished result of the clip is there. Raises UserError where it was made otherwise."""
    try:
        made = json.loads((job.out / SUMMARY).read_text(encoding="utf-8"))["provenance"]
        before = {name: made[name] for name in ("source", "seed", "settings")}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if unfinished(job.out) is not None:
        return False
    now = {"source": job.source, "seed": seed, "settings": json.loads(json.dumps(dataclasses.asdict(settings)))}
    if differing := [name for name in now if before[name] != now[name]]:
        raise UserError(f"{job.out} holds a result of other {differing[0]}: choose another --out, or --overwrite")
    return True


def _finished(job: _Job, state: State) -> Outcome:
    summary = json.loads((job.out / SUMMARY).read_text(encoding="utf-8"))
    hidden = [person["all"]["infilled"] for person in summary["people"]]
    seconds = summary["frames"] / summary["fps"]
    return Outcome(name=job.name, state=state, seconds=seconds, hidden=sum(hidden) / len(hidden))


def _failed(job: _Job, error: BaseException) -> Outcome:
    said = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    _LOGGER.debug("%s", job.name, exc_info=error)
    return Outcome(name=job.name, state="failed", reason=" ".join(said.split()))


def _expanded(source: str) -> list[str]:
    path = pathlib.Path(source)
    if path.suffix == LIST:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: no list of clips, a path on each line ({error})") from error
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [str(video) for video in _videos(path)] or [source] if path.is_dir() else [source]


def _videos(folder: pathlib.Path) -> list[pathlib.Path]:
    files = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(path for path in files if path.suffix.lower() in SUFFIXES)


def _name(clip: str) -> str:
    return pathlib.Path(clip.replace(":", "_")).stem if clip.startswith("sample:") else pathlib.Path(clip).stem
