"""What the rows of the semantics study say together."""

from collections.abc import Sequence
from typing import Any

from sm_jax.metrics.bootstrap import summarise


def summed_up(rows: Sequence[dict[str, Any]], ways: Sequence[str], kinds: Sequence[str]) -> dict[str, Any]:
    """Means over clips and seeds of each way and telling, and of their differences to silence."""
    found = {(row["way"], row["told"], row["clip"], row["seed"]): row for row in rows}
    numbers = {key: {"pair_pa_mm": row["pair_pa_mm"], "contact_f1": row["contact_f1"]} for key, row in found.items()}
    over = {key: {name: value - numbers[key[0], "none", *key[2:]][name] for name, value in row.items()}
            for key, row in numbers.items()}  # fmt: skip

    def of(values: dict, way: str, kind: str) -> dict[str, dict[str, float]]:
        chosen = {key: row for key, row in values.items() if key[:2] == (way, kind)}
        return summarise([*chosen.values()], [key[2] for key in chosen])

    each = {way: {kind: of(numbers, way, kind) for kind in kinds} for way in ways}
    told_over_none = {way: {kind: of(over, way, kind) for kind in kinds if kind != "none"} for way in ways}
    return {"summary": each, "over_none": told_over_none}
