"""What a finished result can say of itself, gathered from its own files into a page: what `sm-jax report` does."""

import logging
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sm_jax.assets.files import check_writable, replacing
from sm_jax.body.io import terms_of
from sm_jax.body.skeleton import JOINTS
from sm_jax.errors import UserError
from sm_jax.export.film import Film, film, stills
from sm_jax.export.folder import SUMMARY, files_in
from sm_jax.export.npz import MotionFile
from sm_jax.export.report import MeasureRow, PersonStrips, ReportContent, TouchRow, report_page
from sm_jax.export.summary import PARTS, distances, returned, save_summary
from sm_jax.fitting.contact_ik.detection import detect_contacts
from sm_jax.motion.resample import FPS, resample_on_host
from sm_jax.pipeline.measures import MEASURES, in_words
from sm_jax.pipeline.result import OVERLAY, Result, load_result
from sm_jax.text.clip_frames import ClipFrames
from sm_jax.text.rules.contacts import spans
from sm_jax.types import Contact, Observation

_LOGGER = logging.getLogger(__name__)

REPORT = "report.html"
_MARK = b'<!doctype html>\n<html lang="en"><head>'
_FILM_BYTES = 8_000_000  # of the video inside, a third more in the page, so that it stays below 15 MB
_STILLS, _STILL_WIDTH = 6, 900
_MOST_TOUCHES = 14  # rows
_SMALL = 128  # pixels: half the side of the picture that landmarks are looked for in
_HIDDEN = 0.5  # share of a person's joints from which on the person is hidden
_LONG = 0.5  # seconds of being hidden that are worth a word
_CROSSED = 0.5  # of the smaller person's box in the picture within the other's
_ALL = 0.999  # share of the models' motion that is all of it
_WIDE = 0.1  # metres between hypotheses that are worth a word


def report_on(
    folder: pathlib.Path, out: pathlib.Path | None = None, *, body_name: str | None = None, overwrite: bool = False
) -> None:
    """Write the report of a result to an .html file, by default `report.html` in its folder.

    body_name: path of the licensed body that the motion is of; an open one is found. Raises UserError for any fault in
    the result or the options, before anything slow.
    """
    page = out or folder / REPORT
    if page.suffix != ".html":
        raise UserError(f"--out {page}: name a file that ends in .html")
    result = load_result(folder, body_name)
    check_writable(page, overwrite=overwrite, ours=_is_report)
    write_report(page, result)
    if page.resolve().parent == folder.resolve():
        save_summary(folder / SUMMARY, {**result.summary.whole, "files": files_in(folder)})
    _LOGGER.info("%s: %.1f MB", page, page.stat().st_size / 1e6)


def write_report(path: pathlib.Path, result: Result) -> None:
    """Write the page, whole or not at all. Raises UserError where the overlay is missing, or the path cannot be
    written."""
    text = report_page(gather(result))
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def gather(result: Result) -> ReportContent:
    """All that stands in the report of a result. Raises UserError where its overlay is missing or its summary lacks
    what belongs in one."""
    overlay = result.folder / OVERLAY
    if not overlay.is_file():
        raise UserError(f"{result.folder}: holds no {OVERLAY}; give a folder that sm-jax reconstruct wrote")
    content, observation, summary = result.content, result.observation, result.summary
    description = summary.description
    inside = film(overlay, _FILM_BYTES)
    touches = _contacts_found(result)
    start, frames = float(content.time[0]), _frames(result)
    moments = _moments(content, [start + (touch.start + touch.end) / 2 / FPS for touch in touches])
    n_found = int((content.time[-1] - start) * FPS + 1e-6) + 1
    said = frames.in_clip(description)
    touch_rows = _touch_rows(said.contacts, touches, observation.visibility.shape[1], n_found)
    pictures = stills(overlay, [moment - start for moment in moments], _STILL_WIDTH)
    return ReportContent(
        title=f"Two people in {pathlib.PurePath(_source(result)).name}",
        facts=_facts(result),
        sentence=description.text,
        said_by="the user" if description.source == "text" else description.source,
        phases=[(f"{frames.seconds(p.start):.1f}–{frames.seconds(p.end):.1f} s", p.text) for p in description.phases],
        warnings=list(_warnings(result, touch_rows)),
        film=inside.content,
        film_note=_film_note(inside, content.time),
        stills=[(f"{moment:.2f} s", picture) for moment, picture in zip(moments, pictures, strict=True)],
        span=(start, float(content.time[-1])),
        touches=touch_rows,
        people=_strips(result),
        measures=[
            MeasureRow(
                label=kind.label,
                unit=kind.unit,
                meaning=kind.meaning,
                before=summary.before[name],
                after=summary.after[name],
                in_words=in_words(summary.before[name], summary.after[name], kind),
            )
            for name, kind in MEASURES.items()
        ],
        made=_made(result),
        files=[name for name in files_in(result.folder) if name != REPORT],
    )


def _frames(result: Result) -> ClipFrames:
    seen = result.observation
    return ClipFrames(index=np.asarray(seen.frame_index), fps=float(seen.fps), start=float(result.content.time[0]))


def _source(result: Result) -> str:
    return str(result.content.provenance.get("source") or result.folder.resolve().name)


def _facts(result: Result) -> list[str]:
    content = result.content
    width, height = (round(float(side)) for side in content.camera.image_size)
    length = content.time[-1] - content.time[0] + 1 / content.fps
    return [
        f"{length:.1f} s, {len(content.time)} frames at {content.fps:.4g} a second",
        f"{width} × {height} pixels",
        f"body {content.body}",
    ]


def _film_note(inside: Film, time: np.ndarray) -> str:
    if inside.whole:
        return ""
    return f"These are the first {inside.seconds:.0f} of {time[-1] - time[0]:.0f} seconds; all are in {OVERLAY}."


# Who touches whom.


def _contacts_found(result: Result) -> tuple[Contact, ...]:
    """The contacts of the result, in thirtieths of a second from its first frame on."""
    content = result.content
    count = int((content.time[-1] - content.time[0]) * FPS + 1e-6) + 1
    position = np.interp(np.arange(count) / FPS, content.time - content.time[0], np.arange(len(content.time)))
    return detect_contacts(result.body, resample_on_host(content.motion, position), FPS)


def _touch_rows(said: Sequence[Contact], found: Sequence[Contact], n_seen: int, n_found: int) -> list[TouchRow]:
    """A row for each pair of regions that is said or found to touch; what is found counts to what was said, where that
    fits. n_seen, n_found: the clip's length in the frames of either."""
    rows: dict[str, tuple[list[tuple[float, float]], list[tuple[float, float]]]] = {}
    pairs: dict[str, Contact] = {}
    for contact in said:
        pairs.setdefault(_pair(contact), contact)
        rows.setdefault(_pair(contact), ([], []))[0].append(_share(contact, n_seen))
    for contact in found:
        label = next((label for label, pair in pairs.items() if _is_kind(contact, pair)), _pair(contact))
        rows.setdefault(label, ([], []))[1].append(_share(contact, n_found))
    longest = sorted(rows.items(), key=lambda row: (not row[1][0], -sum(b - a for spans in row[1] for a, b in spans)))
    return [TouchRow(label=label, said=tuple(a), found=tuple(b)) for label, (a, b) in longest[:_MOST_TOUCHES]]


def _sides(contact: Contact) -> list[tuple[str, Any]]:
    """Region and side of person 0, and of person 1."""
    sides = [(contact.region_a, contact.side_a), (contact.region_b, contact.side_b)]
    return sides[::-1] if contact.person_a else sides


def _is_kind(contact: Contact, said: Contact) -> bool:
    return all(
        region == wanted and side_wanted in (None, side)
        for (region, side), (wanted, side_wanted) in zip(_sides(contact), _sides(said), strict=True)
    )


def _pair(contact: Contact) -> str:
    return " – ".join(
        f"person {person}'s {f'{side} ' if side else ''}{region.replace('_', ' ')}"
        for person, (region, side) in enumerate(_sides(contact))
    )


def _share(contact: Contact, n_frames: int) -> tuple[float, float]:
    start, end = (float(np.clip(frame / n_frames, 0, 1)) for frame in (contact.start, contact.end))
    return start, end


def _moments(content: MotionFile, wanted: Sequence[float]) -> list[float]:
    """Seconds of frames worth a picture, ascending: where most is made up, the middles of the first contacts, and then
    one after the other what is farthest from those before."""
    time, hidden = content.time, content.infilled.mean(axis=(0, 2))
    first = [time[hidden.argmax()] if hidden.any() else time[len(time) // 2], *list(wanted)[: _STILLS // 3]]
    found = sorted({int(np.abs(time - moment).argmin()) for moment in first})
    while len(found) < min(_STILLS, len(time)):
        found.append(int(np.abs(time[:, None] - time[found]).min(axis=1).argmax()))
    return [float(time[frame]) for frame in sorted(found)]


# What was seen.


def _strips(result: Result) -> list[PersonStrips]:
    content, confidence = result.content, np.asarray(result.observation.keypoint_confidence)
    columns = {part.replace("_", " "): [JOINTS.index(name) for name in names] for part, names in PARTS.items()}
    return [
        PersonStrips(
            parts={
                part: (content.visibility[person][:, of].mean(axis=1), content.infilled[person][:, of].mean(axis=1))
                for part, of in columns.items()
            },
            confidence=confidence[person].mean(axis=1),
        )
        for person in range(2)
    ]


# What to know: only what the files say.


def _warnings(result: Result, touches: Sequence[TouchRow]) -> Iterator[tuple[str, str]]:
    content, provenance, share = result.content, result.content.provenance, result.summary.share
    if provenance.get("focal_is_heuristic"):
        yield (
            "The focal length is a guess:",
            f"the picture's diagonal, {content.camera.K[0, 0]:.0f} pixels, which may be twice too long, or a third too"
            f" short. {_far(content)}, and as wrongly from one another; --focal sets it.",
        )
    remarks = provenance.get("remarks")
    for remark in remarks if isinstance(remarks, list) else ():
        yield "Of what was seen:", f"{remark}."
    for person in range(2):
        tall = _height(result.observation, person)
        if tall is not None and tall < _SMALL:
            yield (
                f"Person {person} is small in the picture:",
                f"about {tall:.0f} pixels tall. Landmarks are looked for in pictures of 256, of which this fills less"
                " than half.",
            )
    yield from _hidden(content)
    crossed = _crossings(result.observation)
    if crossed:
        yield (
            "Who is who may be mixed up",
            f"where the two cover one another in the picture: {_times(crossed, content.time[0])}. Look at the video.",
        )
    if (share <= _ALL).any():
        words = "; ".join(returned(person, float(kept)) for person, kept in enumerate(share) if kept <= _ALL)
        yield (
            "Returned to the first estimate:",
            f"{words}. So it is with clips far from the training data, and with clear ones, to which the models have"
            " little to add.",
        )
    spread = content.spread.max(axis=(1, 2))
    for person in np.flatnonzero(spread > _WIDE):
        _, frame, joint = np.unravel_index(content.spread[person][None].argmax(), (1, *content.spread.shape[1:]))
        yield (
            f"The hypotheses disagree about person {person}:",
            f"by up to {100 * spread[person]:.0f} cm, most about the {JOINTS[joint].replace('_', ' ')} at"
            f" {content.time[frame]:.2f} s.",
        )
    if missing := [row.label for row in touches if row.said and not row.found]:
        yield "Said to touch, and does not in the result:", f"{'; '.join(missing)}."
    notes = provenance.get("source_notes")
    for note in notes if isinstance(notes, list) else ():
        yield "Of the video:", f"{note}."


def _far(content: MotionFile) -> str:
    """How far from the camera people stand, and what that is worth."""
    far = "; ".join(
        f"person {n} stands {one['median']:.1f} m from the camera, or {one['least']:.1f} to {one['most']:.1f}"
        for n, one in enumerate(distances(content))
    )
    return far[0].upper() + far[1:]


def _height(observation: Observation, person: int) -> float | None:
    """How tall a person is in the picture: median over the frames, from the highest to the lowest keypoint found."""
    sure = np.asarray(observation.keypoint_confidence[person]) > 0.3
    rows = np.where(sure, np.asarray(observation.keypoints[person])[..., 1], np.nan)
    rows = rows[sure.sum(axis=1) > sure.shape[1] / 2]
    return float(np.median(np.nanmax(rows, axis=1) - np.nanmin(rows, axis=1))) if len(rows) else None


def _hidden(content: MotionFile) -> Iterator[tuple[str, str]]:
    for person in range(2):
        hidden = content.infilled[person].mean(axis=1) >= _HIDDEN
        if found := spans(hidden, content.fps, 0.0, _LONG):
            long = [(start / content.fps, end / content.fps) for start, end in found]
            yield f"Person {person} is made up for the most part", f"in {_times(long, content.time[0])}."
        for part, names in PARTS.items():
            share = content.infilled[person][:, [JOINTS.index(name) for name in names]].mean()
            if share >= _HIDDEN and not found:
                yield f"Person {person}'s {part.replace('_', ' ')} is made up", f"in {share:.0%} of the time."


def _crossings(observation: Observation) -> list[tuple[float, float]]:
    """Seconds in which one person's keypoints lie within the other's box in the picture, for the most part."""
    points, sure = np.asarray(observation.keypoints), np.asarray(observation.keypoint_confidence) > 0.3
    low = np.where(sure[..., None], points, np.inf).min(axis=2)
    high = np.where(sure[..., None], points, -np.inf).max(axis=2)
    overlap = np.prod(np.clip(np.minimum(*high) - np.maximum(*low), 0, None), axis=-1)
    area = np.prod(np.clip(high - low, 0, None), axis=-1).min(axis=0)
    fps = float(observation.fps)
    crossed = overlap > _CROSSED * np.where(np.isfinite(area) & (area > 0), area, np.inf)
    return [(start / fps, end / fps) for start, end in spans(crossed, fps, 0.2, 0.1)]


def _times(found: Sequence[tuple[float, float]], first: float) -> str:
    shown = [f"{first + start:.1f}–{first + end:.1f} s" for start, end in found[:5]]
    return ", ".join(shown) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


# How it was made.


def _made(result: Result) -> list[tuple[str, str]]:
    said, content = result.content.provenance, result.content
    rows = [("from", _source(result))]
    if result.summary.command is not None:
        rows.append(("by", result.summary.command))
    rows += [
        (name, str(said[key]))
        for name, key in (
            ("sm_jax", "sm_jax"),
            ("code", "code"),
            ("jax", "jax"),
            ("device", "device"),
            ("seed", "seed"),
        )
        if key in said
    ]
    for name, key in (("settings", "settings"), ("weights", "weights")):
        if isinstance(said.get(key), dict):
            rows.append((name, ", ".join(_setting(*item) for item in said[key].items())))
    rows.append(("body", terms_of(content.body)))
    rows.append(("seconds", ", ".join(f"{stage} {took:.0f}" for stage, took in result.summary.seconds.items())))
    return rows


def _setting(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"{name} ({', '.join(_setting(*item) for item in value.items())})"
    if name.endswith("_sha256"):
        return f"{name.removesuffix('_sha256')} {str(value)[:12]}"
    return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"


def _is_report(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MARK)) == _MARK
