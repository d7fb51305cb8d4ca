"""Every class of interaction: how it is done, how it is said, and whether training may see it."""

import dataclasses
from collections.abc import Callable
from types import ModuleType

from sm_jax.data.schema import Split
from sm_jax.synthetic.script import Script
from sm_jax.synthetic.scripts import close, escort, fight, force, greet, play, walk
from sm_jax.synthetic.scripts.moves import Cast, Chance


@dataclasses.dataclass(frozen=True, kw_only=True)
class Class:
    """script: makes a choreography for two bodies by chance.  sentences: templates of `generate.write_sentences`.
    split: whole classes are held out.  reason: why this one is, empty for training's."""

    script: Callable[[Cast, Chance], Script]
    sentences: tuple[str, ...]
    split: Split = "train"
    reason: str = ""


def _class(module: ModuleType, name: str, split: Split = "train", reason: str = "") -> Class:
    return Class(script=getattr(module, name), sentences=getattr(module, name.upper()), split=split, reason=reason)


CLASSES: dict[str, Class] = {
    "handshake": _class(greet, "handshake"),
    "hug": _class(close, "hug"),
    "high_five": _class(greet, "high_five"),
    "wave": _class(greet, "wave"),
    "tap": _class(close, "tap"),
    "pat": _class(
        close, "pat", "val", "a hand on the back as in hug and dance, but from the side and without an embrace"
    ),
    "whisper": _class(
        close, "whisper", "test", "a hand on the shoulder as in tap and comfort; the heads come close as nowhere else"
    ),
    "hand_in_hand": _class(walk, "hand_in_hand"),
    "side_by_side": _class(walk, "side_by_side"),
    "arm_in_arm": _class(escort, "arm_in_arm"),
    "arm_round": _class(
        escort, "arm_round", "test", "walks like arm_in_arm and reaches like support, in words of its own"
    ),
    "follow": _class(walk, "follow"),
    "conga": _class(walk, "conga"),
    "lead_by_arm": _class(escort, "lead_by_arm"),
    "circle": _class(walk, "circle"),
    "ring": _class(play, "ring", "test", "the hold of lift_hands with the steps of circle"),
    "push": _class(force, "push"),
    "pull": _class(force, "pull", "val", "the hold of hand_in_hand and pull_up, walking backwards"),
    "pull_up": _class(force, "pull_up"),
    "box": _class(fight, "box"),
    "kick": _class(fight, "kick", "test", "the stance of box and the reaction of push, but a foot strikes"),
    "comfort": _class(force, "comfort"),
    "support": _class(escort, "support"),
    "pass_object": _class(greet, "pass_object"),
    "dance": _class(play, "dance"),
    "clap_game": _class(play, "clap_game", "test", "the palms of high_five, both and many times"),
    "lift_hands": _class(play, "lift_hands"),
    "back_to_back": _class(close, "back_to_back"),
}
