"""One clip whose forearms nobody sees, under three sentences and under none: three motions that adhere to them.

    python -m experiments.studies.three_sentences --synthetic data/synthetic.npz      (2 minutes on 2 cores)

Writes docs/sheets/three_sentences.png, and experiments/results/three_sentences.json: for every motion, in which share
of the frames each sentence's contacts hold (nearer than 5 cm), and how far the visible joints are from where they are
without a sentence.
"""

import dataclasses
import pathlib
from collections.abc import Sequence

import jax
import numpy as np

from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from experiments.studies.contact_sheets import pick_moments, save_sheet
from experiments.studies.text_guidance import described_clips, occluded_case
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS, KEYPOINT_JOINTS, SIDED_REGIONS
from sm_jax.evaluation.metrics.contact import region_distances
from sm_jax.evaluation.protocols import RADIUS
from sm_jax.export.contact_sheet import contact_sheet
from sm_jax.motion.slerp_fill import SEEN
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.models import load_models
from sm_jax.sampling.chunks import Request, sample_clip
from sm_jax.sampling.sample import Settings
from sm_jax.text.contacts import contact_targets, region_mask
from sm_jax.text.describers import from_user
from sm_jax.text.describers.describer import describer_input
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Contact, Description, Motion, Observation

OUT = RESULTS / "three_sentences.json"
SEED = 0
CLIP = "clap_game_0"
SENTENCES = (
    "The first person puts the right hand on the second person's left shoulder.",
    "The second person lays the left hand on the first person's belly.",
    "They hold hands.",
)
FOREARM = np.array([name.split("_")[-1] in ("elbow", "wrist", "hand") for name in JOINTS])


def hide_forearms(seen: Observation) -> Observation:
    """An observation in which nobody's forearms and hands are seen."""
    points = FOREARM[np.asarray(KEYPOINT_JOINTS)]
    return dataclasses.replace(
        seen,
        visibility=np.where(FOREARM, 0, np.asarray(seen.visibility)).astype(np.float32),
        keypoint_confidence=np.where(points, 0, np.asarray(seen.keypoint_confidence)).astype(np.float32),
    )


def adherence(body: smpl.Body, motion: Motion, contacts: Sequence[Contact]) -> float:
    """Share of the frames in which contacts are said to hold and their regions are nearer than RADIUS."""
    points = np.asarray(smpl.surface_points(body, smpl.pose(body, motion)))
    distances = region_distances(points, np.asarray(body.surface_region), len(SIDED_REGIONS))
    holds = []
    for contact in contacts:
        masks = [region_mask(contact.region_a, contact.side_a) > 0, region_mask(contact.region_b, contact.side_b) > 0]
        first, second = masks if contact.person_a == 0 else masks[::-1]
        holds.append(distances[contact.start : contact.end, first][:, :, second].min((1, 2)) < RADIUS)
    return float(np.concatenate(holds).mean())


def main(synthetic: pathlib.Path) -> None:
    """Reconstruct under each sentence, measure, draw.

    Args:
        synthetic: a prepared synthetic set.
    """
    keep_compiled_programs()
    (models, weights), encoder, body = load_models(), TextEncoder.load(), load_body("open-low")
    clip = next(clip for clip in described_clips(synthetic, "test") if clip.name.startswith(CLIP))
    whole = occluded_case(clip, body, SEED, most=False).observation
    assert whole is not None
    seen = hide_forearms(whole)
    scene = describer_input(seen, body)
    spoken = [from_user.describe_sentence(sentence)(scene) for sentence in SENTENCES]
    descriptions = [Description(text="", source="none"), *spoken]
    motions, joints = [], []
    for description in descriptions:
        targets = contact_targets(description.contacts, scene.n_frames)
        text, key = encoder.encode_one(description.text), jax.random.key(SEED)
        request = Request(observation=seen, text=text, contacts=targets, key=key)
        motions.append(sample_clip(request, models, body, Settings()).motion)
        joints.append(np.asarray(smpl.pose(body, motions[-1]).joints))
    visible = np.asarray(seen.visibility) >= SEEN
    moved = [1000 * np.linalg.norm(x - joints[0], axis=-1)[visible] for x in joints]
    rows = {
        description.text or "(no sentence)": {
            "contacts": [dataclasses.asdict(contact) for contact in description.contacts],
            "share_in_contact": {s.text: round(adherence(body, motion, s.contacts), 3) for s in spoken},
            "visible_joints_moved_mm": {"mean": float(change.mean()), "95 %": float(np.quantile(change, 0.95))},
        }
        for description, motion, change in zip(descriptions, motions, moved, strict=True)
    }
    write_result(
        OUT,
        what="one clip whose forearms nobody sees, under three sentences and under none",
        config={"clip": clip.name, "settings": dataclasses.asdict(Settings())},
        seed=SEED,
        weights=weights,
        rows=rows,
    )
    start, end = max(s.contacts[0].start for s in spoken), min(s.contacts[0].end for s in spoken)
    sheet = [(name, pick_moments(motion, start, end)) for name, motion in zip(rows, motions, strict=True)]
    save_sheet("three_sentences.png", contact_sheet(body, sheet, 4, (260, 260)))


if __name__ == "__main__":
    run(main, __doc__)
