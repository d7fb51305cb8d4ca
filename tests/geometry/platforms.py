"""What a program does on an accelerator, run here."""

from collections.abc import Callable
from typing import Any

import jax
import pytest


def accelerator(monkeypatch: pytest.MonkeyPatch) -> list[Callable]:
    """From now on programs are traced as for an accelerator. Returns a list that grows with each choice made."""
    taken = []

    def default_of(*operands: Any, cpu: Callable, default: Callable) -> Any:
        taken.append(default)
        return default(*operands)

    monkeypatch.setattr(jax.lax, "platform_dependent", default_of)
    return taken
