"""Two people before a camera, and files of them made exactly as the tools write them."""

import json
import pathlib
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.geometry.camera import project
from sm_jax.types import Motion
from tests.fitting.people import facing
from tests.perception.importers.pickled import write_joblib, write_torch

FRAMES, SIZE, FOCAL = 40, (1280, 720), 1000.0
K = np.array([[FOCAL, 0, 640], [0, FOCAL, 360], [0, 0, 1]])
R_camera_world = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]])
SMPL_PELVIS = np.array([-0.0018, -0.2233, 0.0282])
SMPLX_PELVIS = np.array([0.0031, -0.3514, 0.0120])


class People:
    """rotations: [2, T, 24, 3, 3] and pelvis [2, T, 3] in the camera's frame. Person 0 is on the left, at 4 m."""

    def __init__(self, frames: int = FRAMES, distance: float = 0.7):
        motion = facing(distance, frames)
        self.rotations = np.array(motion.rotations, np.float64)
        self.rotations[:, :, 0] = R_camera_world @ self.rotations[:, :, 0]
        sway = 0.1 * np.sin(np.arange(frames) / 10)[None, :, None] * np.array([1.0, 0, 0])
        world = np.array(motion.pelvis, np.float64) + sway
        self.pelvis = world @ R_camera_world.T + np.array([-distance / 2, 1.0, 4.0])

    @property
    def vectors(self) -> np.ndarray:
        """[2, T, 24, 3] axis-angle."""
        return Rotation.from_matrix(self.rotations.reshape(-1, 3, 3)).as_rotvec().reshape(*self.rotations.shape[:3], 3)

    def pixels(self) -> np.ndarray:
        """Keypoints [2, T, K, 2] of the open body."""
        body = load_body("open-low")
        rotations = self.rotations.astype(np.float32)
        motion = Motion(
            global_orient=jnp.asarray(rotations[:, :, 0]),
            body_pose=jnp.asarray(rotations[:, :, 1:]),
            pelvis=jnp.asarray(self.pelvis, jnp.float32),
            betas=jnp.zeros((2, 10)),
        )
        return np.asarray(project(jnp.asarray(K, jnp.float32), smpl.keypoints(body, smpl.pose(body, motion))))


def gvhmr(folder: pathlib.Path, people: People, frames: slice = slice(None)) -> list[pathlib.Path]:
    """A file a person. The global parameters are there and disagree."""
    return [_incam(folder / f"hmr4d_results_{p}.pt", people, p, "smpl_params", frames) for p in (0, 1)]


def gem(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    return [_incam(folder / f"smpl_params_{p}.pt", people, p, "body_params", slice(None)) for p in (0, 1)]


def _incam(path: pathlib.Path, people: People, p: int, key: str, frames: slice) -> pathlib.Path:
    vectors, pelvis = people.vectors[p][frames].astype(np.float32), people.pelvis[p][frames].astype(np.float32)
    n = len(vectors)
    incam = {
        "body_pose": vectors[:, 1:22].reshape(n, 63),
        "betas": np.zeros((n, 10), np.float32),
        "global_orient": vectors[:, 0],
        "transl": (pelvis - SMPLX_PELVIS).astype(np.float32),
    }
    other = {**incam, "transl": np.full((n, 3), 99, np.float32)}
    intrinsics = np.tile(K, (n, 1, 1)).astype(np.float32)
    write_torch(path, {f"{key}_incam": incam, f"{key}_global": other, "K_fullimg": intrinsics})
    return path


def phalp(folder: pathlib.Path, people: People, missing: range = range(0), ghosts: bool = True) -> list[pathlib.Path]:
    """Person 1 is missing in some frames, where PHALP repeats what it saw last as a ghost, or has no entry."""
    weak, records = 5000 / 256 * max(SIZE), {}
    for frame in range(people.pelvis.shape[1]):
        record: dict[str, Any] = {"time": frame, "shot": 0, "frame_path": f"/tmp/{frame:06d}.jpg"}
        keys = ("tid", "bbox", "tracked_ids", "tracked_bbox", "tracked_time", "smpl", "camera", "camera_bbox")
        record |= {key: [] for key in (*keys, "center", "scale", "size", "conf", "2d_joints", "3d_joints")}
        for p in (0, 1):
            gone = p == 1 and frame in missing
            if gone and not ghosts:
                continue
            at = missing.start - 1 if gone else frame
            # far away by the constant focal length, in the same place of the picture
            pelvis = people.pelvis[p, at] * np.array([1, 1, weak / FOCAL])
            rotations = people.rotations[p, at].astype(np.float32)
            record["tid"].append(p + 3)
            record["tracked_time"].append(frame - at if gone else 0)
            record["camera"].append((pelvis - SMPL_PELVIS).astype(np.float32))
            record["size"].append([SIZE[1], SIZE[0]])
            record["conf"].append(0.9)
            record["smpl"].append(
                {"global_orient": rotations[:1], "body_pose": rotations[1:], "betas": np.zeros(10, np.float32)}
            )
            record["2d_joints"].append(np.zeros(90, np.float32))
        records[f"/tmp/{frame:06d}.jpg"] = record
    write_joblib(folder / "demo_clip.pkl", records, compressed=True)
    return [folder / "demo_clip.pkl"]


def wham(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    n = people.pelvis.shape[1]
    content = {
        p: {
            "pose": people.vectors[p].reshape(n, 72),  # of either precision
            "trans": (people.pelvis[p] - SMPL_PELVIS).astype(np.float32),
            "pose_world": np.zeros((n, 72), np.float32),
            "trans_world": np.zeros((n, 3), np.float32),
            "betas": np.zeros((n, 10), np.float32),
            "frame_ids": np.arange(n),
        }
        for p in (0, 1)
    }
    write_joblib(folder / "wham_output.pkl", content)
    return [folder / "wham_output.pkl"]


def romp(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    """The video's file."""
    frames = {f"{frame:08d}.jpg": romp_record(people, frame) for frame in range(people.pelvis.shape[1])}
    np.savez(folder / "video_results.npz", results=np.array(frames, object), sequence_results=np.array({}, object))
    return [folder / "video_results.npz"]


def romp_frames(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    """A folder with a file for each frame."""
    (folder / "romp").mkdir()
    for frame in range(people.pelvis.shape[1]):
        path = folder / "romp" / f"{frame:08d}.npz"
        np.savez(path, results=np.array(romp_record(people, frame), object))
    return [folder / "romp"]


def romp_record(people: People, frame: int) -> dict[str, np.ndarray]:
    tool = max(SIZE) / 2 / np.tan(np.radians(30))
    pelvis = people.pelvis[:, frame] * np.array([1, 1, tool / FOCAL])
    return {
        "cam": np.zeros((2, 3), np.float32),
        "smpl_thetas": people.vectors[:, frame].reshape(2, 72).astype(np.float32),
        "smpl_betas": np.zeros((2, 11), np.float32),
        "cam_trans": (pelvis - SMPL_PELVIS).astype(np.float32),
        "track_ids": np.array([1, 2]),
        "center_confs": np.array([[0.8], [0.9]], np.float32),
    }


def tram(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    (folder / "tram/hps").mkdir(parents=True)
    n = people.pelvis.shape[1]
    for p in (0, 1):
        track = {
            "pred_rotmat": people.rotations[p].astype(np.float32),
            "pred_trans": (people.pelvis[p] - SMPL_PELVIS)[:, None].astype(np.float32),
            "pred_shape": np.zeros((n, 10), np.float32),
            "frame": np.arange(n),
        }
        np.save(folder / f"tram/hps/hps_track_{p}.npy", np.array(track, object), allow_pickle=True)
    np.save(folder / "tram/camera.npy", np.array(camera(n), object), allow_pickle=True)
    return [folder / "tram"]


def camera(n: int) -> dict[str, Any]:
    """A camera that walks to the right, as TRAM and PromptHMR say it."""
    path = np.linspace([0, 0, 0], [1.0, 0, 0], n)
    R = np.tile(np.eye(3), (n, 1, 1))
    return {"pred_cam_R": R, "pred_cam_T": path, "img_focal": FOCAL, "img_center": np.array([640.0, 360.0])}


def prompthmr(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    n = people.pelvis.shape[1]
    found = {}
    for p in (0, 1):
        rotmat = np.tile(np.eye(3, dtype=np.float32), (n, 55, 1, 1))
        rotmat[:, :22] = people.rotations[p][:, :22]
        trans = (people.pelvis[p] - SMPLX_PELVIS).astype(np.float32)
        body = {"rotmat": rotmat, "shape": np.zeros((n, 10), np.float32), "trans": trans}
        found[p + 1] = {"frames": np.arange(n), "track_id": p + 1, "smplx_cam": body, "smplx_world": {}}
    write_joblib(folder / "results.pkl", {"camera": camera(n), "camera_world": {}, "people": found})
    return [folder / "results.pkl"]


def slahmr(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    """Its world is the camera's frame turned by half a radian and moved."""
    n = people.pelvis.shape[1]
    R, t = Rotation.from_rotvec([0.5, 0, 0]).as_matrix(), np.array([0.1, 0.2, 0.3])  # camera from world
    vectors, world = people.vectors, (people.pelvis - t) @ R
    root = Rotation.from_matrix((R.T @ people.rotations[:, :, 0]).reshape(-1, 3, 3)).as_rotvec().reshape(2, n, 3)
    np.savez(
        folder / "clip_000100_world_results.npz",
        trans=(world - SMPL_PELVIS).astype(np.float32),
        root_orient=root.astype(np.float32),
        pose_body=vectors[:, :, 1:22].reshape(2, n, 63).astype(np.float32),
        betas=np.zeros((2, 16), np.float32),
        cam_R=np.tile(R, (2, n, 1, 1)).astype(np.float32),
        cam_t=np.tile(t, (2, n, 1)).astype(np.float32),
        intrins=np.array([FOCAL, FOCAL, 640, 360], np.float32),
    )
    return [folder / "clip_000100_world_results.npz"]


def comotion(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    n = people.pelvis.shape[1]
    content = {
        "id": np.repeat([5, 9], n),
        "pose": people.vectors.reshape(2 * n, 72).astype(np.float32),
        "trans": (people.pelvis - SMPL_PELVIS).reshape(2 * n, 3).astype(np.float32),
        "betas": np.zeros((2 * n, 10), np.float32),
        "frame_idx": np.tile(np.arange(n), 2),
    }
    write_torch(folder / "clip.pt", content)
    return [folder / "clip.pt"]


def amass(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    """In a world with z up."""
    n = people.pelvis.shape[1]
    paths = []
    for p in (0, 1):
        root = R_camera_world.T @ people.rotations[p][:, 0]
        poses = np.zeros((n, 156))
        poses[:, :66] = people.vectors[p][:, :22].reshape(n, 66)
        poses[:, :3] = Rotation.from_matrix(root).as_rotvec()
        trans = people.pelvis[p] @ R_camera_world - SMPL_PELVIS
        rate = np.array(30.0)
        np.savez(folder / f"{p}_poses.npz", poses=poses, trans=trans, betas=np.zeros(16), mocap_framerate=rate)
        paths.append(folder / f"{p}_poses.npz")
    return paths


def alphapose(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    """COCO's 17 points, with tracking."""
    rows = []
    for frame, points in enumerate(people.pixels()[:, :, :17].transpose(1, 0, 2, 3)):
        for p in (0, 1):
            flat = np.concatenate([points[p], np.full((17, 1), 0.9)], axis=1).ravel().tolist()
            rows.append({"image_id": f"{frame}.jpg", "category_id": 1, "keypoints": flat, "score": 2.7, "idx": p + 1})
    return [_json(folder / "alphapose-results.json", rows)]


def mmpose(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    """Halpe's 26 points, without tracking, the people in another order in every second frame."""
    frames = []
    for frame, points in enumerate(people.pixels().transpose(1, 0, 2, 3)):
        instances = []
        for p in (0, 1) if frame % 2 else (1, 0):
            halpe, scores = np.zeros((26, 2)), np.full(26, 0.8)
            halpe[:17] = points[p, :17]
            for name, theirs in (("left_toe", 20), ("right_toe", 21), ("left_heel", 24), ("right_heel", 25)):
                halpe[theirs] = points[p, KEYPOINTS.index(name)]
            instances.append({"keypoints": halpe.tolist(), "keypoint_scores": scores.tolist()})
        frames.append({"frame_id": frame, "instances": instances})
    return [_json(folder / "results_clip.json", {"meta_info": {}, "instance_info": frames})]


OPENPOSE = {
    0: "nose", 2: "right_shoulder", 3: "right_elbow", 4: "right_wrist", 5: "left_shoulder", 6: "left_elbow",
    7: "left_wrist", 9: "right_hip", 10: "right_knee", 11: "right_ankle", 12: "left_hip", 13: "left_knee",
    14: "left_ankle", 15: "right_eye", 16: "left_eye", 17: "right_ear", 18: "left_ear", 19: "left_toe",
    21: "left_heel", 22: "right_toe", 24: "right_heel",
}  # fmt: skip


def openpose(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    """A file a frame, BODY_25. The nose of person 0 is never found, which OpenPose writes as zeros."""
    (folder / "openpose").mkdir()
    for frame, points in enumerate(people.pixels().transpose(1, 0, 2, 3)):
        shown = []
        for p in (0, 1):
            body = np.zeros((25, 3))
            for theirs, name in OPENPOSE.items():
                body[theirs] = [*points[p, KEYPOINTS.index(name)], 0.85]
            body[0] *= p
            shown.append({"person_id": [-1], "pose_keypoints_2d": body.ravel().tolist()})
        _json(folder / f"openpose/clip_{frame:012d}_keypoints.json", {"version": 1.3, "people": shown})
    return [folder / "openpose"]


def _json(path: pathlib.Path, content: Any) -> pathlib.Path:
    path.write_text(json.dumps(content))
    return path
