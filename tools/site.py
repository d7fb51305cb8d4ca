"""What the documentation's site has beside the pages in docs/: the README as its first page, the reference, and
equations as drawings, for which the reader's browser has to load nothing.

A hook of MkDocs, which calls these functions by their names; `make docs` builds the site.
"""

import contextlib
import html
import io
import os
import pathlib
import re

import matplotlib as mpl
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import math_to_image
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import sm_jax
from sm_jax.cli.main import COMMANDS, PROG, command_class
from sm_jax.cli.parse import parse

ROOT = pathlib.Path(__file__).parent.parent
WIDTH = "100"  # of the commands' help
MATH = re.compile(r"^```math\n(.*?)\n```$", re.S | re.M)  # as GitHub has it too
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    made = {page: (ROOT / source).read_text(encoding="utf-8") for source, page in PAGES.items()}
    made |= {"cli.md": commands(), "reference.md": reference()}
    for page, text in made.items():
        files.append(File.generated(config, page, content=inside(text)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """What lies outside the site is named and not linked; equations are drawn."""
    markdown = re.sub(r"\[([^\]]*)\]\(\.\./([^)]*)\)", r"\1 (`\2`)", markdown)
    return MATH.sub(lambda found: drawn(found[1]), markdown)


def drawn(formula: str) -> str:
    """A formula of TeX as an SVG of the page's own colour. Raises ValueError for what cannot be drawn."""
    picture = io.StringIO()
    with mpl.rc_context({"mathtext.fontset": "cm", "svg.hashsalt": "sm_jax", "savefig.transparent": True}):
        math_to_image(f"${formula}$", picture, prop=FontProperties(size=13), format="svg")
    svg = picture.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r">\s+<", "><", svg).replace("<svg ", f'<svg role="img" aria-label="{html.escape(formula)}" ', 1)
    style = "overflow-x: auto; fill: currentColor"
    return f'<div class="math" style="{style}">{svg}</div>'


def inside(text: str) -> str:
    """The links of a page of the repository's root, as they are in the site."""
    for source, page in PAGES.items():
        text = text.replace(f"]({source})", f"]({page})")
    return text.replace("](docs/", "](")


def commands() -> str:
    """The help of every command."""
    os.environ["COLUMNS"] = WIDTH
    sections = []
    for name in COMMANDS:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            parse(command_class(name), ["--help"], f"{PROG} {name}")
        sections.append(f"## {PROG} {name}\n\n```text\n{said.getvalue().strip()}\n```\n")
    return "# The commands\n\n" + "\n".join(sections)


def reference() -> str:
    """The docstrings of what `import sm_jax` gives, by where it is defined."""
    sections = []
    for name in sm_jax.__all__:
        module = getattr(getattr(sm_jax, name), "__module__", None)
        if module and module.startswith("sm_jax"):
            sections.append(f"::: {module}.{name}\n")
    first = "# The library\n\nWhat `import sm_jax as sm` gives; [As a library](api.md) is a worked example.\n\n"
    return first + "\n".join(sections)
