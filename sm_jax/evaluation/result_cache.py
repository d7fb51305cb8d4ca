"""Rows of an evaluation that is not finished yet, kept in a file, so that an interruption costs a row."""

import json
import logging
import pathlib

from sm_jax.evaluation.protocols import Row

_LOGGER = logging.getLogger(__name__)


def rows_path(out: pathlib.Path) -> pathlib.Path:
    """Where the rows of an evaluation that is to be written to `out` are kept until then."""
    return out.with_suffix(".rows.jsonl")


class ResultCache:
    """One line of JSON for each row: its key, which says all that it depends on, and its numbers.

    A file left by an interrupted evaluation is gone on with; `done` takes it away. Without a path nothing is kept.
    """

    def __init__(self, path: pathlib.Path | None):
        self.path, self.rows = path, {}
        if path is not None and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if not text.endswith("\n"):  # cut while a line was being written
                path.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")
            for line in text.split("\n"):
                if (found := _row(line)) is not None:
                    self.rows[found[0]] = found[1]
            _LOGGER.info(
                "%s: holds %d rows of an interrupted evaluation; those of this code and these settings are taken",
                path,
                len(self.rows),
            )

    def get(self, key: str) -> Row | None:
        """The row with this key, if it is there."""
        return self.rows.get(key)

    def add(self, key: str, row: Row) -> None:
        """Keep a row."""
        self.rows[key] = row
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(json.dumps([key, row]) + "\n")

    def done(self) -> None:
        """Take the file away."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _row(line: str) -> tuple[str, Row] | None:
    """The key and the numbers of a line; None for one that is damaged."""
    try:
        key, row = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    sound = isinstance(key, str) and isinstance(row, dict)
    return (key, row) if sound and all(type(value) in (int, float) for value in row.values()) else None
