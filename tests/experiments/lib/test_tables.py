"""The documents quote what the results say."""

import pytest

from experiments.lib import tables
from experiments.lib.results import DOCS, RESULTS, ROOT


@pytest.mark.parametrize("name", tables.TABLES)
def test_every_table_is_quoted_as_the_results_have_it(name):
    documents = [path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *DOCS.glob("*.md"))]
    block = f"<!-- table: {name} -->\n{tables.TABLES[name](RESULTS)}\n<!-- end -->"
    assert any(block in text for text in documents), f"run experiments/6_tables.py: {name} is stale, or quoted nowhere"


def test_only_the_marked_part_of_a_document_is_rewritten(tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text("before\n<!-- table: one -->\nold\n<!-- end -->\nafter\n")
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    monkeypatch.setattr(tables, "DOCS", tmp_path)
    monkeypatch.setattr(tables, "TABLES", {"one": lambda results: "| new |"})
    tables.embed_tables()
    assert (tmp_path / "README.md").read_text() == "before\n<!-- table: one -->\n| new |\n<!-- end -->\nafter\n"


def test_the_finding_is_read_from_the_table():
    def row(*values: float) -> dict[str, dict[str, float]]:
        return {name: {"mean": value} for name, value in zip(tables.HEADLINE, values, strict=True)}

    summary = {
        "raw estimate": row(200, 100, 0.1, 9), "slerp": row(180, 95, 0.12, 9), "optimisation": row(190, 90, 0.11, 9),
        "networks": row(1, 1, 1, 1), "networks + guidance": row(150, 80, 0.2, 2),
    }  # fmt: skip
    said = tables.finding(summary)
    assert "off by 150 mm in the mean, where the first estimate is off by 200" in said
    assert "80 instead of 100 mm" in said
    assert "20% are found instead of 10%" in said and "comes to 180 mm, 90 mm and 12%" in said
