"""A small finished result, as `sm-jax reconstruct` would have written it, without any model."""

import dataclasses
import pathlib

import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.export.folder import SUMMARY, files_in
from sm_jax.export.npz import motion_file, save_motion, with_motion
from sm_jax.export.summary import save_summary, summarise
from sm_jax.geometry.camera import project_points
from sm_jax.perception.observation_file import save_observation
from sm_jax.pipeline.measures import MEASURES
from sm_jax.types import Contact, Description, Motion, Observation
from tests.motion.motions import front_camera, observe, random_motion
from tests.perception.videos import write_video

FRAMES, HIDDEN = 40, slice(10, 30)
DESCRIPTION = Description(
    text="They <script>alert(1)</script> & hug.",
    contacts=(
        Contact(region_a="buttock", region_b="waist", person_a=1, start=0, end=20),
        Contact(region_a="head", region_b="foot", start=4, end=9, confidence=0.5),
    ),
    source="text",
)


def still_motion(distance: float = 3.0, frames: int = FRAMES) -> Motion:
    """Two people who stand still."""
    one = random_motion(frames=1, distance=distance)
    motion = {name: np.repeat(np.asarray(getattr(one, name)), frames, axis=1) for name in ("global_orient", "pelvis")}
    return Motion(body_pose=np.repeat(np.asarray(one.body_pose), frames, axis=1), betas=np.asarray(one.betas), **motion)


def seen(body: smpl.Body, motion: Motion) -> Observation:
    """A perfect observation of a motion, but that nothing is seen of person 1 in HIDDEN."""
    camera = front_camera(motion.pelvis.shape[1])
    pixels, _ = project_points(camera, smpl.keypoints(body, smpl.pose(body, motion)))
    found = observe(motion, camera, pixels)
    visibility, confidence = np.array(found.visibility), np.array(found.keypoint_confidence)
    visibility[1, HIDDEN] = confidence[1, HIDDEN] = 0.0
    return dataclasses.replace(found, visibility=visibility, keypoint_confidence=confidence)


def write_result(folder: pathlib.Path, source: str = "a <b>.mp4") -> pathlib.Path:
    """All files that a report or a viewer reads, of people who stand within one another, and did not on the
    way."""
    folder.mkdir()
    body, motion = load_body("open-low"), still_motion(distance=0.1)
    observation = seen(body, motion)
    content = motion_file(
        body,
        motion,
        observation.camera,
        fps=30.0,
        frame_index=np.arange(FRAMES),
        visibility=np.asarray(observation.visibility),
        infilled=np.asarray(observation.visibility) < 0.3,
        spread=np.full((2, FRAMES, 24), 0.2),
        provenance={
            "sm_jax": "0.1.0",
            "source": source,
            "source_notes": ["lacks 3 frames"],
            "focal_is_heuristic": True,
            "settings": {"steps": 10, "weights": {"contact": 0.3}},
            "weights": {"infiller_sha256": "0123456789abcdef"},
            "seed": 3,
        },
    )
    save_motion(folder / "motion.npz", content)
    for name in ("stages/infilled", "stages/refined", "hypotheses/1"):
        (folder / name).parent.mkdir(exist_ok=True)
        save_motion(folder / f"{name}.npz", with_motion(body, content, still_motion(distance=1.0)))
    save_observation(folder / "observation.npz", observation)
    picture = np.full((48, 128, 3), 90, np.uint8)
    write_video(
        folder / "overlay.mp4", [picture + 2 * (n % 20) for n in range(FRAMES)], (np.arange(FRAMES) / 30).tolist()
    )
    summary = summarise(
        content,
        DESCRIPTION,
        seconds={"seeing": 2.0},
        energies_before={},
        energies_after={},
        energies_meaning={},
        share=np.array([1.0, 0.4]),
        measures={name: {"before": 20.0, "after": None if name == "foot_sliding" else 5.0} for name in MEASURES},
        command="sm-jax reconstruct 'a <b>.mp4' --out out",
    )
    save_summary(folder / SUMMARY, {**summary, "files": files_in(folder)})
    return folder
