"""A finished motion in other programs' formats: what `sm-jax export` does. On all of them: docs/exporting.md."""

import functools
import logging
import pathlib
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

from sm_jax import __version__
from sm_jax.body import smpl
from sm_jax.body.io import terms_of
from sm_jax.body.skeleton import JOINTS
from sm_jax.errors import UserError
from sm_jax.export.amass import save_amass
from sm_jax.export.bvh import save_bvh
from sm_jax.export.folder import SUMMARY, files_in, new_folder
from sm_jax.export.mesh_sequence import save_obj, save_ply
from sm_jax.export.motion_studio import save_motion_studio
from sm_jax.export.npz import MotionFile, body_of, load_motion, motion_path, steady
from sm_jax.export.phalp import save_phalp
from sm_jax.export.summary import save_summary

_LOGGER = logging.getLogger(__name__)

Format = Literal["glb", "bvh", "amass", "pkl", "motion", "usd", "obj", "ply"]
_Body = Callable[[], smpl.Body]  # loaded when it is asked for
_Writer = Callable[[pathlib.Path, MotionFile, _Body], Any]
_OF_JOINTS = frozenset({"bvh", "amass", "motion"})  # formats without a skin, which need no body

_OWN_TIMES, _OWN_ROWS, _STEADY = "each frame at its own time", "the frames of the video", "a steady rate"
CONVENTIONS: dict[Format, dict[str, str]] = {
    "glb": {"up": "y", "unit": "metre", "rate": _OWN_TIMES},
    "bvh": {"up": "y", "unit": "centimetre", "rate": _STEADY},
    "amass": {"up": "z", "unit": "metre", "rate": _STEADY},
    "pkl": {"up": "-y, the camera's frame", "unit": "metre", "rate": _OWN_ROWS},
    "motion": {"up": "z", "unit": "metre", "rate": _STEADY},
    "usd": {"up": "z", "unit": "metre", "rate": _OWN_TIMES},
    "obj": {"up": "y", "unit": "metre", "rate": _STEADY},
    "ply": {"up": "z", "unit": "metre", "rate": _STEADY},
}


def export_to_folder(
    source: pathlib.Path,
    out: pathlib.Path,
    formats: Sequence[Format],
    *,
    body_name: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a motion in some formats to the folder `out`, with a summary.json that says what is up, how long a unit is
    and how fast the frames go.

    source: a folder that `sm-jax reconstruct` wrote, or its motion.npz.  body_name: path of the licensed body that the
    motion is of; an open one is found. The folder appears whole or not at all, see `export.folder`. Raises UserError
    for any fault in the motion, the output or the options, before anything is written.
    """
    formats = list(dict.fromkeys(formats))
    if not formats:
        raise UserError(f"name a format to export to: {', '.join(get_args(Format))}")
    path = motion_path(source)
    content = load_motion(path)
    writers = [_writer(name) for name in formats]
    inputs = (path, *([pathlib.Path(body_name)] if body_name else []))
    with new_folder(out, overwrite=overwrite, inputs=inputs) as folder:
        body = functools.cache(lambda: body_of(content, body_name))
        if body_name or not _OF_JOINTS.issuperset(formats):
            body()  # what is missing is missed before anything slow
        for write in writers:
            write(folder, content, body)
        files = files_in(folder)
        save_summary(folder / SUMMARY, {**_summary(content, path, formats), "files": files})
    _LOGGER.info("%s: %d files (%s)", out, len(files), ", ".join(formats))


def _writer(name: Format) -> _Writer:
    """What writes a format's files to a folder. Raises UserError where the package that it takes is not installed."""
    match name:
        case "glb":
            from sm_jax.export.glb import save_glb

            return lambda folder, content, body: save_glb(folder / "people.glb", body(), content)
        case "usd":
            from sm_jax.export.usd import save_usd

            return lambda folder, content, body: save_usd(folder / "people.usdc", body(), content)
        case "pkl":
            return lambda folder, content, body: save_phalp(folder / "people.pkl", body(), content)
        case "bvh":
            return lambda folder, content, _: save_bvh(folder, content)
        case "amass":
            return lambda folder, content, _: save_amass(folder, content)
        case "motion":
            return lambda folder, content, _: save_motion_studio(folder / "people.motion", content)
        case "obj":
            return lambda folder, content, body: save_obj(_made(folder / "obj"), body(), content)
        case "ply":
            return lambda folder, content, body: save_ply(_made(folder / "ply"), body(), content)


def _made(folder: pathlib.Path) -> pathlib.Path:
    folder.mkdir()
    return folder


def _summary(content: MotionFile, path: pathlib.Path, formats: Sequence[Format]) -> dict[str, Any]:
    rates = {_STEADY: steady(content)[1], _OWN_TIMES: content.fps, _OWN_ROWS: content.fps}
    return {
        "source": path.resolve(),
        "formats": {
            name: CONVENTIONS[name] | {"frames_per_second": rates[CONVENTIONS[name]["rate"]]} for name in formats
        },
        "joint_names": JOINTS,
        "body": content.body,
        "body_terms": terms_of(content.body),
        "provenance": {"sm_jax": __version__, "motion": content.provenance},
    }
