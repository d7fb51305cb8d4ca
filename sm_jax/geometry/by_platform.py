"""The one place where a program is written twice: for a CPU, whose cache is small and whose loops cost nothing, and for
accelerators, where a loop's passes wait for one another and whatever is done at one go is quick."""

from collections.abc import Callable
from typing import Any

import jax


def by_platform(on_cpu: Callable[..., Any], on_accelerator: Callable[..., Any], *arguments: Any) -> Any:
    """What one of two functions of `arguments` (pytrees of arrays) gives, chosen by what the program is lowered for.

    Both must give the same numbers, but for rounding.
    """
    return jax.lax.platform_dependent(*arguments, cpu=on_cpu, default=on_accelerator)
