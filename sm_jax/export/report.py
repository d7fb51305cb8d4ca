"""`report.html`: what became of a clip on one page that needs nothing else and can be mailed.

It is laid out here from plain values; `pipeline.report` finds them. Light and dark as the reader's screen is, as wide
as it is, and everything that came from outside (names, sentences) is text and never markup.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from sm_jax.export import mesh, timeline
from sm_jax.export.markup import Child, data_uri, document, tag
from sm_jax.export.timeline import Span


@dataclasses.dataclass(frozen=True, kw_only=True)
class PersonStrips:
    """What was seen of one person. parts: by name, how visible and how far made up each was, both [T] in [0, 1].
    confidence: [T'] of the detectors in the person's keypoints."""

    parts: dict[str, tuple[np.ndarray, np.ndarray]]
    confidence: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class TouchRow:
    """Two regions, and when they touch: said: by the description, found: in the result. Shares of the clip's length."""

    label: str
    said: tuple[tuple[float, float], ...] = ()
    found: tuple[tuple[float, float], ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeasureRow:
    """A number before and after, and what that means."""

    label: str
    unit: str
    meaning: str
    before: float | None
    after: float | None
    in_words: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportContent:
    """All that stands in a report.

    title: of the page.  facts: a few words each.  sentence, said_by: the description and who gave it.  phases: when and
    what.  warnings: what to know before using the result, a heading and a sentence each.  film: an MP4, film_note: what
    of it is left out.  stills: caption and JPEG.  span: seconds of the first and the last frame.
    """

    title: str
    facts: Sequence[str]
    sentence: str
    said_by: str
    phases: Sequence[tuple[str, str]]
    warnings: Sequence[tuple[str, str]]
    film: bytes
    film_note: str
    stills: Sequence[tuple[str, bytes]]
    span: tuple[float, float]
    touches: Sequence[TouchRow]
    people: Sequence[PersonStrips]
    measures: Sequence[MeasureRow]
    made: Sequence[tuple[str, str]]
    files: Sequence[str]


def report_page(content: ReportContent) -> str:
    """The page."""
    sections = (
        _head(content),
        _warnings(content),
        _film(content),
        _touches(content),
        _seen(content),
        _measures(content),
        _made(content),
    )
    return document(content.title, _STYLE, [tag("main", [section for section in sections if section is not None])])


def _head(content: ReportContent) -> Child:
    phases = [tag("li", tag("b", when), f" {what}") for when, what in content.phases]
    return tag(
        "header",
        tag("h1", content.title),
        tag("p", [tag("span", fact) for fact in content.facts], class_="facts"),
        tag("blockquote", content.sentence, tag("footer", f"Described by {content.said_by}.")),
        tag("ol", phases, class_="phases") if phases else None,
        tag("p", _person(0), " ", _person(1), class_="key"),
    )


def _person(person: int) -> Child:
    return tag("span", tag("i", class_=f"dot p{person}"), f" person {person}", class_="nobreak")


def _warnings(content: ReportContent) -> Child:
    if not content.warnings:
        return tag("p", "Nothing in the files of this result speaks against it.", class_="calm")
    items = [tag("li", tag("b", heading), f" {words}") for heading, words in content.warnings]
    return tag("section", tag("h2", "Know before you use it"), tag("ul", items), class_="warnings")


def _film(content: ReportContent) -> Child:
    poster = data_uri("image/jpeg", content.stills[0][1])
    stills = [
        tag("figure", tag("img", src=data_uri("image/jpeg", jpeg), alt=caption), tag("figcaption", caption))
        for caption, jpeg in content.stills
    ]
    return tag(
        "section",
        tag("h2", "The result over the video"),
        tag("video", src=data_uri("video/mp4", content.film), poster=poster, controls=True, loop=True, muted=True),
        tag("p", "Left: the bodies over the input. Right: the same bodies from the side; a tile is one metre. Paler"
            f" parts were not seen and are made up. {content.film_note}", class_="note"),
        tag("div", stills, class_="stills"),
    )  # fmt: skip


def _touches(content: ReportContent) -> Child:
    if not content.touches:
        rows: Child = tag("p", "No touch was described, and none is in the result.")
    else:
        rows = tag("div", [_touch_row(row) for row in content.touches], timeline.axis(*content.span), class_="strips")
    key = tag(
        "p", tag("i", class_="box said"), " said by the description  ", tag("i", class_="box found"),
        " skins within 3 cm in the result", class_="note key",
    )  # fmt: skip
    return tag("section", tag("h2", "Who touches whom, and when"), rows, key if content.touches else None)


def _touch_row(row: TouchRow) -> Child:
    said = [Span(start=a, end=b, style="said", upper=0.0, lower=0.4) for a, b in row.said]
    found = [Span(start=a, end=b, style="found", upper=0.5, lower=1.0) for a, b in row.found]
    note = "said, not in the result" if not row.found else "" if row.said else "in the result alone"
    return timeline.row(row.label, said + found, note)


def _seen(content: ReportContent) -> Child:
    blocks: list[Child] = []
    for person, strips in enumerate(content.people):
        rows = [
            timeline.row(
                name,
                [*timeline.shades(visible, f"v{person}"), *timeline.marked(made_up, "made-up")],
                f"{np.mean(visible):.0%} seen" + (f", {np.mean(made_up):.0%} made up" if np.mean(made_up) else ""),
            )
            for name, (visible, made_up) in strips.parts.items()
        ]
        sure = timeline.curve(
            "detectors' confidence", strips.confidence, f"a{person}", f"{strips.confidence.mean():.0%}"
        )
        blocks.append(tag("h3", _person(person)))
        blocks.append(tag("div", rows, sure, timeline.axis(*content.span), class_="strips"))
    key = tag(
        "p", tag("i", class_="box v0 v00"), " hidden  ", tag("i", class_="box v0 v04"), " seen  ",
        tag("i", class_="box made-up-key"), " made up", class_="note key",
    )  # fmt: skip
    return tag("section", tag("h2", "What was seen, and what was made up"), key, blocks)


def _measures(content: ReportContent) -> Child:
    rows = [
        tag(
            "tr",
            tag("th", row.label, tag("small", row.meaning), scope="row"),
            tag("td", _number(row.before, row.unit), class_="number"),
            tag("td", _number(row.after, row.unit), class_="number"),
            tag("td", row.in_words),
        )
        for row in content.measures
    ]
    head = tag("tr", [tag("th", words, scope="col") for words in ("", "Before", "After", "In words")])
    return tag(
        "section",
        tag("h2", "Before and after"),
        tag("p", "Before is the first estimate, what was seen with its gaps interpolated; after is the result."),
        tag("div", tag("table", tag("thead", head), tag("tbody", rows)), class_="wide"),
    )  # fmt: skip


def _number(value: float | None, unit: str) -> Child:
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 or abs(value) < 0.005 else 1 if abs(value) >= 1 else 2
    return [f"{value:.{digits}f}", tag("small", f" {unit}")]


def _made(content: ReportContent) -> Child:
    entries = [(tag("dt", name), tag("dd", value)) for name, value in content.made]
    files = tag("p", "Beside this page: ", ", ".join(content.files), ".", class_="note")
    return tag("section", tag("h2", "How it was made"), tag("dl", entries), files)


def _colours(person: int, lighter: float) -> str:
    colour = mesh.COLOURS[person] * (1 - lighter) + lighter
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in colour)


_SHADES = "\n".join(
    f".v{person}{level} {{ opacity: {opacity}; }}"
    for person in range(2)
    for level, opacity in enumerate((0.06, 0.3, 0.55, 0.78, 1.0))
)
_STYLE = f"""
:root {{
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f4f5f7; --ink: #1b1f24; --soft: #5a6472; --line: #d8dce2; --warn: #8a5300;
  --warn-paper: #fff6e5; --p0: {_colours(0, 0)}; --p1: {_colours(1, 0)}; --made: #101418; --found: #2f8f4e;
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --paper: #14171b; --panel: #1e2228; --ink: #e8eaed; --soft: #a3adba; --line: #363d47; --warn: #ffc870;
    --warn-paper: #2b2414; --p0: {_colours(0, 0.3)}; --p1: {_colours(1, 0.2)}; --made: #f2f4f6; --found: #5cc680;
  }}
}}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; }}
h2 {{ font-size: 1.2rem; margin: 2.5rem 0 .6rem; }}
h3 {{ font-size: 1rem; margin: 1.2rem 0 .4rem; }}
small, .note, .facts, figcaption {{ color: var(--soft); font-size: .85rem; }}
.facts span:not(:last-child)::after {{ content: " · "; white-space: pre; }}
.facts {{ margin: 0; }}
blockquote {{ margin: 1.2rem 0; padding: .2rem 0 .2rem 1rem; border-left: 3px solid var(--line); font-size: 1.15rem; }}
blockquote footer {{ color: var(--soft); font-size: .85rem; }}
.phases {{ padding-left: 1.2rem; }}
.nobreak {{ white-space: nowrap; margin-right: .8rem; }}
.dot {{ display: inline-block; width: .75em; height: .75em; border-radius: 50%; }}
.dot.p0 {{ background: var(--p0); }}
.dot.p1 {{ background: var(--p1); }}
.warnings {{ background: var(--warn-paper); border-radius: .6rem; padding: .2rem 1.2rem .6rem; margin-top: 1.5rem; }}
.warnings h2 {{ margin-top: .8rem; color: var(--warn); }}
.warnings ul {{ padding-left: 1.1rem; margin: 0; }}
.warnings li {{ margin: .4rem 0; }}
video {{ width: 100%; max-height: 85vh; border-radius: .4rem; background: #000; display: block; }}
.stills {{ display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); margin-top: 1rem; }}
figure {{ margin: 0; }}
img {{ width: 100%; border-radius: .3rem; display: block; }}
.row {{ display: grid; grid-template-columns: 14rem 1fr; gap: .8rem; align-items: center; margin: .25rem 0; }}
.label {{ line-height: 1.2; font-size: .9rem; }}
.label small {{ display: block; font-size: .78rem; }}
.strip {{ width: 100%; height: 1.5rem; display: block; background: var(--panel); border-radius: .2rem; }}
.ticks {{ position: relative; height: 1.3rem; color: var(--soft); font-size: .78rem; }}
.ticks {{ border-top: 1px solid var(--line); }}
.ticks span {{ position: absolute; padding-left: .2rem; border-left: 1px solid var(--line); white-space: nowrap; }}
.v0, .a0 {{ fill: var(--p0); background: var(--p0); }}
.v1, .a1 {{ fill: var(--p1); background: var(--p1); }}
{_SHADES}
.area {{ fill-opacity: .55; }}
rect.made-up {{ fill: var(--made); y: 7.6px; height: 2.4px; }}
.said {{ fill: var(--soft); background: var(--soft); }}
.found {{ fill: var(--found); background: var(--found); }}
.box {{ display: inline-block; width: 1.1em; height: .8em; border-radius: .15em; outline: 1px solid var(--line); }}
.made-up-key {{ background: linear-gradient(to top, var(--made) 30%, var(--panel) 30%); }}
.key {{ white-space: pre-wrap; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; min-width: 34rem; }}
th, td {{ text-align: left; vertical-align: top; padding: .5rem .8rem .5rem 0; border-top: 1px solid var(--line); }}
thead th {{ border: 0; color: var(--soft); font-weight: normal; font-size: .85rem; padding-bottom: .2rem; }}
tbody th {{ font-weight: 600; width: 45%; }}
th small {{ display: block; font-weight: normal; }}
.number {{ white-space: nowrap; font-variant-numeric: tabular-nums; }}
dl {{ display: grid; grid-template-columns: 9rem 1fr; gap: .3rem .8rem; font-size: .9rem; margin: 0; }}
dt {{ color: var(--soft); }}
dd {{ margin: 0; }}
@media (max-width: 40rem) {{
  .row {{ grid-template-columns: 1fr; gap: .1rem; margin: .5rem 0; }}
  .row.axis .label {{ display: none; }}
  .label small {{ display: inline; margin-left: .5rem; }}
  dl {{ grid-template-columns: 1fr; gap: 0; }}
  dd {{ margin-bottom: .5rem; }}
  .wide {{ overflow-x: visible; }}
  table {{ min-width: 0; }}
  tr {{ display: grid; grid-template-columns: auto auto 1fr; column-gap: 1rem; padding: .5rem 0; }}
  tr {{ border-top: 1px solid var(--line); }}
  th, td {{ border: 0; padding: .1rem 0; }}
  tbody th, td:last-child {{ grid-column: 1 / -1; width: auto; }}
  thead {{ display: none; }}
  td.number::before {{ color: var(--soft); font-size: .85rem; content: "before "; }}
  td.number + td.number::before {{ content: "after "; }}
}}
"""
