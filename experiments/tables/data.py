"""Tables of what the data are."""

import pathlib

from sm_jax.data.codec import FIELDS


def fields(_: pathlib.Path) -> str:
    """The arrays of a sequence."""
    lines = ["| field | type | what |", "|---|---|---|"]
    for name, field in FIELDS.items():
        kind = "text" if field.dtype is str else field.dtype.__name__
        lines.append(f"| `{name}` | {'list of texts' if kind == 'text' and field.shape else kind} | {field.meaning} |")
    return "\n".join(lines)
