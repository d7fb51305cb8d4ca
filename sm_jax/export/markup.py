"""HTML and SVG as a tree: whatever text goes in comes out escaped, because nothing is ever pasted into markup."""

import base64
import re
from collections.abc import Iterable
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

Child: TypeAlias = "Element | str | Iterable[Child] | None"

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def tag(name: str, *children: Child, **attributes: str | float | bool | None) -> Element:
    """An element. children: elements, texts, and lists of these; None is nothing.  attributes: names with `_` for `-`
    and behind Python's own words; True is an attribute without a value, None and False are none."""
    element = Element(name)
    for key, value in attributes.items():
        if value is not None and value is not False:
            text = "" if value is True else f"{value:g}" if isinstance(value, int | float) else printable(value)
            element.set(key.rstrip("_").replace("_", "-"), text)
    _append(element, children)
    return element


def _append(element: Element, children: Iterable[Child]) -> None:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Element):
            element.append(child)
        elif not isinstance(child, str):
            _append(element, child)
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + printable(child)
        else:
            element.text = (element.text or "") + printable(child)


def printable(text: str) -> str:
    """Text without the characters that no document may hold, a sign in the place of each."""
    return _UNPRINTABLE.sub("�", text)


def data_uri(kind: str, content: bytes) -> str:
    """A file's content as the address of itself. kind: its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def document(title: str, style: str, body: Iterable[Child]) -> str:
    """A whole page with its style inside. It may load nothing from anywhere, and run nothing: its policy says so."""
    policy = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy),
            tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name_="color-scheme", content="light dark"),
            tag("title", title),
            tag("style", style),
        ),
        tag("body", body),
        lang="en",
    )
    return f"<!doctype html>\n{tostring(page, encoding='unicode', method='html')}\n"
