"""Which tool a file is of, and its people: the one door to the importers.

Files are told apart by what is in them, never by their names.
"""

import dataclasses
import json
import pathlib
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from sm_jax.assets.arrays import Unreadable
from sm_jax.assets.pickles import Refused, read_pickled
from sm_jax.errors import UserError
from sm_jax.perception.importers import (
    amass_pair,
    comotion,
    gem,
    gvhmr,
    keypoint_json,
    phalp,
    prompthmr,
    romp,
    slahmr,
    tram,
    wham,
)
from sm_jax.perception.importers.estimate import Estimate
from sm_jax.perception.importers.options import Tool

_MODULES: dict[str, ModuleType] = {
    "phalp": phalp,
    "gvhmr": gvhmr,
    "wham": wham,
    "keypoints": keypoint_json,
    "romp": romp,
    "tram": tram,
    "slahmr": slahmr,
    "prompthmr": prompthmr,
    "gem": gem,
    "comotion": comotion,
    "amass": amass_pair,
}
SUFFIXES = (".pkl", ".pt", ".pth", ".npz", ".npy", ".json")
_SAME_CAMERA = 0.01  # relative difference of two files' intrinsics that is none
_Contents = list[tuple[str, Any]]


def read_estimate(paths: Sequence[pathlib.Path], tool: Tool = "auto") -> Estimate:
    """The people of a tool's files, or of the folders that hold them, all in one camera's frame.

    Raises UserError, naming the file, for one that is missing, damaged, hostile, of an unknown tool or another layout,
    and for files whose people are not in one frame.
    """
    contents = [(str(path), _content(path)) for path in _files(paths)]
    names = [_tool_of(name, content, tool) for name, content in contents]
    known = sorted(set(names) - {"tram camera"})
    where = contents[0][0] if len(contents) == 1 else f"{contents[0][0]} and {len(contents) - 1} more"
    if len(known) != 1:
        raise UserError(f"{where}: files of {', '.join(known) or 'no tool'}; give those of one tool at a time")
    if known == ["amass"] and tool == "auto":
        raise UserError(
            f"{where}: AMASS files, each in a world that may be its own; say --from amass if the two people were "
            "recorded together"
        )
    try:
        return _read(known[0], contents)
    except Unreadable as error:
        raise UserError(f"{where}: not as {known[0]} writes it: {error}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{where}: not as {known[0]} writes it ({type(error).__name__}: {error})") from error


def _read(tool: str, contents: _Contents) -> Estimate:
    several: dict[str, Callable[[_Contents], Estimate]] = {
        "amass": amass_pair.read_pair,
        "keypoints": keypoint_json.read_files,
        "tram": _read_tram,
        "gvhmr": lambda found: _together([gvhmr.read(content) for _, content in found]),
        "gem": lambda found: _together([gem.read(content) for _, content in found]),
    }
    if tool in several:
        return several[tool](contents)
    if tool == "romp" and len(contents) > 1:
        return romp.read_frames(contents)
    if len(contents) > 1:
        raise Unreadable(f"{len(contents)} files, of which each has its own people: give one")
    return _MODULES[tool].read(contents[0][1])


def _read_tram(contents: _Contents) -> Estimate:
    cameras = [content for _, content in contents if tram.is_camera(content)]
    tracks = [(pathlib.Path(name).stem.rsplit("_", 1)[-1], content) for name, content in contents]
    people = [(name, content) for name, content in tracks if not tram.is_camera(content)]
    return tram.read_tracks(people, cameras[0] if cameras else None)


def _together(estimates: list[Estimate]) -> Estimate:
    """One person's file each, all of them seen by one camera. Raises Unreadable where the cameras differ."""
    first = estimates[0]
    for other in estimates[1:]:
        if first.camera is None or other.camera is None:
            raise Unreadable("no camera")
        if not np.allclose(other.camera.K, first.camera.K, rtol=_SAME_CAMERA, atol=_SAME_CAMERA):
            raise Unreadable("the files' cameras (K_fullimg) differ: they are not of one video, or not of one run")
    tracks = [dataclasses.replace(e.tracks[0], name=str(k)) for k, e in enumerate(estimates)]
    return dataclasses.replace(first, tracks=tuple(tracks))


def _tool_of(name: str, content: Any, tool: Tool) -> str:
    if tram.is_camera(content) and tool in ("auto", "tram"):
        return "tram camera"
    if tool != "auto":
        if not _MODULES[tool].matches(content):
            raise UserError(f"{name}: not as {tool} writes it; --from auto looks which tool it is of")
        return tool
    found = [key for key, module in _MODULES.items() if module.matches(content)]
    if not found:
        raise UserError(f"{name}: of no tool that can be read ({', '.join(_MODULES)}); see docs/importing.md")
    return found[0]


def _files(paths: Sequence[pathlib.Path]) -> list[pathlib.Path]:
    found: list[pathlib.Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"{path}: no such file; give a result of another tool")
        inside = [path]
        if path.is_dir():
            tracks = sorted((path / "hps").glob("*.npy"))  # TRAM's other arrays are the tracker's
            inside = [path / "camera.npy", *tracks] if tracks else sorted(path.iterdir())
        found += [file for file in inside if file.is_file() and (file == path or file.suffix in SUFFIXES)]
    if not found:
        raise UserError(f"{paths[0]}: no file of another tool there ({', '.join(SUFFIXES)})")
    return found


def _content(path: pathlib.Path) -> Any:
    try:
        if path.suffix == ".json":
            return json.loads(path.read_text(encoding="utf-8"))
        return read_pickled(path)
    except Refused as error:
        raise UserError(f"{path} was refused: {error}, which no result of a known tool does") from error
    except (Unreadable, ValueError, RecursionError, OSError) as error:
        raise UserError(f"{path}: cannot be read ({error}); write it again") from error
