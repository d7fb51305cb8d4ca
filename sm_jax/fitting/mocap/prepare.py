"""From a reader's landmarks to a finished `PairSequence`: fit, floor, holds, contacts, and figures that judge them."""

import dataclasses

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.data.schema import PARTNER_ASIDE, LandmarkMotion, PairSequence
from sm_jax.fitting.contact_ik.anchors import anchors
from sm_jax.fitting.contact_ik.detection import detect_contacts
from sm_jax.fitting.contact_ik.solve import solve_contacts
from sm_jax.fitting.mocap import hands, joints
from sm_jax.fitting.mocap.floor import contact_on_floor, stand
from sm_jax.fitting.mocap.joints import Correspondence, by_name
from sm_jax.fitting.mocap.report import FitReport, make_report
from sm_jax.motion.frames import cut_motion, pad
from sm_jax.types import Contact, Motion


def prepare(
    body: smpl.Body,
    landmarks: LandmarkMotion,
    source: str,
    correspondence: Correspondence | None = None,
    close_hands: bool = False,
) -> tuple[PairSequence, FitReport]:
    """Fit the people of a take to the body and set them on the floor; contacts are read off the fitted bodies.

    A take of one person gets a copy of him, a metre aside, in the place of the partner who is not there.
    correspondence: of the landmarks and SMPL's joints; None goes by their names.
    close_hands: for sources whose hands, which held each other, were left apart by retargeting: holds are found by
    their lasting distance, then closed, and limbs taken out of the other's body.
    """
    n_frames, fps = landmarks.positions.shape[1], landmarks.fps
    target = joints.targets(landmarks, correspondence or by_name(landmarks))
    padded = _padded(target)
    fitted, _ = joints.fit(body, padded, joints.estimate_betas(body, padded))
    fitted = cut_motion(jax.device_get(stand(body, fitted)), n_frames)
    present = np.resize(np.any(landmarks.weight > 0, axis=(1, 2)), 2)
    if len(landmarks.positions) == 1:
        present[1] = False
        fitted, target = _beside(fitted, target)
    motion, holds = close(body, fitted, fps) if close_hands else (fitted, ())
    final = smpl.pose(body, motion).joints
    touching = hands.touching(holds, final)
    sequence = PairSequence(
        name=landmarks.name,
        source=source,
        body=body.name,
        motion=jax.tree.map(lambda x: np.asarray(x, np.float32), motion),
        fps=fps,
        split=landmarks.split,
        present=present,
        foot_contact=contact_on_floor(body, motion, fps),
        contacts=_all_contacts(body, motion, touching, fps) if present.all() else (),
        texts=landmarks.texts,
    )
    return sequence, make_report(body, target, fitted, motion, holds, fps)


def close(body: smpl.Body, motion: Motion, fps: float) -> tuple[Motion, tuple[Contact, ...]]:
    """Hands that hold each other brought together in a motion [P, T], and the holds."""
    holds = hands.find_holds(smpl.pose(body, motion).joints, fps)
    return jax.device_get(solve_contacts(body, motion, anchors(body, motion, holds, fps))), holds


def _all_contacts(body: smpl.Body, motion: Motion, holds: tuple[Contact, ...], fps: float) -> tuple[Contact, ...]:
    """Holds, and what else touches on the fitted bodies."""
    held = hands.held_frames(holds, motion.pelvis.shape[1])
    others = [contact for contact in detect_contacts(body, motion, fps)
              if not (held & hands.held_frames((contact,), len(held))).any()]  # fmt: skip
    return tuple(sorted((*holds, *others), key=lambda contact: (contact.start, contact.end)))


def _beside(motion: Motion, target: joints.Targets) -> tuple[Motion, joints.Targets]:
    """One person's motion [1, T] and targets, and a copy of both aside: [2, T]."""
    motion, target = jax.tree.map(lambda x: np.repeat(np.asarray(x, np.float32), 2, axis=0), (motion, target))
    aside = np.array([[[0.0, 0.0, 0.0]], [[PARTNER_ASIDE, 0.0, 0.0]]], np.float32)
    target = dataclasses.replace(target, joints=target.joints + aside[:, :, None])
    return dataclasses.replace(motion, pelvis=motion.pelvis + aside), target


def _padded(target: joints.Targets) -> joints.Targets:
    """Repeat the last frame: few lengths share compiled programs."""
    return jax.tree.map(lambda x: pad(x, 1), target)
