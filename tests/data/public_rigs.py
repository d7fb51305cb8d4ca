"""Rigs as programs write them: how each cuts up spine, collars, limbs, hands and feet. Made up, y up, facing +z, in cm.

A line is a joint: its name, its parent, where it is, and the landmark that it is, if any. `{}` stands for both sides,
whose x is mirrored; a name that ends in `_end` is an end site.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.data.mocap.joint_names import ESSENTIAL
from tests.data.rigs import bvh_text

_FINGERS = """
{}Thumb1 {}Hand 72 141 3
{}Thumb2 {}Thumb1 75 140 6
{}Thumb2_end {}Thumb2 78 140 8
{}Index1 {}Hand 79 143 3
{}Index2 {}Index1 83 143 3
{}Index2_end {}Index2 86 143 3
{}Middle1 {}Hand 80 143 0
{}Middle2 {}Middle1 85 143 0
{}Middle2_end {}Middle2 88 143 0
{}Pinky1 {}Hand 78 143 -4
{}Pinky2 {}Pinky1 81 143 -4
{}Pinky2_end {}Pinky2 83 143 -4
"""

# what a line says twice over: joints, then words for the sides
RIGS = {
    # Zero joints before every limb, no wrist bone, a neck that starts in the chest
    "cgspeed, MotionBuilder": ("Left Right", """
Hips - 0 98 0 pelvis
{}HipJoint Hips 0 98 0
{}UpLeg {}HipJoint 8 88 5 hip
{}Leg {}UpLeg 22 48 5 knee
{}Foot {}Leg 36 8 5 ankle
{}ToeBase {}Foot 37 5 16
{}ToeBase_end {}ToeBase 37 5 22
LowerBack Hips 0 98 0
Spine LowerBack 0 111 -1
Spine1 Spine 0 123 -1
Neck Spine1 0 123 -1
Neck1 Neck 0 132 0
Head Neck1 0 141 -1 head
Head_end Head 0 150 -1
{}Shoulder Spine1 0 123 -1
{}Arm {}Shoulder 19 126 -5 shoulder
{}ForeArm {}Arm 49 126 -5 elbow
{}Hand {}ForeArm 68 126 -5 wrist
{}FingerBase {}Hand 68 126 -5
{}HandIndex1 {}FingerBase 72 126 -5
{}HandIndex1_end {}HandIndex1 76 126 -5
{}Thumb {}Hand 68 126 -5
{}Thumb_end {}Thumb 71 126 -2
"""),
    # The fault that was reported: collars in the chest, one hand bone
    "collars of no length": ("left right", """
root - 0 95 0 pelvis
{}thigh root 9 95 0 hip
{}shin {}thigh 9 52 0 knee
{}foot {}shin 9 10 0 ankle
{}foot_end {}foot 9 4 14
spine root 0 120 0
chest spine 0 145 0
{}collar chest 0 145 0
{}arm {}collar 18 145 0 shoulder
{}forearm {}arm 46 145 0 elbow
{}hand {}forearm 64 145 0 wrist
{}hand_end {}hand 72 145 0
neck chest 0 150 0
head neck 0 160 0 head
head_end head 0 180 0
"""),
    # Buttocks, eyes, no toes
    "cgspeed, Daz": ("l r", """
hip - 0 95 0 pelvis
abdomen hip 0 116 -1
chest abdomen 0 127 -1
neck chest 0 149 -3
head neck 0 156 -2 head
{}Eye head 4 164 6
{}Eye_end {}Eye 5 164 6
{}Collar chest 3 146 -6
{}Shldr {}Collar 12 144 -5 shoulder
{}ForeArm {}Shldr 40 143 -5 elbow
{}Hand {}ForeArm 63 144 2 wrist
{}Thumb1 {}Hand 64 143 5
{}Thumb1_end {}Thumb1 68 143 8
{}Mid1 {}Hand 71 145 5
{}Mid2 {}Mid1 75 145 5
{}Mid2_end {}Mid2 77 145 5
{}Pinky1 {}Hand 69 145 0
{}Pinky1_end {}Pinky1 75 145 0
{}Buttock hip 9 99 1
{}Thigh {}Buttock 9 97 -1 hip
{}Shin {}Thigh 9 60 0 knee
{}Foot {}Shin 8 15 -5 ankle
{}Foot_end {}Foot 9 11 7
"""),
    "Mixamo": ("mixamorig:Left mixamorig:Right", """
mixamorig:Hips - 0 99 0 pelvis
mixamorig:Spine mixamorig:Hips 0 109 -1
mixamorig:Spine1 mixamorig:Spine 0 121 -2
mixamorig:Spine2 mixamorig:Spine1 0 134 -3
mixamorig:Neck mixamorig:Spine2 0 150 -3
mixamorig:Head mixamorig:Neck 0 160 0 head
mixamorig:HeadTop_End mixamorig:Head 0 180 6
mixamorig:HeadTop_End_end mixamorig:HeadTop_End 0 200 6
{}Shoulder mixamorig:Spine2 6 144 -3
{}Arm {}Shoulder 18 143 -5 shoulder
{}ForeArm {}Arm 45 143 -5 elbow
{}Hand {}ForeArm 70 143 -2 wrist
""" + _FINGERS + """
{}UpLeg mixamorig:Hips 9 93 0 hip
{}Leg {}UpLeg 9 52 0 knee
{}Foot {}Leg 9 9 -3 ankle
{}ToeBase {}Foot 9 2 9
{}Toe_End {}ToeBase 9 1 17
{}Toe_End_end {}Toe_End 9 1 25
"""),
    # Legs hang on the spine, collars on the neck
    "3ds Max Biped": ("Bip01_L_ Bip01_R_", """
Bip01 - 0 98 0
Bip01_Pelvis Bip01 0 98 0
Bip01_Spine Bip01_Pelvis 0 106 -1 pelvis
{}Thigh Bip01_Spine 10 96 0 hip
{}Calf {}Thigh 10 52 0 knee
{}Foot {}Calf 10 9 -3 ankle
{}Toe0 {}Foot 11 1 11
{}Toe0_end {}Toe0 11 1 18
Bip01_Spine1 Bip01_Spine 0 120 -2
Bip01_Spine2 Bip01_Spine1 0 134 -3
Bip01_Neck Bip01_Spine2 0 148 -2
Bip01_Head Bip01_Neck 0 157 0 head
Bip01_Head_end Bip01_Head 0 176 0
{}Clavicle Bip01_Neck 3 146 -1
{}UpperArm {}Clavicle 18 144 -3 shoulder
{}Forearm {}UpperArm 46 144 -3 elbow
{}Hand {}Forearm 71 144 -3 wrist
{}Finger0 {}Hand 73 143 1
{}Finger0_end {}Finger0 78 143 4
{}Finger1 {}Hand 80 144 -3
{}Finger1_end {}Finger1 88 144 -3
"""),
    # Hanging arms, feet whose ends point to the floor: nothing in the rest pose tells front from back
    "Biovision": ("Left Right", """
Hips - 0 92 0 pelvis
Chest Hips 0 105 0
Neck Chest 0 151 0
Head Neck 0 164 0 head
Head_end Head 0 174 0
{}Collar Chest 3 145 4
{}UpArm {}Collar 17 145 4 shoulder
{}LowArm {}UpArm 17 115 4 elbow
{}Hand {}LowArm 17 90 4 wrist
{}Hand_end {}Hand 17 73 4
{}UpLeg Hips 10 92 0 hip
{}LowLeg {}UpLeg 10 46 0 knee
{}Foot {}LowLeg 10 5 0 ankle
{}Foot_end {}Foot 10 -3 0
"""),
    "Rokoko": ("Left Right", """
Root - 0 0 0
Hips Root 0 97 0 pelvis
Spine1 Hips 0 105 0
Spine2 Spine1 0 114 0
Spine3 Spine2 0 123 0
Spine4 Spine3 0 133 0
Neck Spine4 0 148 -1
Head Neck 0 158 1 head
Head_end Head 0 176 2
{}Shoulder Spine4 3 142 -1
{}Arm {}Shoulder 17 142 -1 shoulder
{}ForeArm {}Arm 46 142 -1 elbow
{}Hand {}ForeArm 71 142 -1 wrist
""" + _FINGERS + """
{}Thigh Hips 9 93 0 hip
{}Shin {}Thigh 9 51 0 knee
{}Foot {}Shin 9 8 0 ankle
{}Toe {}Foot 9 1 14
{}Toe_end {}Toe 9 1 21
"""),
    "Perception Neuron": ("Left Right", """
Hips - 0 103 0 pelvis
{}UpLeg Hips 11 101 0 hip
{}Leg {}UpLeg 11 55 0 knee
{}Foot {}Leg 11 8 0 ankle
{}Foot_end {}Foot 11 0 15
Spine Hips 0 113 0
Spine1 Spine 0 125 0
Spine2 Spine1 0 136 0
Spine3 Spine2 0 147 0
Neck Spine3 0 156 0
Head Neck 0 165 0 head
Head_end Head 0 182 0
{}Shoulder Spine3 4 152 0
{}Arm {}Shoulder 17 152 0 shoulder
{}ForeArm {}Arm 46 152 0 elbow
{}Hand {}ForeArm 74 152 0 wrist
{}HandThumb1 {}Hand 77 152 3
{}HandThumb2 {}HandThumb1 80 152 6
{}HandThumb2_end {}HandThumb2 83 152 8
{}InHandIndex {}Hand 78 152 2
{}HandIndex1 {}InHandIndex 83 152 2
{}HandIndex1_end {}HandIndex1 91 152 2
{}InHandMiddle {}Hand 78 152 0
{}HandMiddle1 {}InHandMiddle 84 152 0
{}HandMiddle1_end {}HandMiddle1 92 152 0
{}InHandRing {}Hand 78 152 -1
{}HandRing1 {}InHandRing 83 152 -2
{}HandRing1_end {}HandRing1 91 152 -2
"""),
    "Xsens": ("Left Right", """
Hips - 0 95 0 pelvis
Chest Hips 0 105 0
Chest2 Chest 0 115 0
Chest3 Chest2 0 125 0
Chest4 Chest3 0 135 0
Neck Chest4 0 149 0
Head Neck 0 158 1 head
Head_end Head 0 176 1
{}Collar Chest4 3 144 0
{}Shoulder {}Collar 18 144 0 shoulder
{}Elbow {}Shoulder 48 144 0 elbow
{}Wrist {}Elbow 73 144 0 wrist
{}Wrist_end {}Wrist 91 144 0
{}Hip Hips 9 95 0 hip
{}Knee {}Hip 9 51 0 knee
{}Ankle {}Knee 9 9 0 ankle
{}Toe {}Ankle 9 0 17
{}Toe_end {}Toe 9 0 22
"""),
    "OptiTrack": ("L R", """
Hip - 0 96 0 pelvis
Ab Hip 0 105 0
Chest Ab 0 128 0
Neck Chest 0 149 -2
Head Neck 0 162 0 head
Head_end Head 0 178 0
{}Shoulder Chest 4 142 0
{}UArm {}Shoulder 17 142 0 shoulder
{}FArm {}UArm 47 142 0 elbow
{}Hand {}FArm 71 142 0 wrist
{}Hand_end {}Hand 88 142 0
{}Thigh Hip 9 96 0 hip
{}Shin {}Thigh 9 53 0 knee
{}Foot {}Shin 9 8 0 ankle
{}Toe {}Foot 9 1 13
{}Toe_end {}Toe 9 1 19
"""),
    # Twists and doubled joints beside the limbs, toes, a jaw, breasts, all hanging on a root on the floor
    "Character Creator": ("CC_Base_L_ CC_Base_R_", """
RL_BoneRoot - 0 0 0
CC_Base_Hip RL_BoneRoot 0 105 0
CC_Base_Pelvis CC_Base_Hip 0 105 0 pelvis
{}Thigh CC_Base_Pelvis 10 103 0 hip
{}Calf {}Thigh 10 55 0 knee
{}Foot {}Calf 10 6 0 ankle
{}ToeBaseShareBone {}Foot 10 1 13
{}ToeBase {}Foot 10 1 13
{}BigToe1 {}ToeBase 7 1 15
{}BigToe1_end {}BigToe1 7 1 15
{}MidToe1 {}ToeBase 11 1 15
{}MidToe1_end {}MidToe1 11 1 15
{}CalfTwist01 {}Calf 10 55 0
{}CalfTwist02 {}CalfTwist01 10 30 0
{}KneeShareBone {}Calf 10 55 0
{}ThighTwist01 {}Thigh 10 103 0
{}ThighTwist02 {}ThighTwist01 10 79 0
CC_Base_Waist CC_Base_Hip 0 113 1
CC_Base_Spine01 CC_Base_Waist 0 118 2
CC_Base_Spine02 CC_Base_Spine01 0 133 0
CC_Base_NeckTwist01 CC_Base_Spine02 0 158 -2
CC_Base_NeckTwist02 CC_Base_NeckTwist01 0 162 -1
CC_Base_Head CC_Base_NeckTwist02 0 166 0 head
CC_Base_FacialBone CC_Base_Head 0 166 0
CC_Base_JawRoot CC_Base_FacialBone 0 168 2
CC_Base_Tongue01 CC_Base_JawRoot 0 167 5
CC_Base_Teeth02 CC_Base_JawRoot 0 166 6
{}Eye CC_Base_FacialBone 3 174 8
{}Eye_end {}Eye 3 174 8
{}Clavicle CC_Base_Spine02 4 152 0
{}Upperarm {}Clavicle 17 151 -3 shoulder
{}Forearm {}Upperarm 42 151 -3 elbow
{}ForearmTwist01 {}Forearm 42 151 -3
{}ForearmTwist02 {}ForearmTwist01 55 151 -3
{}Hand {}Forearm 68 151 -3 wrist
{}Mid1 {}Hand 79 151 -3
{}Mid1_end {}Mid1 88 151 -3
{}Thumb1 {}Hand 72 149 1
{}Thumb1_end {}Thumb1 78 148 4
{}UpperarmTwist01 {}Upperarm 17 151 -3
{}UpperarmTwist02 {}UpperarmTwist01 29 151 -3
{}RibsTwist CC_Base_Spine02 11 140 10
{}Breast {}RibsTwist 11 140 13
"""),
    # Hands and feet to be reached for, on the floor's root
    "Unreal": ("l r", """
root - 0 0 0
pelvis root 0 97 0 pelvis
spine_01 pelvis 0 107 0
spine_02 spine_01 0 120 0
spine_03 spine_02 0 133 0
clavicle_{} spine_03 4 148 0
upperarm_{} clavicle_{} 18 147 -2 shoulder
lowerarm_{} upperarm_{} 47 147 -2 elbow
lowerarm_twist_01_{} lowerarm_{} 60 147 -2
hand_{} lowerarm_{} 73 147 -2 wrist
index_01_{} hand_{} 84 147 1
index_01_{}_end index_01_{} 92 147 1
pinky_01_{} hand_{} 82 147 -5
pinky_01_{}_end pinky_01_{} 88 147 -5
thumb_01_{} hand_{} 76 145 2
thumb_01_{}_end thumb_01_{} 80 144 5
upperarm_twist_01_{} upperarm_{} 31 147 -2
neck_01 spine_03 0 153 -2
head neck_01 0 162 0 head
head_end head 0 180 0
thigh_{} pelvis 9 96 0 hip
calf_{} thigh_{} 10 53 0 knee
calf_twist_01_{} calf_{} 10 32 0
foot_{} calf_{} 10 11 -4 ankle
ball_{} foot_{} 11 2 11
ball_{}_end ball_{} 11 2 18
thigh_twist_01_{} thigh_{} 9 75 0
ik_foot_root root 0 0 0
ik_foot_{} ik_foot_root 10 11 -4
ik_hand_root root 0 0 0
ik_hand_gun ik_hand_root -73 147 -2
ik_hand_{} ik_hand_gun 73 147 -2
"""),
    # Every limb cut in two, heels
    "Rigify, deforming bones": ("L R", """
DEF-spine - 0 97 0 pelvis
DEF-spine.001 DEF-spine 0 110 0
DEF-spine.002 DEF-spine.001 0 122 0
DEF-spine.003 DEF-spine.002 0 135 0
DEF-spine.004 DEF-spine.003 0 151 -2
DEF-spine.005 DEF-spine.004 0 156 -1
DEF-spine.006 DEF-spine.005 0 161 0 head
DEF-spine.006_end DEF-spine.006 0 180 0
DEF-shoulder.{} DEF-spine.003 2 146 3
DEF-upper_arm.{} DEF-shoulder.{} 17 144 -2 shoulder
DEF-upper_arm.{}.001 DEF-upper_arm.{} 31 144 -2
DEF-forearm.{} DEF-upper_arm.{}.001 45 144 -2 elbow
DEF-forearm.{}.001 DEF-forearm.{} 58 144 -2
DEF-hand.{} DEF-forearm.{}.001 71 144 -2 wrist
DEF-hand.{}_end DEF-hand.{} 80 144 -2
DEF-pelvis.{} DEF-spine 0 97 0
DEF-pelvis.{}_end DEF-pelvis.{} 12 108 -5
DEF-thigh.{} DEF-spine 9 93 0 hip
DEF-thigh.{}.001 DEF-thigh.{} 9 72 0
DEF-shin.{} DEF-thigh.{}.001 9 51 0 knee
DEF-shin.{}.001 DEF-shin.{} 9 30 0
DEF-foot.{} DEF-shin.{}.001 9 8 0 ankle
DEF-toe.{} DEF-foot.{} 9 1 14
DEF-toe.{}_end DEF-toe.{} 9 1 20
"""),
    "SMPL": ("left_ right_", """
pelvis - 0 95 0 pelvis
{}hip pelvis 6 87 0 hip
{}knee {}hip 10 49 0 knee
{}ankle {}knee 9 8 -4 ankle
{}foot {}ankle 11 3 8
{}foot_end {}foot 11 2 14
spine1 pelvis 0 106 -3
spine2 spine1 0 119 -1
spine3 spine2 0 125 0
neck spine3 0 146 -3
head neck 0 155 2 head
head_end head 0 175 2
{}collar spine3 8 137 -1
{}shoulder {}collar 17 140 -3 shoulder
{}elbow {}shoulder 43 139 -5 elbow
{}wrist {}elbow 68 140 -5 wrist
{}hand {}wrist 76 139 -6
{}hand_end {}hand 84 139 -6
"""),
    "Kinect": ("Left Right", """
HipCenter - 0 95 0 pelvis
Spine HipCenter 0 105 0
ShoulderCenter Spine 0 141 0
Head ShoulderCenter 0 160 0 head
Head_end Head 0 172 0
Shoulder{} ShoulderCenter 18 138 0 shoulder
Elbow{} Shoulder{} 45 138 0 elbow
Wrist{} Elbow{} 69 138 0 wrist
Hand{} Wrist{} 77 138 0
Hand{}_end Hand{} 84 138 0
Hip{} HipCenter 8 90 0 hip
Knee{} Hip{} 9 50 0 knee
Ankle{} Knee{} 9 8 0 ankle
Foot{} Ankle{} 9 3 12
Foot{}_end Foot{} 9 3 18
"""),
    "HumanIK with a prop and a skirt": ("Character1_Left Character1_Right", """
Character1_Reference - 0 0 0
Character1_Hips Character1_Reference 0 97 0 pelvis
{}UpLeg Character1_Hips 9 93 0 hip
{}UpLegRoll {}UpLeg 9 72 0
{}Leg {}UpLegRoll 9 51 0 knee
{}Foot {}Leg 9 8 0 ankle
{}ToeBase {}Foot 9 1 14
{}ToeBase_end {}ToeBase 9 1 20
{}Skirt Character1_Hips 16 95 0
{}Skirt1 {}Skirt 18 75 0
{}Skirt1_end {}Skirt1 20 60 0
Character1_Spine Character1_Hips 0 107 0
Character1_Spine1 Character1_Spine 0 122 0
Character1_Spine2 Character1_Spine1 0 135 0
Character1_Neck Character1_Spine2 0 149 0
Character1_Head Character1_Neck 0 158 1 head
Character1_Head_end Character1_Head 0 178 1
{}Shoulder Character1_Spine2 4 144 0
{}Arm {}Shoulder 17 143 0 shoulder
{}ForeArm {}Arm 45 143 0 elbow
{}ForeArmRoll {}ForeArm 58 143 0
{}Hand {}ForeArmRoll 70 143 0 wrist
{}HandMiddle1 {}Hand 80 143 0
{}HandMiddle1_end {}HandMiddle1 88 143 0
Sword Character1_RightHand -78 143 4
Sword_end Sword -78 143 100
"""),
}  # fmt: skip


class Rig:
    """One of RIGS. names, parents, points [N, 3] in cm.  truth: essential landmark -> joint."""

    def __init__(self, name: str):
        sides, lines = RIGS[name]
        self.names: list[str] = []
        self.parents: list[int] = []
        points, self.truth = [], {}
        for line in filter(None, lines.splitlines()):
            joint, parent, x, y, z, *landmark = line.split()
            both = zip(("left", "right"), sides.split(), (1, -1), strict=True)
            for side, word, sign in both if "{}" in joint else [("", "", 1)]:
                self.names.append(joint.format(word))
                self.parents.append(-1 if parent == "-" else self.names.index(parent.format(word)))
                points.append((sign * float(x), float(y), float(z)))
                if landmark:
                    self.truth[f"{side}_{landmark[0]}".removeprefix("_")] = len(points) - 1
        self.points = np.array(points)
        assert set(self.truth) == set(ESSENTIAL)

    def nameless(self) -> list[str]:
        """Names that say nothing, but for the ends of chains."""
        named = [f"j{j}" for j in range(len(self.names))]
        return [f"{named[self.parents[j]]}_end" if name.endswith("_end") else named[j]
                for j, name in enumerate(self.names)]  # fmt: skip

    def turns(self, n_frames: int) -> np.ndarray:
        """[T, N, 3, 3] of a few steps with swinging arms, hands and head that move."""
        t = np.linspace(0, 2 * np.pi, n_frames)
        R = np.tile(np.eye(3), (n_frames, len(self.names), 1, 1))
        about = lambda axis, angle: Rotation.from_euler(axis, np.atleast_2d(angle).T, degrees=True).as_matrix()  # noqa: E731
        hang = (
            0.0
            if self.points[self.truth["left_elbow"], 0] < 1.2 * self.points[self.truth["left_shoulder"], 0]
            else 65.0
        )
        for side, sign, phase in (("left", 1, 0.0), ("right", -1, np.pi)):
            swing = np.sin(t + phase)
            R[:, self.truth[f"{side}_hip"]] = about("x", -25 * swing)
            R[:, self.truth[f"{side}_knee"]] = about("x", 30 + 25 * np.cos(t + phase))
            R[:, self.truth[f"{side}_ankle"]] = about("x", -10 + 8 * swing)
            R[:, self.truth[f"{side}_shoulder"]] = about("x", 20 * swing) @ about("z", -sign * hang + 0 * t)
            bend = 30 + 15 * swing
            R[:, self.truth[f"{side}_elbow"]] = about("y", -sign * bend) if hang else about("x", -bend)
            R[:, self.truth[f"{side}_wrist"]] = about("z", 12 * swing)
        R[:, self.truth["head"]] = about("y", 15 * np.sin(t)) @ about("x", 8 * np.cos(2 * t))
        R[:, self.truth["pelvis"]] = about("y", 8 * np.sin(t))
        return R

    def moving(self, n_frames: int = 24) -> np.ndarray:
        """[T, N, 3] positions of `turns`."""
        from sm_jax.data.mocap import bvh

        offsets = self.points - self.points[np.maximum(self.parents, 0)]
        root = np.tile(self.points[0], (n_frames, 1)) + np.linspace(0, 100, n_frames)[:, None] * [0, 0, 1]
        return bvh.forward_kinematics(tuple(self.parents), offsets, self.turns(n_frames), root)[0]

    def bvh(self, names: list[str], away: float = 0.0, seed: int = 0, n_frames: int = 30) -> str:
        """A file of `moving` at 30 fps with z up, `away` cm aside, whose rest pose is none: every bone anywhere."""
        n_joints = len(self.names)
        rest = Rotation.random(n_joints, np.random.default_rng(seed)).as_matrix()
        z_up = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
        above = np.maximum(self.parents, 0)
        rest[0] = z_up.T
        offsets = np.einsum("jba,jb->ja", rest[above], self.points - self.points[above])
        turns = np.einsum("jba,tjbc,jcd->tjad", rest[above], self.turns(n_frames), rest)
        turns[:, 0] = z_up @ self.turns(n_frames)[:, 0] @ rest[0]
        root = (self.moving(n_frames)[:, 0] + [away, 0, 0]) @ z_up.T
        degrees = [Rotation.from_matrix(turns[:, j]).as_euler("ZXY", degrees=True) for j in range(n_joints)]
        rested = np.zeros_like(offsets)
        for joint, parent in enumerate(self.parents):
            rested[joint] = rested[parent] + offsets[joint] if parent >= 0 else 0.0
        return bvh_text(names, self.parents, rested, root, dict(zip(names, degrees, strict=True)), 30.0)
