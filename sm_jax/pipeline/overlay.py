"""The overlay of a finished result again, with more in it: what `sm-jax overlay` does."""

import logging
import pathlib

from tqdm import tqdm

from sm_jax.assets.files import check_writable
from sm_jax.errors import UserError
from sm_jax.export.overlay import save_overlay
from sm_jax.pipeline.result import load_result

_LOGGER = logging.getLogger(__name__)


def draw_overlay(
    folder: pathlib.Path,
    out: pathlib.Path,
    *,
    contacts: bool = False,
    estimate: bool = False,
    compare: bool = False,
    body_name: str | None = None,
    overwrite: bool = False,
) -> None:
    """Draw a result over its video, to an .mp4 file.

    contacts: skin that touches the other's is green.  estimate: the first estimate's outline is drawn too.  compare:
    the first estimate stands on the left and the result on the right, both over the input.  body_name: path of the
    licensed body that the motion is of. Where the video is gone, all is over grey, and that is said. Raises UserError
    for any fault in the result or the options, before anything slow.
    """
    if out.suffix != ".mp4":
        raise UserError(f"--out {out}: name a file that ends in .mp4")
    check_writable(out, overwrite=overwrite, ours=_is_mp4)
    result = load_result(folder, body_name)
    clip, content = result.clip(), result.content
    before = result.before() if estimate or compare else None
    with tqdm(total=len(content.frame_index), desc="drawing", unit="frame", disable=None) as bar:

        def advance(done: int) -> None:
            bar.update(done - bar.n)

        pictures = clip.pictures_or_grey(content.frame_index)
        save_overlay(
            out, pictures, result.body, content, advance,
            before=before, outline=estimate, compare=compare, contacts=contacts,
        )  # fmt: skip
    _LOGGER.info("%s: %d frames", out, len(content.frame_index))


def _is_mp4(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[4:8] == b"ftyp"
