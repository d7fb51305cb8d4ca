"""What the package says on the way, on a terminal."""

import contextlib
import logging
import sys
from collections.abc import Iterator

from tqdm import tqdm


class _Lines(logging.Handler):
    """Messages as they are, a line each, above any progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


@contextlib.contextmanager
def log_to_stderr() -> Iterator[None]:
    """What the package logs goes to standard error, as plain lines."""
    logger, lines = logging.getLogger("sm_jax"), _Lines()
    level = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(lines)
        logger.setLevel(level)
