"""What tries to run something when it is unpickled."""

import pathlib
from typing import Any


def run_on_load(marker: pathlib.Path) -> Any:
    """An object that, unpickled, would make a file."""

    class Hostile:
        def __reduce__(self) -> Any:
            return pathlib.Path.touch, (marker,)

    return Hostile()
