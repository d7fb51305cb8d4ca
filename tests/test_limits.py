"""docs/limits.md: every promise names tests that exist, and the table of mutated inputs is that of the fuzz."""

import ast
import pathlib
import re

from tests.fuzz.test_fuzz import KINDS, SLOW_FACTOR

ROOT = pathlib.Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")


def test_every_test_that_is_named_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
    assert len(named) > 15
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{path}::{name}"


def test_every_promise_names_one():
    promised = TEXT[TEXT.index("## Promised") : TEXT.index("## Not promised")]
    parts = re.split(r"^\*\*", promised, flags=re.MULTILINE)[1:]
    assert len(parts) == 5 and all("`tests/" in part for part in parts)


def test_the_table_counts_what_is_tried():
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| (\d+) \((\d+)\) \|$", TEXT, re.MULTILINE)
    assert [(int(few), int(many)) for _, few, many in rows] == [
        (k.count, SLOW_FACTOR * k.count) for k in KINDS.values()
    ]
    for (said, _, _), name in zip(rows, KINDS, strict=True):
        assert said.lower().startswith(name.split()[0].split(",")[0].lower()), (said, name)


def test_every_kind_of_file_is_linked_from_the_readme():
    assert "docs/limits.md" in (ROOT / "README.md").read_text(encoding="utf-8")
