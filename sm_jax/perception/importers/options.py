"""What a user says of another tool's result."""

import dataclasses
from typing import Annotated, Literal

import tyro

Tool = Literal[
    "auto", "phalp", "gvhmr", "wham", "keypoints", "romp", "tram", "slahmr", "prompthmr", "gem", "comotion", "amass"
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """Which people, and other tools' results."""

    tool: Annotated[Tool | None, tyro.conf.arg(name="from", metavar="TOOL")] = None
    """Whose result it is, or auto to look: phalp, gvhmr, wham, keypoints (OpenPose, AlphaPose, MMPose), romp, tram,
    slahmr, prompthmr, gem, comotion, amass (a pair recorded together)."""
    people: Annotated[str | None, tyro.conf.arg(metavar="A,B")] = None
    """The two people by the tool's numbers, or of a video from the left, such as 3,7; 3+12,7 joins pieces. Without it,
    the two who are near each other for longest."""
    video: Annotated[str | None, tyro.conf.arg(metavar="VIDEO")] = None
    """The video of which it is the result: its pictures are looked at too. Of an observation .npz: where its video
    lies now."""
    fps: Annotated[float | None, tyro.conf.arg(metavar="NUMBER")] = None
    """Frames a second of that video, where neither it nor the file says."""
    image_size: Annotated[tuple[int, int] | None, tyro.conf.arg(metavar="WIDTH HEIGHT")] = None
    """Pixels of its pictures, where neither it nor the file says."""
