"""Of the packages that are compared."""

from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("jax", "torch")


def versions() -> dict[str, str | None]:
    """Version of each, None where it is not installed."""
    return {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
