"""What two people do, in words and contacts: to hand to `reconstruct`, to read, and to write to a file."""

import json
import logging
import os
import pathlib
from collections.abc import Iterator

from sm_jax.assets.files import check_writable
from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.export.summary import plain, save_summary
from sm_jax.pipeline.observed_clip import ObservedClip, Seen, as_clip
from sm_jax.text.clip_frames import ClipFrames
from sm_jax.text.describers import from_user, rules
from sm_jax.text.describers.describer import Describer, describer_input
from sm_jax.types import Contact, Description, Phase

Text = str | os.PathLike[str] | Description | None
_LOGGER = logging.getLogger(__name__)


def describe(
    seen: Seen,
    text: Text = None,
    *,
    describer: Describer | None = None,
    body: smpl.Body | str | os.PathLike[str] | None = None,
) -> Description:
    """What the two people do, and who touches whom when, in the frames of the source.

    seen: what `observe` gave, an observation alone, or a source to observe.  text: a sentence, whose contacts are
    looked for in the estimate, or the path of a .json file: as `sm-jax describe --out` writes it, or a result's
    summary.json; a description is taken as it is.  describer: who says it where no text does; rules that read the
    estimate by default.  body: of a source or an observation alone.
    Raises UserError for a text that cannot be understood, and for a text and a describer at once.
    """
    if text is not None and describer is not None:
        raise UserError("a text is a description, and a describer would make another: give one of the two")
    if isinstance(text, Description):
        return text
    say = describer or (rules.describe if text is None else from_user.describe_text(text))
    clip = as_clip(seen, body)
    description = _say(say, clip)
    said = "\n".join(lines(description, clip.frames))
    _LOGGER.info("description (%s): %s", description.source, said)
    return description


def _say(describer: Describer, clip: ObservedClip) -> Description:
    scene = describer_input(clip.observation, clip.body, clip.pictures, clip.frames.start)
    return clip.frames.in_source(describer(scene))


def describe_input(
    source: str, describer: Describer, *, out: pathlib.Path | None, body_name: str, focal: float | None, overwrite: bool
) -> None:
    """Observe an input, print what the describer says of it, and write that as JSON for `--text`, if `out` is given.

    Raises UserError for any fault in the input or the options.
    """
    from sm_jax.pipeline.observe import input_path, observe

    if out is not None and out.suffix != ".json":
        raise UserError(f"--out {out}: name a file that ends in .json")
    if out is not None:
        check_writable(out, overwrite=overwrite, ours=_is_description)
    input_path(source, focal)
    clip = observe(source, body=body_name, focal=focal)
    description = _say(describer, clip)
    print("\n".join(lines(description, clip.frames)))
    if out is not None:
        save_summary(out, plain(description))


def _is_description(path: pathlib.Path) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.keys() >= {"text", "contacts"}


def lines(description: Description, frames: ClipFrames) -> Iterator[str]:
    """A description to read: the sentence, then phases and contacts by their seconds and frames in the source."""
    yield description.text
    for phase in description.phases:
        yield f"  {_when(phase, frames)}  {phase.text}"
    yield "contacts:" if description.contacts else "contacts: none"
    origin = "your text" if description.source == "text" else description.source
    for contact in sorted(description.contacts, key=lambda contact: (contact.start, contact.end)):
        yield f"  {_when(contact, frames)}  {_pair(contact)}  {contact.confidence:.0%} sure, from {origin}"


def _pair(contact: Contact) -> str:
    parts = (
        (contact.person_a, contact.side_a, contact.region_a),
        (1 - contact.person_a, contact.side_b, contact.region_b),
    )
    return " – ".join(
        f"person {person}'s {f'{side} ' if side else ''}{region.replace('_', ' ')}" for person, side, region in parts
    )


def _when(span: Phase | Contact, frames: ClipFrames) -> str:
    start, end = frames.seconds(span.start), frames.seconds(span.end)
    return f"{start:6.2f} – {end:5.2f} s, frames {span.start} – {span.end}"
