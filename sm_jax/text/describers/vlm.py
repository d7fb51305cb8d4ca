"""Asking a vision-language model for a description: pictures and question, a second try, and a memory of answers.

An answer is kept under the hash of all that was asked and of who was asked, so the same question of the same model is
answered from the disk, without a network or a model.
"""

import dataclasses
import hashlib
import json
import logging
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from sm_jax.assets.cache import cache_folder
from sm_jax.errors import UserError
from sm_jax.text.describers import pictures
from sm_jax.text.describers.describer import Describer, DescriberInput
from sm_jax.text.description_json import MOST_CHARACTERS, BadReply, one_line, prompt, read_reply
from sm_jax.types import Description

_LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Message:
    """One turn. parts: words, and pictures as JPEG files' bytes, in the order in which they are read."""

    role: Literal["user", "assistant"]
    parts: tuple[str | bytes, ...]


Ask = Callable[[Sequence[Message]], str]  # raises UserError, or BadReply for an answer without words


@dataclasses.dataclass(frozen=True, kw_only=True)
class Model:
    """name: for people.  identity: all that its answers depend on beside the messages; no secrets, it goes into a hash.
    ask: gives its answer to a conversation."""

    name: str
    identity: dict[str, object]
    ask: Ask


def describer(model: Model, images: int) -> Describer:
    """The model as a describer that looks at up to `images` pictures."""

    def describe(scene: DescriberInput) -> Description:
        shown = pictures.show(scene, images)
        messages = question(scene, shown)
        kept = memory(model, messages)
        reply = recall(kept)
        if reply is None or not _describes(reply, scene.n_frames):
            reply = converse(model, messages, scene.n_frames)
            remember(kept, reply)
        else:
            _LOGGER.info("answered from the cache (%s); delete it to ask %s again", kept, model.name)
        description, faults = read_reply(reply, scene.n_frames, model.name)
        if faults:
            _LOGGER.warning("%s: left out what is wrong: %s", model.name, "; ".join(faults[:3]))
        return widened(description, np.array([picture.frame for picture in shown]), scene.n_frames)

    return describe


def question(scene: DescriberInput, shown: Sequence[pictures.Picture]) -> list[Message]:
    """What is asked of a scene: the prompt, then each picture after its frame and time."""
    parts: list[str | bytes] = [prompt(scene.n_frames, scene.fps)]
    for picture in shown:
        parts += [f"Frame {picture.frame}, {picture.frame / scene.fps:.2f} s:", picture.jpeg]
    return [Message("user", tuple(parts))]


def converse(model: Model, messages: Sequence[Message], n_frames: int) -> str:
    """A reply that holds a description. What is wrong with the first one is told to the model, once.

    Raises UserError if the second one holds no description either.
    """
    reply, complaint = _answer(model, messages, n_frames)
    if not complaint:
        return reply
    _LOGGER.info("%s is asked again: %s", model.name, complaint)
    told = Message("user", (f"That is not right: {complaint}. Answer again with the corrected JSON object only.",))
    said = Message("assistant", (reply[:MOST_CHARACTERS] or "(nothing)",))
    second, complaint = _answer(model, [*messages, said, told], n_frames)
    if _describes(second, n_frames):
        return second
    if _describes(reply, n_frames):  # but for a detail
        return reply
    raise UserError(f"{model.name} gave no description in two tries ({complaint}); try another model, or rules or text")


def _describes(reply: str, n_frames: int) -> bool:
    try:
        read_reply(reply, n_frames, "")
    except BadReply:
        return False
    return True


def _answer(model: Model, messages: Sequence[Message], n_frames: int) -> tuple[str, str]:
    """A reply, and what is wrong with it: empty if nothing is."""
    reply = ""
    try:
        reply = model.ask(messages)
        return reply, one_line("; ".join(read_reply(reply, n_frames, model.name)[1][:5]))
    except BadReply as problem:
        return reply, one_line(str(problem))


def widened(description: Description, frames: np.ndarray, n_frames: int) -> Description:
    """Spans that reach half way to the next picture: what is seen in two of them lasts as well between and beside them.

    frames: [N] of the pictures, ascending.
    """
    edges = np.concatenate([[0], (frames[:-1] + frames[1:] + 1) // 2, [n_frames]])

    def span(start: int, end: int) -> dict[str, Any]:
        first, last = np.searchsorted(edges, start, side="right") - 1, np.searchsorted(edges, end, side="left")
        return {"start": int(edges[first]), "end": int(edges[last])}

    return dataclasses.replace(
        description,
        phases=tuple(dataclasses.replace(phase, **span(phase.start, phase.end)) for phase in description.phases),
        contacts=tuple(dataclasses.replace(touch, **span(touch.start, touch.end)) for touch in description.contacts),
    )


def memory(model: Model, messages: Sequence[Message]) -> pathlib.Path:
    """The file that holds, or would hold, the model's reply to a conversation."""
    hashed = hashlib.sha256(json.dumps(model.identity, sort_keys=True).encode())
    for message in messages:
        for part in message.parts:
            content = part.encode() if isinstance(part, str) else part
            hashed.update(f"\0{message.role} {type(part).__name__} {len(content)}\0".encode() + content)
    return replies_folder() / f"{hashed.hexdigest()}.txt"


def replies_folder() -> pathlib.Path:
    """Where replies are kept."""
    return cache_folder() / "replies"


def recall(path: pathlib.Path) -> str | None:
    """A reply that was kept, if it was."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def remember(path: pathlib.Path, reply: str) -> None:
    """Keep a reply, whole or not at all."""
    partial = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(reply, encoding="utf-8", errors="replace")
        partial.replace(path)
    except OSError as error:
        _LOGGER.warning("the reply is not kept: %s: %s", path.parent, error.strerror or error)
