"""What `sm-jax describe` does: an input in words and contacts, to read and to hand on."""

import json
import pathlib
import sys
from collections.abc import Iterator

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.errors import UserError
from sm_jax.export.files import check_writable
from sm_jax.export.summary import save_summary
from sm_jax.pipeline.inputs import get_observation, get_pictures, input_path, open_source
from sm_jax.pipeline.observe import ObservedVideo
from sm_jax.text.describers.describer import Describer, describer_input
from sm_jax.text.description_json import as_json
from sm_jax.types import Contact, Description, Observation


def describe_input(
    source: str, describer: Describer, *, out: pathlib.Path | None, body_name: str, focal: float | None, overwrite: bool
) -> None:
    """Observe an input, print what the describer says of it, and write that as JSON for `--text`, if `out` is given.

    Raises UserError for any fault in the input or the options.
    """
    if out is not None and out.suffix != ".json":
        raise UserError(f"--out {out}: name a file that ends in .json")
    if out is not None:
        check_writable(out, overwrite=overwrite, ours=_is_description)
    input_path(source, focal)
    body = load_body(body_name)
    observed = open_source(source, body, focal)
    description = described(observed, body, describer)
    print("\n".join(lines(description, float(get_observation(observed).fps))))
    if out is not None:
        save_summary(out, as_json(description))


def _is_description(path: pathlib.Path) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and "description" in found


def described(observed: ObservedVideo | Observation, body: smpl.Body, describer: Describer) -> Description:
    """What the describer says, told on stderr too."""
    description = describer(describer_input(get_observation(observed), body, get_pictures(observed)))
    print(f"description ({description.source}): {description.text}", file=sys.stderr, flush=True)
    return description


def lines(description: Description, fps: float) -> Iterator[str]:
    """A description to read: the sentence, then phases and contacts by their seconds."""
    yield description.text
    for phase in description.phases:
        yield f"  {_seconds(phase.start, phase.end, fps)}  {phase.text}"
    yield "contacts:" if description.contacts else "contacts: none"
    for contact in sorted(description.contacts, key=lambda contact: (contact.start, contact.end)):
        sure = f"{contact.confidence:.0%} sure"
        yield f"  {_seconds(contact.start, contact.end, fps)}  {_pair(contact)}  {sure}"


def _pair(contact: Contact) -> str:
    parts = (
        (contact.person_a, contact.side_a, contact.region_a),
        (1 - contact.person_a, contact.side_b, contact.region_b),
    )
    return " – ".join(
        f"person {person + 1}'s {f'{side} ' if side else ''}{region.replace('_', ' ')}"
        for person, side, region in parts
    )


def _seconds(start: int, end: int, fps: float) -> str:
    return f"{start / fps:6.2f} – {end / fps:5.2f} s"
