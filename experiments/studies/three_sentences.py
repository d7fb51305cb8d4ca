"""One clip whose arms nobody sees, under three sentences and under none: three motions that do as they are told.

    python experiments/studies/three_sentences.py --synthetic data/synthetic.npz      (2 minutes on 2 cores)

Writes docs/sheets/three_sentences.png, and experiments/results/three_sentences.json: for every motion, in which share
of the frames each sentence's contacts hold (nearer than 5 cm), and how far the visible joints are from where they are
without a sentence.
"""

import dataclasses
import json
import pathlib
import sys
from collections.abc import Sequence

import jax
import numpy as np
import tyro

from experiments.studies.contact_sheets import moments, save
from experiments.studies.text_guidance import observed_case, with_description
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS, KEYPOINT_JOINTS, SIDED_REGIONS
from sm_jax.evaluation.metrics.contact import region_distances
from sm_jax.evaluation.protocols import RADIUS
from sm_jax.export.contact_sheet import contact_sheet
from sm_jax.motion.slerp_fill import SEEN
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.provenance import code_version
from sm_jax.pipeline.models import load_models
from sm_jax.sampling.chunks import Request, sample_clip
from sm_jax.sampling.sample import Settings
from sm_jax.text.contacts import contact_targets, region_mask
from sm_jax.text.describers import from_user
from sm_jax.text.describers.describer import describer_input
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Contact, Description, Motion, Observation

# Whether a motion does what was said.


_ARM = np.array([name.split("_")[-1] in ("elbow", "wrist", "hand") for name in JOINTS])


def without_arms(seen: Observation) -> Observation:
    """An observation in which nobody's forearms and hands are seen."""
    points = _ARM[np.asarray(KEYPOINT_JOINTS)]
    return dataclasses.replace(
        seen,
        visibility=np.where(_ARM, 0, np.asarray(seen.visibility)).astype(np.float32),
        keypoint_confidence=np.where(points, 0, np.asarray(seen.keypoint_confidence)).astype(np.float32),
    )


def contact_share(body: smpl.Body, motion: Motion, contacts: Sequence[Contact]) -> float:
    """Share of the frames in which contacts are said to hold and their regions are nearer than RADIUS."""
    points = np.asarray(smpl.surface_points(body, smpl.pose(body, motion)))
    distances = region_distances(points, np.asarray(body.surface_region), len(SIDED_REGIONS))
    held = []
    for contact in contacts:
        masks = [region_mask(contact.region_a, contact.side_a) > 0, region_mask(contact.region_b, contact.side_b) > 0]
        first, second = masks if contact.person_a == 0 else masks[::-1]
        held.append(distances[contact.start : contact.end, first][:, :, second].min((1, 2)) < RADIUS)
    return float(np.concatenate(held).mean())


sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

RESULT = pathlib.Path(__file__).parent / "results" / "three_sentences.json"
CLIP = "clap_game_0"
SENTENCES = (
    "The first person puts the right hand on the second person's left shoulder.",
    "The second person lays the left hand on the first person's belly.",
    "They hold hands.",
)


def main(synthetic: pathlib.Path) -> None:
    """synthetic: a prepared synthetic set."""
    keep_compiled_programs()
    (models, weights), encoder, body = load_models(), TextEncoder.load(), load_body("open-low")
    clip = next(clip for clip in with_description(synthetic, "test") if clip.name.startswith(CLIP))
    seen = observed_case(clip, body, 0, most=False).observation
    assert seen is not None
    seen = without_arms(seen)
    scene = describer_input(seen, body)
    told = [
        Description(text="", source="none"),
        *(from_user.describe_sentence(sentence)(scene) for sentence in SENTENCES),
    ]
    motions, joints = [], []
    for one in told:
        targets, text = contact_targets(one.contacts, scene.n_frames), encoder.encode_one(one.text)
        request = Request(observation=seen, text=text, contacts=targets, key=jax.random.key(0))
        motions.append(sample_clip(request, models, body, Settings()).motion)
        joints.append(np.asarray(smpl.pose(body, motions[-1]).joints))
    visible = np.asarray(seen.visibility) >= SEEN
    moved = [1000 * np.linalg.norm(x - joints[0], axis=-1)[visible] for x in joints]
    rows = {
        one.text or "(no sentence)": {
            "contacts": [dataclasses.asdict(contact) for contact in one.contacts],
            "share_in_contact": {s.text: round(contact_share(body, motion, s.contacts), 3) for s in told[1:]},
            "visible_joints_moved_mm": {"mean": float(change.mean()), "95 %": float(np.quantile(change, 0.95))},
        }
        for one, motion, change in zip(told, motions, moved, strict=True)
    }
    result = {"clip": clip.name, "weights": weights, "commit": code_version(), "seed": 0, "rows": rows}
    RESULT.write_text(json.dumps(result | {"device": jax.devices()[0].device_kind}, indent=1) + "\n")
    start, end = max(one.contacts[0].start for one in told[1:]), min(one.contacts[0].end for one in told[1:])
    sheet = [(name, moments(motion, start, end)) for name, motion in zip(rows, motions, strict=True)]
    save("three_sentences.png", contact_sheet(body, sheet, 4, (260, 260)))


if __name__ == "__main__":
    tyro.cli(main)
