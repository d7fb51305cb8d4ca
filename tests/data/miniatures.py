"""The field's data sets in miniature: two people who stand and move a little, in the layouts that the readers document.

Their bodies are not ours: the open body's mesh with other proportions, arms that hang lower at rest and betas of
another meaning, filled up to as many vertices and joints as SMPL's and SMPL-X's files have.
"""

import dataclasses
import functools
import json
import pathlib
import pickle
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.body.io import load_body, read_body, volumes_path
from sm_jax.body.smplx_to_smpl import parents

VERTICES = {24: 6890, 55: 10475}
Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])  # y up from z up


@functools.cache
def body_arrays(J: int) -> dict[str, Any]:
    """The arrays of a body file of SMPL (J = 24) or SMPL-X (J = 55)."""
    load_body("open-low")
    own = read_body(volumes_path("open-low").with_name("open_low.npz"))
    v = own["v_template"].astype(float) * [0.98, 1.03, 1.04]
    v[:, 1] -= 0.12 * np.maximum(np.abs(v[:, 0]) - 0.2, 0) * (v[:, 1] > 0)
    V, n = len(v), VERTICES[J]
    extra = np.arange(n - V) % V
    weights, regressor = np.zeros((n, J)), np.zeros((J, n))
    weights[:, :22] = np.concatenate([own["weights"], own["weights"][extra]])[:, :22]
    regressor[:22, :V] = own["J_regressor"][:22]
    hands = [22, 23] if J == 24 else [25, 40]  # SMPL-X: the first joint of each index finger
    for hand, joint in zip((22, 23), hands, strict=True):
        weights[:, joint] = np.concatenate([own["weights"], own["weights"][extra]])[:, hand]
    for joint in range(22, J):
        at = joint if J == 24 else 15 if joint < 25 else 22 if joint < 40 else 23  # SMPL-X: jaw and eyes, fingers
        regressor[joint, :V] = own["J_regressor"][at]
    return {
        "v_template": np.concatenate([v, v[extra]]),
        "shapedirs": np.concatenate([own["shapedirs"], own["shapedirs"][extra]])[..., ::-1].astype(float),
        "J_regressor": regressor,
        "weights": weights,
        "kintree_table": np.stack([np.array((4294967295, *parents(J)[1:])), np.arange(J)]).astype(np.uint32),
        "f": own["f"].astype(np.uint32),
    }


def write_bodies(folder: pathlib.Path, *names: str) -> pathlib.Path:
    """Body files such as SMPLX_MALE.npz. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        np.savez(folder / f"{name}.npz", **body_arrays(55 if name.startswith("SMPLX") else 24))
    return folder


@dataclasses.dataclass(frozen=True)
class TwoPeople:
    """vectors: [2, T, 24, 3] axis-angle, the first of the world.  trans: [2, T, 3].  betas: [2, 10].
    joints: [2, T, 24, 3] and vertices: [2, T, V, 3] in a z-up world."""

    vectors: np.ndarray
    trans: np.ndarray
    betas: np.ndarray
    joints: np.ndarray
    vertices: np.ndarray

    def in_y_up(self) -> "TwoPeople":
        """The same people where y points up: all that a file holds."""
        root = Y_UP @ Rotation.from_rotvec(self.vectors[:, :, 0].reshape(-1, 3)).as_matrix()
        vectors = self.vectors.copy()
        vectors[:, :, 0] = Rotation.from_matrix(root).as_rotvec().reshape(self.vectors[:, :, 0].shape)
        return dataclasses.replace(
            self, vectors=vectors, joints=self.joints @ Y_UP.T, vertices=self.vertices @ Y_UP.T,
            trans=self.joints[:, :, 0] @ Y_UP.T - (self.joints[:, :, 0] - self.trans),
        )  # fmt: skip


@functools.cache
def two_people(n_frames: int, J: int = 24) -> TwoPeople:
    """Two people who face each other out of reach, and sway."""
    file, rng = body_arrays(J), np.random.default_rng(0)
    phase = np.linspace(0, 1, n_frames)[:, None, None]
    vectors = 0.25 * rng.normal(size=(2, 1, 24, 3)) * phase + 0.08 * rng.normal(size=(2, 1, 24, 3))
    vectors[:, :, 22:] = 0
    for person, yaw in enumerate((np.pi / 2, -np.pi / 2)):
        root = Rotation.from_euler("ZX", [yaw, np.pi / 2])
        vectors[person, :, 0] = (root * Rotation.from_rotvec(0.1 * vectors[person, :, 0])).as_rotvec()
    betas = np.zeros((2, 10))
    betas[:, -1], betas[:, 3] = (0.6, -0.5), (0.4, 0.8)
    pelvis = np.array([[[-0.8, 0.0, 0.95]], [[0.8, 0.0, 0.95]]]) + 0.05 * phase[:, 0]
    found = [_posed(file, vectors[p], betas[p], pelvis[p]) for p in range(2)]
    joints, vertices = (np.stack([person[part] for person in found]) for part in (0, 1))
    hands = joints[:, :, 22:24]
    if J == 55:  # the knuckles
        hands = np.stack([joints[:, :, 25 + side + np.array([0, 3, 6, 9])].mean(axis=2) for side in (0, 15)], axis=2)
    joints = np.concatenate([joints[:, :, :22], hands], axis=2)
    rest = np.stack([file["J_regressor"][0] @ (file["v_template"] + file["shapedirs"] @ b) for b in betas])
    return TwoPeople(vectors, pelvis - rest[:, None], betas, joints, vertices)


def _posed(
    file: dict[str, Any], vectors: np.ndarray, betas: np.ndarray, pelvis: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Joints [T, J, 3] and vertices [T, V, 3] by the models' own formula, fingers and face at rest."""
    n, J = len(vectors), file["weights"].shape[1]
    R = np.tile(np.eye(3), (n, J, 1, 1))
    R[:, :22] = Rotation.from_rotvec(vectors[:, :22].reshape(-1, 3)).as_matrix().reshape(n, 22, 3, 3)
    shaped = file["v_template"] + file["shapedirs"] @ betas
    rest = file["J_regressor"] @ shaped
    places = np.tile(pelvis[:, None], (1, J, 1))
    for joint, parent in list(enumerate(parents(J)))[1:]:
        places[:, joint] = places[:, parent] + R[:, parent] @ (rest[joint] - rest[parent])
        R[:, joint] = R[:, parent] @ R[:, joint]
    shift = places - np.einsum("tjab,jb->tja", R, rest)
    if J == 55:  # no file of a data set on SMPL-X holds meshes
        return places, np.zeros((n, 0, 3))
    blended = np.einsum("vj,tjab->tvab", file["weights"], R, optimize=True)
    return places, np.einsum("tvab,vb->tva", blended, shaped) + np.einsum("vj,tja->tva", file["weights"], shift)


def cameras(n: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """K [n, 3, 3] and camera from a z-up world, R [n, 3, 3] and t [n, 3]: around the people, 4 m away, 1 m high."""
    K = np.tile(np.array([[1000.0, 0, size[0] / 2], [0, 1000.0, size[1] / 2], [0, 0, 1]]), (n, 1, 1))
    upright = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    turns = Rotation.from_rotvec(2 * np.pi / n * np.arange(n)[:, None] * [0.0, 0.0, 1.0]).as_matrix()
    return K, upright @ turns, np.tile([0.0, 1.0, 4.0], (n, 1))


def write_hi4d(root: pathlib.Path, pair: str = "00", n_frames: int = 20, seen_by: int = 8) -> TwoPeople:
    people, first = two_people(n_frames), 11
    there, folder = people.in_y_up(), root / f"pair{pair}" / "hug00"
    (folder / "smpl").mkdir(parents=True)
    for t in range(n_frames):
        pose = there.vectors[:, t, 1:].reshape(2, 69)
        np.savez(
            folder / "smpl" / f"{first + t:06d}.npz", betas=people.betas, body_pose=pose,
            global_orient=there.vectors[:, t, 0], transl=there.trans[:, t], joints_3d=there.joints[:, t],
            verts=there.vertices[:, t].astype(np.float32), contact=np.zeros((2, 6890), int),
        )  # fmt: skip
    np.savez(
        folder / "meta.npz", start=first, end=first + n_frames - 1, num_persons=2, genders=np.array(["male", "female"]),
        betas=people.betas, contact_ids=np.array([first + 2, first + 3]), mono_cam=28,
    )  # fmt: skip
    ids = [4, 16, 28, 40, 52, 64, 76, 88]
    K, R, t = cameras(8, (940, 1280))
    (folder / "cameras").mkdir()
    extrinsics = np.concatenate([R @ Y_UP.T, t[..., None]], axis=-1)
    np.savez(
        folder / "cameras" / "rgb_cameras.npz",
        ids=ids,
        intirnsics=K,
        extrinsics=extrinsics,
        dist_coeffs=np.zeros((8, 5)),
    )
    for camera in ids[:seen_by]:
        (folder / "images" / str(camera)).mkdir(parents=True)
        for t in range(n_frames):
            (folder / "images" / str(camera) / f"{first + t:06d}.jpg").write_bytes(b"")
    return people


def write_chi3d(root: pathlib.Path, subject: str = "s03", n_frames: int = 31, seen_by: int = 4) -> TwoPeople:
    people, folder, action = two_people(n_frames, 55), root / "train" / subject, "Hug 1"
    R = Rotation.from_rotvec(people.vectors.reshape(-1, 3)).as_matrix().reshape(2, n_frames, 24, 3, 3)
    hands = np.tile(np.eye(3), (2, n_frames, 15, 1, 1))
    write_json(folder / "smplx" / f"{action}.json", {
        "transl": people.trans, "global_orient": R[:, :, :1], "body_pose": R[:, :, 1:22],
        "betas": np.repeat(people.betas[:, None], n_frames, 1), "left_hand_pose": hands, "right_hand_pose": hands,
        "jaw_pose": hands[:, :, :1], "leye_pose": hands[:, :, :1], "reye_pose": hands[:, :, :1],
        "expression": np.zeros((2, n_frames, 10)),
    })  # fmt: skip
    K, turns, t = cameras(4, (900, 900))
    for i, camera in enumerate(("50591643", "58860488", "60457274", "65906101")):
        inner = {"f": [[K[i, 0, 0], K[i, 1, 1]]], "c": [[K[i, 0, 2], K[i, 1, 2]]]}
        write_json(folder / "camera_parameters" / camera / f"{action}.json", {
            "extrinsics": {"R": turns[i], "T": -(turns[i].T @ t[i])[None]}, "intrinsics_wo_distortion": inner,
            "intrinsics_w_distortion": inner | {"k": [[0.0] * 3], "p": [[0.0] * 2]},
        })  # fmt: skip
        if i >= seen_by:
            continue
        video = folder / "videos" / camera / f"{action}.mp4"
        video.parent.mkdir(parents=True)
        video.write_bytes(b"")
    write_json(folder / "interaction_contact_signature.json", {
        action: {"fr_id": 17, "start_fr": 10, "end_fr": 25, "smplx_signature": {"region_id": [[3, 14], [20, 6]]}}
    })  # fmt: skip
    return people


def write_threedpw(root: pathlib.Path, part: str = "test", n_frames: int = 20, seen_by: int = 1) -> TwoPeople:
    people, name = two_people(n_frames), "downtown_arguing_00" if part == "test" else f"courtyard_{part}_00"
    there, (K, R, t) = people.in_y_up(), cameras(1, (1080, 1920))
    pose = np.tile(np.eye(4), (n_frames, 1, 1))
    pose[:, :3, :3], pose[:, :3, 3] = R[0] @ Y_UP.T, t[0]
    valid = np.ones((2, n_frames), int)
    valid[1, 3:5] = 0
    content = {
        "sequence": name, "betas": list(people.betas), "poses": list(there.vectors.reshape(2, n_frames, 72)),
        "trans": list(there.trans), "jointPositions": list(there.joints.reshape(2, n_frames, 72)),
        "genders": ["m", "f"], "cam_poses": pose, "cam_intrinsics": K[0], "campose_valid": list(valid),
        "poses_60Hz": [], "trans_60Hz": [], "poses2D": [], "img_frame_ids": np.arange(n_frames),
    }  # fmt: skip
    path = root / "sequenceFiles" / part / f"{name}.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol=2))
    alone = {key: value[:1] if isinstance(value, list) else value for key, value in content.items()}
    path.with_name("outdoors_fencing_01.pkl").write_bytes(pickle.dumps(alone, protocol=2))
    images = root / "imageFiles" / name
    images.mkdir(parents=True)
    for i in range(n_frames * seen_by):
        (images / f"image_{i:05d}.jpg").write_bytes(b"")
    return people


def write_interhuman(root: pathlib.Path, split: str = "test", n_frames: int = 20) -> TwoPeople:
    people, number = two_people(n_frames), "17" if split == "test" else "18"
    for p in range(2):
        places = np.zeros((n_frames, 62, 3))
        places[:, :22] = people.joints[p, :, :22]
        six = np.tile(np.eye(3)[:, :2].T.ravel(), (n_frames, 51, 1))
        values = np.concatenate([places.reshape(n_frames, -1), six.reshape(n_frames, -1)], axis=1)
        path = root / "motions_processed" / f"person{p + 1}" / f"{number}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, values.astype(np.float32))
    (root / "annots").mkdir(exist_ok=True)
    (root / "annots" / f"{number}.txt").write_text("Two people talk.\none person nods to the other.\n")
    with (root / f"{split}.txt").open("a") as file:
        file.write(f"{number}\n9999\n")
    return people


def write_interx(root: pathlib.Path, split: str = "test", n_frames: int = 77) -> TwoPeople:
    people, name = two_people(n_frames, 55), f"G00{len(split) - 4}T000A000R000"
    there, folder = people.in_y_up(), root / "motions" / name
    folder.mkdir(parents=True)
    for p, gender in enumerate(("male", "female")):
        np.savez(
            folder / f"P{p + 1}.npz", root_orient=there.vectors[p, :, 0], pose_body=there.vectors[p, :, 1:22],
            pose_lhand=np.zeros((n_frames, 15, 3)), pose_rhand=np.zeros((n_frames, 15, 3)), trans=there.trans[p],
            betas=people.betas[p][None], gender=gender,
        )  # fmt: skip
    (root / "texts").mkdir(exist_ok=True)
    (root / "texts" / f"{name}.txt").write_text("Two people hug each other.\n\nThe first person leans in.\n")
    (root / "splits").mkdir(exist_ok=True)
    (root / "splits" / f"{split}.txt").write_text(f"{name}\n")
    return people


def write_harmony4d(root: pathlib.Path, split: str = "test", n_frames: int = 15) -> TwoPeople:
    people = two_people(n_frames)
    folder = root / split / "01_hugging" / "002_hugging" / "processed_data" / "smpl"
    folder.mkdir(parents=True)
    for t in range(n_frames):
        content: Any = {
            f"aria0{p + 1}": {
                "global_orient": people.vectors[p, t, 0], "body_pose": people.vectors[p, t, 1:].ravel(),
                "transl": people.trans[p, t], "betas": people.betas[p], "vertices": people.vertices[p, t],
                "joints": np.concatenate([people.joints[p, t], np.zeros((21, 3))]), "epoch_loss": 0.1,
            }
            for p in range(2) if not (p == 1 and t == 6)
        }  # fmt: skip
        np.save(folder / f"{t + 1:05d}.npy", content, allow_pickle=True)
    return people


def write_json(path: pathlib.Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, default=lambda x: x.tolist()))
