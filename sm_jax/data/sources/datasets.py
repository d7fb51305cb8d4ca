"""The field's data sets of two people by the names under which they are prepared and evaluated."""

import dataclasses
import pathlib
from collections.abc import Callable

from sm_jax.data.sources import chi3d, harmony4d, hi4d, interhuman, interx, threedpw
from sm_jax.data.sources.recordings import FoundRecording


@dataclasses.dataclass(frozen=True)
class TwoPersonDataset:
    """find: its recordings below a folder, given the folder of licensed body models or None."""

    title: str
    find: Callable[[pathlib.Path, pathlib.Path | None], list[FoundRecording]]
    acknowledgement: str


DATASETS = {
    "hi4d": TwoPersonDataset("Hi4D", hi4d.find, hi4d.ACKNOWLEDGEMENT),
    "chi3d": TwoPersonDataset("CHI3D", chi3d.find, chi3d.ACKNOWLEDGEMENT),
    "3dpw": TwoPersonDataset("3DPW", threedpw.find, threedpw.ACKNOWLEDGEMENT),
    "interhuman": TwoPersonDataset("InterHuman", interhuman.find, interhuman.ACKNOWLEDGEMENT),
    "interx": TwoPersonDataset("Inter-X", interx.find, interx.ACKNOWLEDGEMENT),
    "harmony4d": TwoPersonDataset("Harmony4D", harmony4d.find, harmony4d.ACKNOWLEDGEMENT),
}
