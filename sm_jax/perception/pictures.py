"""A folder of pictures, a pattern of their names (`%04d.png`), or one picture, read as a video."""

import re
import warnings
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image

from sm_jax.errors import UserError
from sm_jax.perception.decoding import FULL_FRAME, in_diagonals

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".jp2"})
_PNG = b"\x89PNG\r\n\x1a\n"
_CUT_OFF = 1 << 26  # bytes that a file may have lost at its end
_PATTERN = re.compile(r"%0?(\d*)d")
_UNITS = {2: 25.4, 3: 10.0, 4: 1.0, 5: 1e-3}  # millimetres, by EXIF's number of a unit of resolution
_ZOOMED = 0.05  # relative difference of two pictures' focal lengths from which on they are not one lens's


def is_pictures(path: Path) -> bool:
    """Whether a path stands for pictures rather than for a video file."""
    return path.is_dir() or path.suffix.lower() in SUFFIXES


def list_pictures(path: Path) -> list[Path]:
    """The files in the order of the numbers in their names. Raises UserError where there is none."""
    if path.is_dir():
        files = [f for f in path.iterdir() if f.suffix.lower() in SUFFIXES and not f.name.startswith(".")]
        kinds = Counter(_kind(f) for f in files)
        files = [f for f in files if _kind(f) == kinds.most_common(1)[0][0]]
        what = f"no picture in this folder; give one with {' '.join(sorted(SUFFIXES))}"
    elif path.is_file():
        return [path]
    else:
        files = _matching(path)
        what = "no such file; give a picture, a folder of them, or their pattern such as %04d.png"
    if not files:
        raise UserError(f"{path}: {what}")
    return sorted(files, key=_order)


def stamps(files: list[Path], fps: float) -> tuple[np.ndarray, list[str]]:
    """Seconds of each picture at a rate of `fps`, by the numbers in their names where these go up, and notes."""
    notes = [f"pictures tell no rate: taken as {fps:g} a second"] if len(files) > 1 else []
    numbers = np.array([_number(file) for file in files], np.float64)
    steps = np.diff(numbers)
    usual = float(steps.min()) if len(steps) else 1.0
    if not (np.isfinite(numbers).all() and usual > 0 and (steps % usual == 0).all()):
        return np.arange(len(files)) / fps, notes
    lost = int((steps / usual - 1).sum())
    if lost:
        first = files[int(np.argmax(steps > usual))].name
        notes.append(f"{lost} numbers are missing between its pictures, first after {first}: their time is left free")
    return (numbers - numbers[0]) / usual / fps, notes


def others(path: Path, files: list[Path]) -> list[str]:
    """A word on pictures of other kinds that lie in the folder and are not read."""
    if not path.is_dir():
        return []
    more = sum(f.suffix.lower() in SUFFIXES and not f.name.startswith(".") for f in path.iterdir()) - len(files)
    return [f"{more} pictures of another kind than {files[0].name} are not read"] if more else []


def read_picture(path: Path) -> np.ndarray:
    """RGB [H, W, 3] uint8, turned as its metadata says. Raises UserError, naming the file, if that cannot be done."""
    try:
        data = path.read_bytes()
        _check_chunks(data)
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, ValueError, cv2.error) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or too large"
        raise UserError(f"{path}: not a picture that can be read ({reason}); take it out or save it again") from error
    if image is None:
        raise UserError(f"{path}: not a picture that can be read; take it out or save it again")
    return np.ascontiguousarray(image[..., ::-1])


def focal_in_diagonals(files: list[Path]) -> tuple[float | None, list[str]]:
    """The focal length in diagonals of the picture that most pictures' EXIF tells, None where it tells none, and a note
    where pictures differ."""
    found = [focal for focal in map(_exif_focal, files) if focal is not None]
    if not found:
        return None, []
    middle = float(np.median(found))
    least, most = min(found), max(found)
    if most > (1 + _ZOOMED) * least:
        span = f"{least * FULL_FRAME:.0f} to {most * FULL_FRAME:.0f} mm"
        return middle, [f"its pictures were taken with several focal lengths ({span} before full frame): one is taken"]
    return middle, []


def _exif_focal(file: Path) -> float | None:
    """What a picture's EXIF tells: the equivalent before a frame of 36 x 24 mm, else the lens's own beside how many
    pixels a millimetre of the sensor has. Edited pictures keep the sensor's, of as many pixels as they had then."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged tags, and of pictures too large to be decoded here
            with Image.open(file) as picture:
                size, exif = picture.size, picture.getexif().get_ifd(ExifTags.IFD.Exif)
        base = ExifTags.Base
        millimetres = float(exif.get(base.FocalLengthIn35mmFilm) or 0)
        if not millimetres and exif.get(base.FocalPlaneXResolution):
            unit = _UNITS[int(exif.get(base.FocalPlaneResolutionUnit, 2))]
            pixels = float(exif.get(base.FocalLength, 0)) * float(exif[base.FocalPlaneXResolution]) / unit
            pixels *= size[0] / float(exif.get(base.ExifImageWidth) or size[0])
            millimetres = pixels / float(np.hypot(*size)) * FULL_FRAME
    except Exception:  # whatever is wrong with what a file says beside its picture, it tells nothing then
        return None
    return in_diagonals(millimetres)


def _check_chunks(data: bytes) -> None:
    """Raise ValueError for a PNG with a chunk that is much longer than the file: OpenCV makes room for all of it."""
    begin = len(_PNG)
    while data.startswith(_PNG) and begin + 8 <= len(data):
        length = int.from_bytes(data[begin : begin + 4], "big")
        if begin + length > len(data) + _CUT_OFF:
            raise ValueError(f"a chunk of {length} bytes")
        begin += 12 + length


def _kind(file: Path) -> str:
    """What names of one sequence have in common: all but their last number."""
    return re.sub(r"\d+(?=\D*$)", "#", file.stem) + file.suffix.lower().replace(".jpeg", ".jpg")


def _order(file: Path) -> tuple[list[tuple[int, int, str]], str]:
    """Numbers in a name count as numbers."""
    parts = re.split(r"(\d+)", file.name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts], file.name


def _number(file: Path) -> float:
    found = re.findall(r"\d+", file.stem)
    return float(found[-1]) if found else np.nan


def _matching(path: Path) -> list[Path]:
    """Files whose names are the path's with a number for its `%d`."""
    if not path.parent.is_dir() or not _PATTERN.search(path.name):
        return []
    digits = lambda found: f"\\d{{{found[1]},}}" if found[1] else "\\d+"  # noqa: E731
    expression, at = "", 0
    for found in _PATTERN.finditer(path.name):
        expression += re.escape(path.name[at : found.start()]) + digits(found)
        at = found.end()
    matches = re.compile(expression + re.escape(path.name[at:])).fullmatch
    return [file for file in path.parent.iterdir() if matches(file.name) and file.is_file()]
