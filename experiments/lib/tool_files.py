"""Two people's estimate as files of other tools, made exactly in their layouts, without any of the tools.

Layouts: docs/importing.md and the importers' docstrings in sm_jax/perception/importers.
"""

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from experiments.lib.pickled import write_joblib, write_torch
from sm_jax.body.skeleton import KEYPOINTS

SMPL_PELVIS = np.array([-0.0018, -0.2233, 0.0282])  # of the mean body at rest, metres from the file's origin
SMPLX_PELVIS = np.array([0.0031, -0.3514, 0.0120])
OPENPOSE = {
    0: "nose", 2: "right_shoulder", 3: "right_elbow", 4: "right_wrist", 5: "left_shoulder", 6: "left_elbow",
    7: "left_wrist", 9: "right_hip", 10: "right_knee", 11: "right_ankle", 12: "left_hip", 13: "left_knee",
    14: "left_ankle", 15: "right_eye", 16: "left_eye", 17: "right_ear", 18: "left_ear", 19: "left_toe",
    21: "left_heel", 22: "right_toe", 24: "right_heel",
}  # fmt: skip


@dataclasses.dataclass(kw_only=True, eq=False)
class ToolPeople:
    """Two people as a tool sees them, in the camera's frame (OpenCV), on the mean body of its family.

    rotations: [2, T, 24, 3, 3] of that family, the first camera from pelvis.  pelvis: [2, T, 3] metres.  seen: [2, T]
    bool, whether the tool found the person.  K: [3, 3] pixels, its principal point in the middle.  size: (width,
    height).
    """

    rotations: np.ndarray
    pelvis: np.ndarray
    seen: np.ndarray
    K: np.ndarray
    size: tuple[int, int]

    @property
    def vectors(self) -> np.ndarray:
        """[2, T, 24, 3] axis-angle."""
        return Rotation.from_matrix(self.rotations.reshape(-1, 3, 3)).as_rotvec().reshape(*self.rotations.shape[:3], 3)


def write_phalp(folder: pathlib.Path, people: ToolPeople, *, ghosts: bool = True) -> list[pathlib.Path]:
    """`demo_clip.pkl`. Who is not seen is repeated as a ghost, as PHALP does, or has no entry."""
    far = (
        5000 / 256 * max(people.size) / people.K[0, 0]
    )  # by its constant focal length, in the same place of the picture
    last, records = [0, 0], {}
    for frame in range(people.pelvis.shape[1]):
        record: dict[str, Any] = {"time": frame, "shot": 0, "frame_path": f"/tmp/{frame:06d}.jpg"}
        keys = ("tid", "bbox", "tracked_ids", "tracked_bbox", "tracked_time", "smpl", "camera", "camera_bbox")
        record |= {key: [] for key in (*keys, "center", "scale", "size", "conf", "2d_joints", "3d_joints")}
        for p in (0, 1):
            gone = not people.seen[p, frame]
            if gone and (not ghosts or not people.seen[p, :frame].any()):
                continue
            last[p] = last[p] if gone else frame
            rotations = people.rotations[p, last[p]].astype(np.float32)
            record["tid"].append(p + 3)
            record["tracked_time"].append(frame - last[p])
            record["camera"].append((people.pelvis[p, last[p]] * [1, 1, far] - SMPL_PELVIS).astype(np.float32))
            record["size"].append([people.size[1], people.size[0]])
            record["conf"].append(0.9)
            record["smpl"].append(
                {"global_orient": rotations[:1], "body_pose": rotations[1:], "betas": np.zeros(10, np.float32)}
            )
            record["2d_joints"].append(np.zeros(90, np.float32))
        records[f"/tmp/{frame:06d}.jpg"] = record
    write_joblib(folder / "demo_clip.pkl", records, compressed=True)
    return [folder / "demo_clip.pkl"]


def write_gvhmr(folder: pathlib.Path, people: ToolPeople) -> list[pathlib.Path]:
    """`hmr4d_results.pt`, a file a person. It has every frame of the video, also those without the person."""
    return [write_incam(folder / f"hmr4d_results_{p}.pt", people, p, "smpl_params") for p in (0, 1)]


def write_incam(path: pathlib.Path, people: ToolPeople, p: int, key: str) -> pathlib.Path:
    """Person p's parameters under KEY_incam. Those under KEY_global are there and disagree."""
    vectors, pelvis = people.vectors[p].astype(np.float32), people.pelvis[p].astype(np.float32)
    n = len(vectors)
    incam = {
        "body_pose": vectors[:, 1:22].reshape(n, 63),
        "betas": np.zeros((n, 10), np.float32),
        "global_orient": vectors[:, 0],
        "transl": (pelvis - SMPLX_PELVIS).astype(np.float32),
    }
    other = {**incam, "transl": np.full((n, 3), 99, np.float32)}
    intrinsics = np.tile(people.K, (n, 1, 1)).astype(np.float32)
    write_torch(path, {f"{key}_incam": incam, f"{key}_global": other, "K_fullimg": intrinsics})
    return path


def write_prompthmr(folder: pathlib.Path, people: ToolPeople, path: np.ndarray | None = None) -> list[pathlib.Path]:
    """`results.pkl`. path: [T, 3] metres where the camera is; None for one that stands still."""
    found = {}
    for p in (0, 1):
        frames = np.flatnonzero(people.seen[p])
        rotmat = np.tile(np.eye(3, dtype=np.float32), (len(frames), 55, 1, 1))
        rotmat[:, :22] = people.rotations[p][frames, :22]
        trans = (people.pelvis[p][frames] - SMPLX_PELVIS).astype(np.float32)
        body = {"rotmat": rotmat, "shape": np.zeros((len(frames), 10), np.float32), "trans": trans}
        found[p + 1] = {"frames": frames, "track_id": p + 1, "smplx_cam": body, "smplx_world": {}}
    content = {"camera": camera_path(people, path), "camera_world": {}, "people": found}
    write_joblib(folder / "results.pkl", content)
    return [folder / "results.pkl"]


def camera_path(people: ToolPeople, path: np.ndarray | None = None) -> dict[str, Any]:
    """The camera as TRAM and PromptHMR say it: intrinsics, and the world from it in each frame."""
    n = people.pelvis.shape[1]
    return {
        "pred_cam_R": np.tile(np.eye(3), (n, 1, 1)),
        "pred_cam_T": np.zeros((n, 3)) if path is None else path,
        "img_focal": float(people.K[0, 0]),
        "img_center": np.array(people.K[:2, 2], np.float64),
    }


def write_openpose(folder: pathlib.Path, keypoints: np.ndarray, confidence: np.ndarray) -> list[pathlib.Path]:
    """A folder with a file a frame, BODY_25, of keypoints [2, T, K, 2] in our order with confidence [2, T, K]. A point
    that was not found is written as zeros, a person without points not at all."""
    (folder / "openpose").mkdir()
    for frame in range(keypoints.shape[1]):
        shown = []
        for p in (0, 1):
            body = np.zeros((25, 3))
            for theirs, name in OPENPOSE.items():
                k = KEYPOINTS.index(name)
                if confidence[p, frame, k] > 0:
                    body[theirs] = [*keypoints[p, frame, k], confidence[p, frame, k]]
            if body.any():
                shown.append({"person_id": [-1], "pose_keypoints_2d": body.ravel().tolist()})
        write_json(folder / f"openpose/clip_{frame:012d}_keypoints.json", {"version": 1.3, "people": shown})
    return [folder / "openpose"]


def write_json(path: pathlib.Path, content: Any) -> pathlib.Path:
    """Write a file of JSON. Returns its path."""
    path.write_text(json.dumps(content))
    return path
