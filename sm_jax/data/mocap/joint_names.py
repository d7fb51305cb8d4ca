"""Which joint of a rig is which landmark, by the names that programs and studios give their joints.

Understood are the conventions of Mixamo, HumanIK and MotionBuilder, CMU's and cgspeed's conversions, Daz and Poser,
Rokoko, Xsens, OptiTrack, Vicon, Blender and Rigify, 3ds Max's Biped, Axis Neuron, Unreal, Unity and SMPL. Where names
say nothing, `joint_chains` looks at the hierarchy.
"""

import dataclasses
import itertools
import re
from collections.abc import Mapping, Sequence

import numpy as np

from sm_jax.data.mocap import joint_chains
from sm_jax.errors import UserError

SIDES = ("left", "right")
ESSENTIAL = ("pelvis", "head", *(f"{side}_{name}" for side in SIDES for name in
             ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")))  # fmt: skip
LANDMARKS = ("pelvis", "chest", "neck", "head", *(f"{side}_{name}" for side in SIDES for name in
             ("hip", "knee", "ankle", "toe", "shoulder", "elbow", "wrist", "hand")))  # fmt: skip
OPTIONAL = ("left_eye", "right_eye", "left_foot", "right_foot")

# What is left of a joint's name without its side, numbers and the rig's prefix; the first that is there counts. A word
# means different things in different conventions ("LeftShoulder" is the collar where there is a "LeftArm", "LeftFoot"
# the toes where there is a "LeftAnkle"), so the unambiguous ones come first and a joint is used once.
_SIDED = {
    "hip": "upleg upperleg thigh thighbend femur uleg legupper hip hipjoint",
    "knee": "lowleg lowerleg shin shinbend calf tibia knee leglower leg",
    "ankle": "ankle foot",
    "foot": "toebase toes toe ball forefoot foot",
    "shoulder": "upperarm uparm uarm armupper humerus shldr shldrbend arm shoulder",
    "elbow": "forearm lowerarm lowarm farm armlower forearmbend radius ulna elbow",
    "wrist": "wrist hand",
    "hand": "handmiddle inhandmiddle middle mid fingers handindex index fingerbase hand",
    "eye": "eye eyeball",
}
_MIDDLE = {"neck": "neck necklower", "head": "head"}
_SIDE_WORDS = {"left": "left", "l": "left", "lft": "left", "lt": "left",
               "right": "right", "r": "right", "rgt": "right", "rt": "right"}  # fmt: skip
_PARTS = frozenset(part for parts in _SIDED.values() for part in parts.split())
_PREFIXES = "mixamorig bip biped character robot skeleton def org jnt joint bone bn skel rig cc actor"


@dataclasses.dataclass(frozen=True, kw_only=True)
class JointMap:
    """joints: landmark -> joint's name, None where there is none.  how: landmark -> name, hierarchy or given."""

    joints: dict[str, str | None]
    how: dict[str, str]

    def table(self) -> str:
        """A printable table, a landmark a line; what is missing is said."""
        width = max(map(len, self.joints))
        return "\n".join(
            f"{landmark:<{width}} <- {joint or 'MISSING'}{f'  ({self.how[landmark]})' if joint else ''}"
            for landmark, joint in self.joints.items()
        )


def guess(
    names: Sequence[str],
    parents: Sequence[int],
    points: np.ndarray,
    given: Mapping[str, str] | None = None,
    where: str = "skeleton",
) -> JointMap:
    """Find the landmarks among the joints.

    names, parents: of N joints, parents first; ends of chains are named `<parent>_end`.  points: [N, 3] positions in a
    pose that shows which way the figure faces.  given: landmark -> joint, which go before every guess.
    where: what an error calls the skeleton. Raises UserError if an essential landmark is not found.
    """
    joints = {landmark: names.index(joint) for landmark, joint in (given or {}).items() if joint in names}
    how = dict.fromkeys(joints, "given")
    for landmark, joint in _by_name(names, parents, points).items():
        if landmark not in joints and joint not in joints.values():
            joints[landmark], how[landmark] = joint, "name"
    for landmark, joint in joint_chains.find(parents, points, joints).items():
        joints[landmark], how[landmark] = joint, "hierarchy"
    missing = [landmark for landmark in ESSENTIAL if landmark not in joints]
    if missing:
        told = ", ".join(name for name in names if not name.endswith("_end"))
        raise UserError(
            f"{where}: no joint found for {', '.join(missing)}; name them with --map LANDMARK=JOINT "
            f"(joints: {told if len(told) < 600 else told[:600] + ' ...'})"
        )
    found = {landmark: names[joints[landmark]] if landmark in joints else None for landmark in (*LANDMARKS, *OPTIONAL)}
    return JointMap(joints=found, how=how)


def side_and_part(name: str) -> tuple[str | None, str]:
    """A joint's side, None if it has none, and its name in lower case without side, numbers and the rig's prefix."""
    words = [
        piece.lower()
        for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name.split(":")[-1])
        for piece in ((word[0], word[1:]) if re.fullmatch("[LR][A-Z]", word) else (word,))
    ]
    while len(words) > 1 and words[0] in _PREFIXES.split():
        words = words[1:]
    sides = [_SIDE_WORDS[word] for word in words if word in _SIDE_WORDS]
    part = "".join(word for word in words if word not in _SIDE_WORDS)
    if sides:
        return sides[0], part
    for prefix in ("left", "right", "l", "r"):
        for rest in (part.removeprefix(prefix), part.removesuffix(prefix)):
            if rest != part and rest in _PARTS:
                return _SIDE_WORDS[prefix], rest
    return None, part


def _by_name(names: Sequence[str], parents: Sequence[int], points: np.ndarray) -> dict[str, int]:
    """Landmark -> joint, as far as names tell."""
    parts: dict[tuple[str | None, str], list[int]] = {}
    for joint, name in enumerate(_without_common_prefix(names)):
        if not name.endswith("_end"):
            parts.setdefault(side_and_part(name), []).append(joint)
    found: dict[str, int] = {}
    size = float(np.ptp(points, axis=0).max())
    for side in SIDES:
        for landmark, words in _SIDED.items():
            for joint in (joint for word in words.split() for joint in sorted(parts.get((side, word), ()))):
                wrist = found.get(f"{side}_wrist", joint)
                in_place = landmark == "hand" and np.linalg.norm(points[joint] - points[wrist]) < 0.005 * size
                if joint not in found.values() and not in_place:
                    found[f"{side}_{landmark}"] = joint
                    break
    for landmark, words in _MIDDLE.items():
        for joint in (joint for word in words.split() for joint in sorted(parts.get((None, word), ()))):
            # A neck that starts where the chest ends (CMU's conversion) is no neck yet.
            if landmark == "head" or np.linalg.norm(points[joint] - points[parents[joint]]) > 0.005 * size:
                found[landmark] = joint
                break
    for side in SIDES:  # names whose joints do not hang on each other are misunderstood
        for limb in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")):
            chain = [found.get(f"{side}_{name}") for name in limb]
            known = [joint for joint in chain if joint is not None]
            if any(a not in joint_chains.ancestors(parents, b) for a, b in itertools.pairwise(known)):
                for name in limb:
                    found.pop(f"{side}_{name}", None)
    return found


def _without_common_prefix(names: Sequence[str]) -> list[str]:
    """The names without the words that nearly all of them begin with, such as the actor's."""
    first = [re.match(r"[A-Za-z]+?\d*(?=[ _.:-])[ _.:-]|[a-z]+(?=[A-Z])", name) for name in names]
    heads = [match.group(0) for match in first if match]
    for head in set(heads):
        if heads.count(head) >= 0.8 * len(names) and head.lower() not in ("l", "r"):
            return [name.removeprefix(head) or name for name in names]
    return list(names)
