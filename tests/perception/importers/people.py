"""Two people before a camera, and files of them made exactly as the tools write them."""

import pathlib
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.spatial.transform import Rotation

from experiments.lib.pickled import write_joblib, write_torch
from experiments.lib.tool_files import (
    SMPL_PELVIS,
    ToolPeople,
    camera_path,
    write_gvhmr,
    write_incam,
    write_json,
    write_openpose,
    write_phalp,
    write_prompthmr,
)
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.geometry.camera import project
from sm_jax.types import Motion
from tests.fitting.people import facing

FRAMES, SIZE, FOCAL = 40, (1280, 720), 1000.0
K = np.array([[FOCAL, 0, 640], [0, FOCAL, 360], [0, 0, 1]])
R_camera_world = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]])


class People(ToolPeople):
    """Person 0 is on the left, at 4 m."""

    def __init__(self, frames: int = FRAMES, distance: float = 0.7):
        motion = facing(distance, frames)
        rotations = np.array(motion.rotations, np.float64)
        rotations[:, :, 0] = R_camera_world @ rotations[:, :, 0]
        sway = 0.1 * np.sin(np.arange(frames) / 10)[None, :, None] * np.array([1.0, 0, 0])
        world = np.array(motion.pelvis, np.float64) + sway
        pelvis = world @ R_camera_world.T + np.array([-distance / 2, 1.0, 4.0])
        super().__init__(rotations=rotations, pelvis=pelvis, seen=np.ones((2, frames), bool), K=K, size=SIZE)

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


gvhmr = write_gvhmr


def gem(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    return [write_incam(folder / f"smpl_params_{p}.pt", people, p, "body_params") for p in (0, 1)]


def phalp(folder: pathlib.Path, people: People, missing: range = range(0), ghosts: bool = True) -> list[pathlib.Path]:
    """Person 1 is missing in some frames, where PHALP repeats what it saw last as a ghost, or has no entry."""
    people.seen[1, list(missing)] = False
    return write_phalp(folder, people, ghosts=ghosts)


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
    np.save(folder / "tram/camera.npy", np.array(camera(people), object), allow_pickle=True)
    return [folder / "tram"]


def camera(people: People) -> dict[str, Any]:
    """A camera that walks a metre to the right."""
    return camera_path(people, _walk(people))


def _walk(people: People) -> np.ndarray:
    return np.linspace([0, 0, 0], [1.0, 0, 0], people.pelvis.shape[1])


def prompthmr(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    return write_prompthmr(folder, people, _walk(people))


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
    return [write_json(folder / "alphapose-results.json", rows)]


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
    return [write_json(folder / "results_clip.json", {"meta_info": {}, "instance_info": frames})]


def openpose(folder: pathlib.Path, people: People) -> list[pathlib.Path]:
    """The nose of person 0 is never found."""
    pixels = people.pixels()
    confidence = np.full(pixels.shape[:3], 0.85)
    confidence[0, :, KEYPOINTS.index("nose")] = 0
    return write_openpose(folder, pixels, confidence)
