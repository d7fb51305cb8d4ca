"""Does it matter what is said? Held-out kinds of interaction, mostly hidden, under five descriptions of each clip.

    python -m experiments.studies.text_guidance --synthetic data/synthetic.npz        (half an hour on 2 cores)

Each clip of the held-out classes is seen from where most is hidden, by several independent simulations, and described
in five ways (`make_description`). Each is reconstructed by the networks alone, guided without the contact energy, and
with it. Pair PA-MPJPE and the F1 of contacts (regions nearer than 5 cm), with 95 % intervals by bootstrap over clips,
and the difference to no description, clip by clip. Writes experiments/results/semantics.json.
"""

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from experiments.benchmark_sets.clips import held_out_clips, validation_clips
from experiments.benchmark_sets.simulate import HIDING, cameras_around, hidden_share, simulate_view_jit
from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.data.schema import PairSequence, View
from sm_jax.data.simulator.simulate import SimulatorConfig
from sm_jax.evaluation.baselines.diffusion import GUIDED, NETWORKS
from sm_jax.evaluation.benchmarks.case import Case, TrueBodies, make_case
from sm_jax.evaluation.benchmarks.frozen import rounded
from sm_jax.evaluation.metrics.bootstrap import summarise
from sm_jax.evaluation.metrics.contact import contact_scores, region_distances
from sm_jax.evaluation.metrics.joints import pair_pa_mpjpe_mm
from sm_jax.evaluation.protocols import RADIUS, Pair
from sm_jax.evaluation.score import pose_for_metrics
from sm_jax.nets.weights import INFILLER
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.models import load_models
from sm_jax.sampling.chunks import Request, sample_clip
from sm_jax.text.augment import exchanged, mirrored
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers import from_user, rules
from sm_jax.text.describers.describer import DescriberInput, describer_input
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Contact, Description, Motion, Side

OUT = RESULTS / "semantics.json"
DISTANCE = 4.0  # metres of the camera
DESCRIPTIONS = ("true", "sentence", "rules", "none", "wrong")
VARIANTS = {
    "networks": NETWORKS,
    "guided, without contacts": dataclasses.replace(GUIDED, weights=dataclasses.replace(GUIDED.weights, contact=0.0)),
    "guided": GUIDED,
}
OTHER_SIDE: dict[Side | None, Side | None] = {"left": "right", "right": "left", None: None}


# Occluded cases: clips seen from where most of the people is hidden, or least.


def described_clips(synthetic: pathlib.Path, split: str) -> list[PairSequence]:
    """Clips of the classes of a split, all of which say what they show; the dances are left out."""
    clips = {"test": held_out_clips, "val": validation_clips}[split](synthetic)
    return [clip for clip in clips if clip.source != "salsa" and clip.texts]


def occluded_case(clip: PairSequence, body: smpl.Body, seed: int, *, most: bool) -> Case:
    """One simulation of the clip from the direction that hides most (foreign objects hide more), or least (nothing
    foreign does)."""
    motion = jax.tree.map(jnp.asarray, clip.motion)
    choose, hiding = (max, HIDING[-1]) if most else (min, HIDING[0])
    camera = choose(cameras_around(motion, DISTANCE), key=lambda camera: hidden_share(body, motion, camera))
    key = jax.random.fold_in(jax.random.key(seed), sum(map(ord, clip.name)))
    seen = simulate_view_jit(key, motion, body, camera, SimulatorConfig(hiding=hiding))
    view = View(camera=jax.device_get(camera), observation=rounded(jax.device_get(seen)))
    return make_case(clip, view, f"simulation {seed}", clip.name, lambda: TrueBodies(clip, view))


# What is said of a clip.


def make_description(kind: str, clip: PairSequence, scene: DescriberInput, seed: int) -> Description:
    """true: a sentence of the class and the true contacts.  sentence: the same sentence, its contacts placed by looking
    at the estimate, as `--text` does.  rules: what the estimate shows.  none: nothing.  wrong: the same class in
    another phase: by the other person, on the other side, half a clip later."""
    sentence, n_frames = clip.texts[seed % len(clip.texts)], scene.n_frames
    match kind:
        case "true":
            return Description(text=sentence, contacts=clip.contacts, source=kind)
        case "sentence":
            return from_user.describe_sentence(sentence)(scene)
        case "rules":
            return rules.describe(scene)
        case "none":
            return Description(text="", source=kind)
        case "wrong":
            contacts = tuple(part for contact in clip.contacts for part in _other_contact(contact, n_frames))
            return Description(text=mirrored(exchanged(sentence)), contacts=contacts, source=kind)
    raise ValueError(f"{kind} is none of {', '.join(DESCRIPTIONS)}")


def _other_contact(contact: Contact, n_frames: int) -> list[Contact]:
    """The contact on the other sides, of the other person, half a clip later; what passes the end is at the start."""
    moved = dataclasses.replace(
        contact,
        side_a=OTHER_SIDE[contact.side_a],
        side_b=OTHER_SIDE[contact.side_b],
        person_a=1 - contact.person_a,
    )
    start, end = contact.start + n_frames // 2, min(contact.end, n_frames) + n_frames // 2
    spans = (start, min(end, n_frames)), (max(start, n_frames) - n_frames, end - n_frames)
    return [dataclasses.replace(moved, start=a, end=b) for a, b in spans if b > a]


# What the reconstructions are worth.


class TrueInteraction:
    """A clip's true bodies, by which a reconstruction is scored in what words can say: how the two stand, and who
    touches whom where."""

    def __init__(self, body: smpl.Body, clip: PairSequence):
        self._body, self._fps = body, clip.fps
        self._true = pose_for_metrics(body, clip.motion, clip.fps)
        self._distances = _region_distances(self._true)

    def scores(self, motion: Motion) -> dict[str, float]:
        """Scores of a motion in any world."""
        found = pose_for_metrics(self._body, motion, self._fps)
        contacts = contact_scores(_region_distances(found), self._distances, radius=RADIUS)
        return {
            "pair_pa_mm": pair_pa_mpjpe_mm(found.joints["smpl"], self._true.joints["smpl"]),
            "contact_f1": contacts.f1,
            "contact_recall": contacts.recall,
            "contact_precision": contacts.precision,
        }


def _region_distances(pair: Pair) -> np.ndarray:
    return region_distances(pair.surface, pair.surface_region, len(SIDED_REGIONS))


def summarise_rows(
    rows: Sequence[dict[str, Any]], variants: Sequence[str], descriptions: Sequence[str]
) -> dict[str, Any]:
    """Means over clips and seeds of each variant and description, and of their differences to no description."""
    scores = {
        (row["variant"], row["description"], row["clip"], row["seed"]): {
            name: row[name] for name in ("pair_pa_mm", "contact_f1")
        }
        for row in rows
    }
    differences = {
        key: {name: value - scores[key[0], "none", *key[2:]][name] for name, value in row.items()}
        for key, row in scores.items()
    }

    def mean(values: dict, variant: str, description: str) -> dict[str, dict[str, float]]:
        chosen = {key: row for key, row in values.items() if key[:2] == (variant, description)}
        return summarise([*chosen.values()], [key[2] for key in chosen])

    spoken = [description for description in descriptions if description != "none"]
    return {
        "summary": {v: {d: mean(scores, v, d) for d in descriptions} for v in variants},
        "over_none": {v: {d: mean(differences, v, d) for d in spoken} for v in variants},
    }


def main(
    synthetic: pathlib.Path,
    split: Literal["test", "val"] = "test",
    seeds: int = 5,
    infiller: pathlib.Path = INFILLER,
    out: pathlib.Path = OUT,
) -> None:
    """Reconstruct every clip under every description, and write the scores down.

    Args:
        synthetic: a prepared synthetic set.
        split: whose classes.
        seeds: simulations of each clip.
        infiller: weights.
        out: file of results.
    """
    facts = json.loads((RESULTS / "rule_facts.json").read_text())["summary"]["rule_facts_true_share"]
    keep_compiled_programs()
    (models, weights), encoder, body, rows = load_models(infiller), TextEncoder.load(), load_body("open-low"), []
    for clip in tqdm(described_clips(synthetic, split), desc="clips"):
        truth = TrueInteraction(body, clip)
        for seed in range(seeds):
            observation = occluded_case(clip, body, seed, most=True).observation
            assert observation is not None
            scene, key = describer_input(observation, body), jax.random.key(seed)
            for kind in DESCRIPTIONS:
                description = make_description(kind, clip, scene, seed)
                text = encoder.encode_one(description.text)
                targets = contact_targets(description.contacts, scene.n_frames)
                request = Request(observation=observation, text=text, contacts=targets, key=key)
                for variant, settings in VARIANTS.items():
                    motion = sample_clip(request, models, body, settings).motion
                    row = {"clip": clip.name, "seed": seed, "description": kind, "variant": variant}
                    rows.append(row | truth.scores(motion))
    found = summarise_rows(rows, tuple(VARIANTS), DESCRIPTIONS)
    found["summary"]["rule_facts_true_share"] = facts
    write_result(
        out,
        what="held-out kinds of interaction, mostly hidden, reconstructed under five descriptions",
        config={
            "split": split,
            "seeds": seeds,
            "variants": {variant: dataclasses.asdict(settings) for variant, settings in VARIANTS.items()},
        },
        seed=0,
        weights=weights,
        **found,
        rows=rows,
    )
    print(json.dumps(found["summary"], indent=1))


if __name__ == "__main__":
    run(main, __doc__)
