"""Where results lie, and how one is written: the numbers beside all that it takes to measure them again."""

import json
import os
import pathlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import jax

from sm_jax.assets.files import replacing
from sm_jax.pipeline.provenance import code_version

ROOT = pathlib.Path(__file__).parents[2]
DOCS = ROOT / "docs"
RESULTS = ROOT / "experiments" / "results"
PACKAGES = ("jax", "torch", "smplx", "body-models")  # whose versions a result names


def write_result(
    path: pathlib.Path, *, what: str, config: Mapping[str, Any], seed: int, **found: Any
) -> dict[str, Any]:
    """Write what was found to a file of JSON, whole or not at all, and return what the file holds.

    what: a phrase that says what was measured.  config: the settings it was measured with.  found: the numbers, by
    name. Device, commit and the versions of PACKAGES are added. Raises UserError where the folder is not there.
    """
    result = {
        "what": what,
        "config": dict(config),
        "seed": seed,
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "commit": code_version(),
        "versions": installed_versions(),
        **found,
    }
    write_json(path, result)
    return result


def write_json(path: pathlib.Path, content: Mapping[str, Any]) -> None:
    """Write a file of JSON, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def installed_versions() -> dict[str, str]:
    """The versions of those PACKAGES that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
