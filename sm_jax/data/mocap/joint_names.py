"""Which joint of a rig is which landmark, by the names that programs and studios give their joints.

Understood are the conventions of Mixamo, HumanIK and MotionBuilder, CMU's and cgspeed's conversions, Daz and Poser,
Rokoko, Xsens, OptiTrack, Vicon, Blender and Rigify, 3ds Max's Biped, Axis Neuron, Unreal, Unity and SMPL. Where names
say nothing, `joint_search` looks at the hierarchy and at how it moves.
"""

import dataclasses
import itertools
import re
from collections.abc import Mapping, Sequence

import numpy as np

from sm_jax.data.mocap.joint_chains import Tree, ancestors, common_ancestor
from sm_jax.data.mocap.joint_search import ARM, LEG, FoundJoints, equal_limbs, find_head, find_limbs
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
_SURE = 0.9  # a joint that is likelier than this is taken, else the user is asked
_PREFIXES = "mixamorig bip biped character robot skeleton def org jnt joint bone bn skel rig cc actor"


@dataclasses.dataclass(frozen=True, kw_only=True)
class JointMap:
    """Which joint is which landmark. Joints are numbers: names repeat, and need not be readable.

    names: of all joints.  index: landmark -> joint, None where there is none.  how: landmark -> name, hierarchy or
    given.  confidence: landmark -> probability, of those that the hierarchy told.
    """

    names: tuple[str, ...]
    index: dict[str, int | None]
    how: dict[str, str]
    confidence: dict[str, float]

    @property
    def joints(self) -> dict[str, str | None]:
        """Landmark -> joint's name, None where there is none."""
        return {landmark: None if joint is None else self.names[joint] for landmark, joint in self.index.items()}

    def table(self) -> str:
        """A printable table, a landmark a line; what is missing is said."""
        width = max(map(len, self.index))
        return "\n".join(f"{landmark:<{width}} <- {self._told(landmark)}" for landmark in self.index)

    def _told(self, landmark: str) -> str:
        joint = self.index[landmark]
        if joint is None:
            return "MISSING"
        sure = f", {100 * self.confidence[landmark]:.0f} %" if landmark in self.confidence else ""
        return f"{label(self.names, joint)}  ({self.how[landmark]}{sure})"


def label(names: Sequence[str], joint: int) -> str:
    """A joint's name, with its number where other joints have the same."""
    return names[joint] if names.count(names[joint]) == 1 else f"#{joint} {names[joint]}".strip()


def find_joint(names: Sequence[str], said: str) -> int | None:
    """The joint that a name or a number (#12) means, None where there is none. Raises UserError for a name of many."""
    if re.fullmatch(r"#\d+", said) and said not in names:
        return int(said[1:]) if int(said[1:]) < len(names) else None
    same = [joint for joint, name in enumerate(names) if name == said]
    if len(same) > 1:
        numbers = ", ".join(f"#{joint}" for joint in same)
        raise UserError(f"--map: {len(same)} joints are called {said}; give a number instead, one of {numbers}")
    return same[0] if same else None


def guess(
    names: Sequence[str],
    parents: Sequence[int],
    points: np.ndarray,
    given: Mapping[str, str] | None = None,
    where: str = "skeleton",
) -> JointMap:
    """Find the landmarks among the joints.

    names, parents: of N joints, parents first; ends of chains are named `<parent>_end`.  points: [T, N, 3] positions in
    frames of a motion, or [N, 3] in one pose; more frames make it surer.  given: landmark -> joint's name or number,
    which go before every guess.  where: what an error calls the skeleton.

    Raises UserError if an essential landmark is not found, or if it may well be another joint.
    """
    tree = Tree(parents, points)
    told = {landmark: find_joint(names, joint) for landmark, joint in (given or {}).items()}
    known = {landmark: joint for landmark, joint in told.items() if joint is not None}
    how = dict.fromkeys(known, "given")
    named = {landmark: joint for landmark, joint in _by_name(names, tree).items()
             if landmark not in known and joint not in known.values()}  # fmt: skip
    limbs = _limbs(tree, known, named)
    found = _with_the_rest(names, tree, known, named, limbs)
    how |= {landmark: "name" if named.get(landmark) == joint else "hierarchy"
            for landmark, joint in found.joints.items() if landmark not in how}  # fmt: skip
    missing = [landmark for landmark in ESSENTIAL if landmark not in found.joints]
    if missing:
        listed = ", ".join(label(names, joint) for joint in range(len(names)) if not names[joint].endswith("_end"))
        raise UserError(
            f"{where}: no joint found for {', '.join(missing)}; name them with --map LANDMARK=JOINT "
            f"(joints: {listed if len(listed) < 600 else listed[:600] + ' ...'})"
        )
    _refuse_doubt(names, found, where)
    return JointMap(
        names=tuple(names),
        index={landmark: found.joints.get(landmark) for landmark in (*LANDMARKS, *OPTIONAL)},
        how=how,
        confidence={x: share for x, share in found.confidence.items() if how[x] == "hierarchy"},
    )


def _limbs(tree: Tree, known: Mapping[str, int], named: Mapping[str, int]) -> FoundJoints:
    """Legs and arms: as given, else by names where these make a whole pair, else by what the hierarchy shows."""
    sure = dict(known)
    for parts in (LEG, ARM):
        both = [[{**known, **named}.get(f"{side}_{part}") for part in parts] for side in SIDES]
        left, right = ([joint for joint in limb if joint is not None] for limb in both)
        if len(left) == len(right) == 3 and equal_limbs(tree, left, right):
            sure |= {f"{side}_{part}": joint for side, limb in zip(SIDES, (left, right), strict=True)
                     for part, joint in zip(parts, limb, strict=True)}  # fmt: skip
    limbs = {f"{side}_{part}" for side in SIDES for part in (*LEG, *ARM)}
    if limbs <= set(sure):
        return FoundJoints({landmark: sure[landmark] for landmark in limbs}, {}, {})
    found = find_limbs(tree, {x: joint for x, joint in sure.items() if x in limbs}, named)
    if not found.joints:  # what is known all the same, so that what is missing can be said
        return FoundJoints({x: joint for x, joint in {**named, **sure}.items() if x in limbs}, {}, {})
    agreed = {x: joint for x, joint in {**named, **sure}.items()
              if x in found.joints and tree.place[joint] == tree.place[found.joints[x]]}  # fmt: skip
    return found._replace(joints=found.joints | agreed)


def _with_the_rest(
    names: Sequence[str], tree: Tree, known: Mapping[str, int], named: Mapping[str, int], limbs: FoundJoints
) -> FoundJoints:
    """Pelvis and chest, where legs and arms meet; neck and head beyond the chest; what lies beyond ankles and wrists.
    No two landmarks share a joint."""
    joints, confidence, rivals = {**limbs.joints, **known}, dict(limbs.confidence), dict(limbs.rivals)

    def add(landmark: str, joint: int | None) -> None:
        if joint is not None and landmark not in joints and joint not in joints.values():
            joints[landmark] = joint

    whole = lambda limb: all(f"{side}_{limb}" in joints for side in SIDES)  # noqa: E731
    if whole("hip"):
        add("pelvis", common_ancestor(tree.parents, joints["left_hip"], joints["right_hip"]))
    if whole("shoulder"):
        chest = common_ancestor(tree.parents, joints["left_shoulder"], joints["right_shoulder"])
        is_neck = chest == named.get("neck") and tree.parents[chest] >= 0
        add("chest", tree.parents[chest] if is_neck else chest)
    for landmark in ("neck", "head", *(f"{side}_{end}" for side in SIDES for end in ("eye", "hand"))):
        add(landmark, named.get(landmark))
    if whole("shoulder") and whole("hip") and whole("knee") and whole("ankle"):
        if "head" not in joints:
            ends = {joint for joint, name in enumerate(names) if name.endswith("_end")}
            head = find_head(tree, joints, ends, joints.get("neck"))
            add("head", head.joints.get("head"))
            confidence, rivals = confidence | head.confidence, rivals | head.rivals
        if "head" in joints and "chest" in joints:
            below = tree.place[common_ancestor(tree.parents, joints["left_shoulder"], joints["right_shoulder"])]
            way = tree.way_up(tree.place[joints["head"]])
            add("neck", way[way.index(below) - 1] if below in way[1:] else None)
    for side in SIDES:
        if f"{side}_ankle" in joints:
            roots = known.get(f"{side}_foot", named.get(f"{side}_foot"))
            tip = tree.tip(joints[f"{side}_ankle"] if roots is None else roots)
            add(f"{side}_toe", roots if tip is None else tip)
            add(f"{side}_foot", roots)
        if f"{side}_wrist" in joints and (tip := tree.tip(joints[f"{side}_wrist"])) is not None:
            add(f"{side}_hand", tree.beyond(joints[f"{side}_wrist"], tip))
    return FoundJoints(joints, confidence, rivals)


def _refuse_doubt(names: Sequence[str], found: FoundJoints, where: str) -> None:
    """Raise UserError where an essential landmark may well be another joint."""
    doubtful = [x for x in ESSENTIAL if found.confidence.get(x, 1.0) < _SURE and x in found.joints]
    if not doubtful:
        return
    told = lambda joint: label(names, joint)  # noqa: E731
    hips = [told(found.joints[f"{side}_hip"]) for side in SIDES]
    if found.rivals.get("left_hip") == found.joints["right_hip"] and "left_hip" in doubtful:
        raise UserError(
            f"{where}: legs and arms are found, but not which are left; say it with --map left_hip={hips[0]} or "
            f"--map left_hip={hips[1]}"
        )
    choices = [f"{x} ({told(found.joints[x])} or {told(found.rivals[x])})" for x in doubtful if x in found.rivals]
    raise UserError(
        f"{where}: not sure which joints are {', '.join(choices or doubtful)}; say it with --map LANDMARK=JOINT, such "
        f"as --map {doubtful[0]}={told(found.joints[doubtful[0]])}"
    )


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


def _by_name(names: Sequence[str], tree: Tree) -> dict[str, int]:
    """Landmark -> joint, as far as names tell."""
    parts: dict[tuple[str | None, str], list[int]] = {}
    for joint, name in enumerate(_without_common_prefix(names)):
        if not name.endswith("_end"):
            parts.setdefault(side_and_part(name), []).append(joint)
    found: dict[str, int] = {}
    for side in SIDES:
        for landmark, words in _SIDED.items():
            for joint in (joint for word in words.split() for joint in sorted(parts.get((side, word), ()))):
                wrist = found.get(f"{side}_wrist", joint)
                in_place = landmark == "hand" and tree.place[joint] == tree.place[wrist]
                if joint not in found.values() and not in_place:
                    found[f"{side}_{landmark}"] = joint
                    break
    for landmark, words in _MIDDLE.items():
        for joint in (joint for word in words.split() for joint in sorted(parts.get((None, word), ()))):
            # A neck that starts where the chest ends (CMU's conversion) is no neck yet.
            if landmark == "head" or tree.place[joint] == joint:
                found[landmark] = joint
                break
    for side in SIDES:  # names whose joints do not hang on each other are misunderstood
        for limb in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")):
            chain = [found.get(f"{side}_{name}") for name in limb]
            known = [joint for joint in chain if joint is not None]
            if any(a not in ancestors(tree.parents, b) for a, b in itertools.pairwise(known)):
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
