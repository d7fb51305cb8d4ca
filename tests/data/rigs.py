"""One standing figure whose joints bear the names of many conventions."""

import numpy as np

# canonical joint: parent, position in metres (y up, facing +z); `S_` stands for both sides
_JOINTS = {
    "pelvis": (None, (0, 1.0, 0)), "spine": ("pelvis", (0, 1.1, -0.01)), "chest": ("spine", (0, 1.3, -0.02)),
    "neck": ("chest", (0, 1.52, -0.02)), "head": ("neck", (0, 1.62, 0.01)), "top": ("head", (0, 1.8, 0.01)),
    "S_collar": ("chest", (0.05, 1.45, 0)), "S_shoulder": ("S_collar", (0.18, 1.47, -0.02)),
    "S_elbow": ("S_shoulder", (0.46, 1.47, -0.02)), "S_wrist": ("S_elbow", (0.71, 1.47, -0.02)),
    "S_thumb": ("S_wrist", (0.74, 1.46, 0.03)), "S_thumbtip": ("S_thumb", (0.77, 1.46, 0.06)),
    "S_hand": ("S_wrist", (0.8, 1.47, -0.02)), "S_handtip": ("S_hand", (0.88, 1.47, -0.02)),
    "S_hip": ("pelvis", (0.09, 0.95, 0)), "S_knee": ("S_hip", (0.1, 0.52, 0)),
    "S_ankle": ("S_knee", (0.1, 0.09, -0.02)), "S_ball": ("S_ankle", (0.11, 0.02, 0.11)),
    "S_balltip": ("S_ball", (0.11, 0.01, 0.19)),
}  # fmt: skip
_ENDS = {"top": "head", "S_thumbtip": "S_thumb", "S_handtip": "S_hand", "S_balltip": "S_ball"}

# names of pelvis, spine, chest, neck, head; then, with {} for the side, of collar, shoulder, elbow, wrist, thumb, hand;
# of hip, knee, ankle, ball; a dash where the rig has no such joint; and how it writes left and right
CONVENTIONS = {
    "mixamo": ("Hips Spine Spine1 Neck Head", "{}Shoulder {}Arm {}ForeArm {}Hand {}HandThumb1 {}HandMiddle1",
               "{}UpLeg {}Leg {}Foot {}ToeBase", "mixamorig:Left mixamorig:Right"),
    "humanik": ("Character1_Hips Character1_Spine Character1_Spine1 Character1_Neck Character1_Head",
                "Character1_{}Shoulder Character1_{}Arm Character1_{}ForeArm Character1_{}Hand "
                "Character1_{}HandThumb1 Character1_{}HandMiddle1",
                "Character1_{}UpLeg Character1_{}Leg Character1_{}Foot Character1_{}ToeBase", "Left Right"),
    "daz": ("hip abdomen chest neck head", "{}Collar {}Shldr {}ForeArm {}Hand {}Thumb1 {}Mid1",
            "{}Thigh {}Shin {}Foot -", "l r"),
    "genesis 8": ("hip abdomenLower chestUpper neckLower head",
                  "{}Collar {}ShldrBend {}ForearmBend {}Hand {}Thumb1 {}Mid1",
                  "{}ThighBend {}Shin {}Foot {}Toe", "l r"),
    "rokoko": ("Hips Spine1 Spine4 Neck Head", "{}Shoulder {}Arm {}ForeArm {}Hand {}Thumb1 {}Middle1",
               "{}Thigh {}Shin {}Foot {}Toe", "Left Right"),
    "xsens": ("Hips Chest Chest4 Neck Head", "{}Collar {}Shoulder {}Elbow {}Wrist - -",
              "{}Hip {}Knee {}Ankle {}Toe", "Left Right"),
    "xsens segments": ("Pelvis L5 T8 Neck Head", "{}Shoulder {}UpperArm {}ForeArm {}Hand - -",
                       "{}UpperLeg {}LowerLeg {}Foot {}Toe", "Left Right"),
    "optitrack": ("Hip Ab Chest Neck Head", "{}Shoulder {}UArm {}FArm {}Hand {}Thumb1 {}Middle1",
                  "{}Thigh {}Shin {}Foot {}Toe", "L R"),
    "optitrack with actor": ("Anna_Hip Anna_Ab Anna_Chest Anna_Neck Anna_Head",
                             "Anna_{}Shoulder Anna_{}UArm Anna_{}FArm Anna_{}Hand Anna_{}Thumb1 Anna_{}Middle1",
                             "Anna_{}Thigh Anna_{}Shin Anna_{}Foot Anna_{}Toe", "L R"),
    "vicon": ("Pelvis Lumbar Thorax Neck Head", "{}Clavicle {}Humerus {}Radius {}Hand - -",
              "{}Femur {}Tibia {}Foot {}Toes", "L R"),
    "acclaim": ("root lowerback thorax lowerneck head", "{}clavicle {}humerus {}radius {}hand {}thumb {}fingers",
                "{}femur {}tibia {}foot {}toes", "l r"),
    "rigify": ("spine spine.001 spine.003 spine.004 spine.006",
               "shoulder.{} upper_arm.{} forearm.{} hand.{} thumb.01.{} f_middle.01.{}",
               "thigh.{} shin.{} foot.{} toe.{}", "L R"),
    "rigify deform": ("DEF-spine DEF-spine.001 DEF-spine.003 DEF-spine.004 DEF-spine.006",
                      "DEF-shoulder.{} DEF-upper_arm.{} DEF-forearm.{} DEF-hand.{} DEF-thumb.01.{} DEF-f_middle.01.{}",
                      "DEF-thigh.{} DEF-shin.{} DEF-foot.{} DEF-toe.{}", "L R"),
    "biped": ("Bip01_Pelvis Bip01_Spine Bip01_Spine1 Bip01_Neck Bip01_Head",
              "Bip01_{}_Clavicle Bip01_{}_UpperArm Bip01_{}_Forearm Bip01_{}_Hand Bip01_{}_Finger0 Bip01_{}_Finger2",
              "Bip01_{}_Thigh Bip01_{}_Calf Bip01_{}_Foot Bip01_{}_Toe0", "L R"),
    "axis neuron": ("Robot_Hips Robot_Spine Robot_Spine3 Robot_Neck Robot_Head",
                    "Robot_{}Shoulder Robot_{}Arm Robot_{}ForeArm Robot_{}Hand Robot_{}HandThumb1 Robot_{}InHandMiddle",
                    "Robot_{}UpLeg Robot_{}Leg Robot_{}Foot -", "Left Right"),
    "unreal": ("pelvis spine_01 spine_03 neck_01 head",
               "clavicle_{} upperarm_{} lowerarm_{} hand_{} thumb_01_{} middle_01_{}",
               "thigh_{} calf_{} foot_{} ball_{}", "l r"),
    "unity": ("Hips Spine Chest Neck Head", "{}Shoulder {}UpperArm {}LowerArm {}Hand {}Thumb1 {}Middle1",
              "{}UpperLeg {}LowerLeg {}Foot {}Toes", "Left Right"),
    "bandai": ("Hips Spine Chest Neck Head", "Shoulder_{} UpperArm_{} LowerArm_{} Hand_{} - -",
               "UpperLeg_{} LowerLeg_{} Foot_{} Toes_{}", "L R"),
    "smpl": ("pelvis spine1 spine3 neck head", "{}collar {}shoulder {}elbow {}wrist - {}hand",
             "{}hip {}knee {}ankle {}foot", "left_ right_"),
}  # fmt: skip
UNNAMED = (" ".join(f"j{i}" for i in range(5)), " ".join(f"{{}}q{i}" for i in range(6)),
           " ".join(f"{{}}k{i}" for i in range(4)), "u v")  # fmt: skip


def rig(convention: tuple[str, str, str, str]) -> tuple[list[str], list[int], np.ndarray, dict[str, str]]:
    """Names, parents, rest positions [N, 3] in metres, and which name each canonical joint got."""
    middle, arm, leg, sides = convention
    canonical: dict[str, str] = dict(zip(("pelvis", "spine", "chest", "neck", "head"), middle.split(), strict=True))
    bones = ("collar", "shoulder", "elbow", "wrist", "thumb", "hand", "hip", "knee", "ankle", "ball")
    limbs: dict[str, str] = dict(zip(bones, f"{arm} {leg}".split(), strict=True))
    names, parents, points = [], [], []
    called: dict[str, str] = {}

    def add(name: str, key: str, parent: str | None, position: tuple[float, float, float]) -> None:
        names.append(name)
        parents.append(-1 if parent is None else names.index(called[parent]))
        points.append(position)
        called[key] = name

    for key, (parent, position) in _JOINTS.items():
        for side, word, sign in zip(("left", "right"), sides.split(), (1, -1), strict=True):
            at = lambda text, side=side: text.replace("S_", f"{side}_") if text else text  # noqa: E731
            bone = key.removeprefix("S_")
            if key == bone and side == "right":
                continue
            x = (sign * position[0], position[1], position[2])
            if key in _ENDS:
                carrier = at(_ENDS[key])
                if carrier in called and not called[carrier].endswith("_end"):
                    add(f"{called[carrier]}_end", at(key), carrier, x)
            elif key == bone:
                add(canonical[key], key, parent, x)
            elif limbs[bone] != "-":
                add(limbs[bone].format(word), at(key), at(parent), x)
            elif bone in ("ball", "hand"):  # the last joint's end instead
                add(f"{called[at(parent)]}_end", at(key), at(parent), x)
    return names, parents, np.array(points, float), called


def bvh_text(
    names: list[str], parents: list[int], points: np.ndarray, root: np.ndarray, turns: dict[str, np.ndarray], fps: float
) -> str:
    """A BVH file of a rig. root: [T, 3] path in the rig's units.  turns: joint -> [T, 3] degrees about Z, X, Y."""
    rows, order = ["HIERARCHY"], []

    def visit(joint: int) -> None:
        name, parent = names[joint], parents[joint]
        offset = points[joint] - (points[parent] if parent >= 0 else points[joint])
        head = "End Site" if name.endswith("_end") else f"{'ROOT' if parent < 0 else 'JOINT'} {name}"
        rows.extend([head, "{", "OFFSET " + " ".join(f"{x:.8g}" for x in offset)])
        if not name.endswith("_end"):
            order.append(name)
            place = "6 Xposition Yposition Zposition" if parent < 0 else "3"
            rows.append(f"CHANNELS {place} Zrotation Xrotation Yrotation")
        for child in (j for j, p in enumerate(parents) if p == joint):
            visit(child)
        rows.append("}")

    visit(0)
    values = [np.concatenate([root, *(turns.get(name, np.zeros_like(root)) for name in order)], axis=1)]
    rows += ["MOTION", f"Frames: {len(root)}", f"Frame Time: {1 / fps:.7f}"]
    return "\n".join([*rows, *(" ".join(f"{x:.8g}" for x in row) for row in values[0])])
