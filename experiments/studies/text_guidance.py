"""Does it matter what is said? Held-out kinds of interaction, mostly hidden, under five descriptions of each clip.

    python experiments/studies/text_guidance.py --synthetic data/synthetic.npz        (half an hour on 2 cores)

Each clip of the held-out classes is seen from where most is hidden, by several independent simulations, and told in
five ways (semantics/told.py). Each is reconstructed by the networks alone, guided without the contact energy, and with
it. Pair PA-MPJPE and the F1 of contacts (regions nearer than 5 cm), with 95 % intervals by bootstrap over clips, and
the difference to silence, clip by clip. Writes experiments/results/semantics.json.
"""

import dataclasses
import json
import pathlib
import sys
from collections.abc import Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from tqdm import tqdm

from experiments.benchmark_sets.rendering.clips import clips, validation_clips
from experiments.benchmark_sets.simulate import DIRECTIONS, HIDING, at
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.data.schema import PairSequence, View
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate_view
from sm_jax.evaluation.baselines.diffusion import GUIDED, NETWORKS
from sm_jax.evaluation.benchmarks.case import Case, TrueBodies, make_case, true_visibility
from sm_jax.evaluation.benchmarks.frozen import rounded
from sm_jax.evaluation.metrics.bootstrap import summarise
from sm_jax.evaluation.metrics.contact import contact_scores, region_distances
from sm_jax.evaluation.metrics.joints import pair_pa_mpjpe_mm
from sm_jax.evaluation.protocols import RADIUS, Pair
from sm_jax.evaluation.score import pose_for_metrics
from sm_jax.motion.slerp_fill import SEEN
from sm_jax.nets.weights import INFILLER
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.provenance import code_version
from sm_jax.pipeline.models import load_models
from sm_jax.sampling.chunks import Request, sample_clip
from sm_jax.text.augment import exchanged, mirrored
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers import from_user, rules
from sm_jax.text.describers.describer import DescriberInput, describer_input
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Camera, Contact, Description, Motion, Side

# Held-out kinds of interaction, seen from where most of the people is hidden, or least.


DISTANCE = 4.0  # metres


def with_description(synthetic: pathlib.Path, split: str) -> list[PairSequence]:
    """Clips of the classes of a split, all of which say what they show; the dances are left out."""
    chosen = {"test": clips, "val": validation_clips}[split](synthetic)
    return [clip for clip in chosen if clip.source != "salsa" and clip.texts]


def observed_case(clip: PairSequence, body: smpl.Body, seed: int, *, most: bool) -> Case:
    """One simulation of the clip from the direction, of DIRECTIONS, that hides most (foreign objects hide more), or
    least (nothing foreign does)."""
    motion = jax.tree.map(jnp.asarray, clip.motion)
    cameras = [at(2 * np.pi * i / DIRECTIONS, DISTANCE, motion) for i in range(DIRECTIONS)]
    choose, hiding = (max, HIDING[-1]) if most else (min, HIDING[0])
    camera = choose(cameras, key=lambda camera: _hidden(clip, body, camera))
    key = jax.random.fold_in(jax.random.key(seed), sum(map(ord, clip.name)))
    seen = rounded(jax.device_get(_simulate(key, motion, body, camera, SimulatorConfig(hiding=hiding))))
    view = View(camera=jax.device_get(camera), observation=seen)
    name = f"simulation {seed}"
    return make_case(clip, view, name, clip.name, lambda: TrueBodies(clip, view))


def _hidden(clip: PairSequence, body: smpl.Body, camera: Camera) -> float:
    return float((np.asarray(true_visibility(body, clip.motion, camera)) < SEEN).mean())


_simulate = jax.jit(simulate_view)


# How well a reconstruction agrees with a clip in what words can say: how the two stand, and who touches whom where.


class Truth:
    """A clip's true bodies."""

    def __init__(self, body: smpl.Body, clip: PairSequence):
        self._body, self._fps = body, clip.fps
        self._true = pose_for_metrics(body, clip.motion, clip.fps)
        self._distances = _distances(self._true)

    def scores(self, motion: Motion) -> dict[str, float]:
        """Of a motion in any world."""
        found = pose_for_metrics(self._body, motion, self._fps)
        contacts = contact_scores(_distances(found), self._distances, radius=RADIUS)
        return {
            "pair_pa_mm": pair_pa_mpjpe_mm(found.joints["smpl"], self._true.joints["smpl"]),
            "contact_f1": contacts.f1,
            "contact_recall": contacts.recall,
            "contact_precision": contacts.precision,
        }


def _distances(pair: Pair) -> np.ndarray:
    return region_distances(pair.surface, pair.surface_region, len(SIDED_REGIONS))


# What the rows of the semantics study say together.


def summarise_rows(rows: Sequence[dict[str, Any]], ways: Sequence[str], kinds: Sequence[str]) -> dict[str, Any]:
    """Means over clips and seeds of each way and telling, and of their differences to silence."""
    found = {(row["way"], row["told"], row["clip"], row["seed"]): row for row in rows}
    numbers = {key: {"pair_pa_mm": row["pair_pa_mm"], "contact_f1": row["contact_f1"]} for key, row in found.items()}
    over = {key: {name: value - numbers[key[0], "none", *key[2:]][name] for name, value in row.items()}
            for key, row in numbers.items()}  # fmt: skip

    def of(values: dict, way: str, kind: str) -> dict[str, dict[str, float]]:
        chosen = {key: row for key, row in values.items() if key[:2] == (way, kind)}
        return summarise([*chosen.values()], [key[2] for key in chosen])

    each = {way: {kind: of(numbers, way, kind) for kind in kinds} for way in ways}
    told_over_none = {way: {kind: of(over, way, kind) for kind in kinds if kind != "none"} for way in ways}
    return {"summary": each, "over_none": told_over_none}


# What a reconstruction is told of a clip: the truth, rules, nothing, or something else.


_OTHER: dict[Side | None, Side | None] = {"left": "right", "right": "left", None: None}
DESCRIPTIONS = ("true", "sentence", "rules", "none", "wrong")


def make_descriptions(kind: str, clip: PairSequence, scene: DescriberInput, seed: int) -> Description:
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
            contacts = tuple(part for contact in clip.contacts for part in _elsewhere(contact, n_frames))
            return Description(text=mirrored(exchanged(sentence)), contacts=contacts, source=kind)
    raise ValueError(f"{kind} is none of {', '.join(DESCRIPTIONS)}")


def _elsewhere(contact: Contact, n_frames: int) -> list[Contact]:
    """The contact on the other sides, of the other person, half a clip later; what passes the end is at the start."""
    moved = dataclasses.replace(
        contact,
        side_a=_OTHER[contact.side_a],
        side_b=_OTHER[contact.side_b],
        person_a=1 - contact.person_a,
    )
    start, end = contact.start + n_frames // 2, min(contact.end, n_frames) + n_frames // 2
    spans = (start, min(end, n_frames)), (max(start, n_frames) - n_frames, end - n_frames)
    return [dataclasses.replace(moved, start=a, end=b) for a, b in spans if b > a]


sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

RESULTS = pathlib.Path(__file__).parent / "results"
WITHOUT = dataclasses.replace(GUIDED.weights, contact=0.0)
WAYS = {
    "networks": NETWORKS,
    "guided, without contacts": dataclasses.replace(GUIDED, weights=WITHOUT),
    "guided": GUIDED,
}


def main(
    synthetic: pathlib.Path, split: Literal["test", "val"] = "test", seeds: int = 5, infiller: pathlib.Path = INFILLER,
    out: pathlib.Path = RESULTS / "semantics.json",
) -> None:  # fmt: skip
    """synthetic: a prepared synthetic set."""
    facts = json.loads((RESULTS / "rule_facts.json").read_text())["summary"]["rule_facts_true_share"]
    keep_compiled_programs()
    (models, weights), encoder, body, rows = load_models(infiller), TextEncoder.load(), load_body("open-low"), []
    for clip in tqdm(with_description(synthetic, split), desc="clips"):
        truth = Truth(body, clip)
        for seed in range(seeds):
            observation = observed_case(clip, body, seed, most=True).observation
            assert observation is not None
            scene, key = describer_input(observation, body), jax.random.key(seed)
            for kind in DESCRIPTIONS:
                description = make_descriptions(kind, clip, scene, seed)
                text = encoder.encode_one(description.text)
                targets = contact_targets(description.contacts, scene.n_frames)
                request = Request(observation=observation, text=text, contacts=targets, key=key)
                for way, settings in WAYS.items():
                    motion = sample_clip(request, models, body, settings).motion
                    rows.append({"clip": clip.name, "seed": seed, "told": kind, "way": way} | truth.scores(motion))
    result = summarise_rows(rows, tuple(WAYS), DESCRIPTIONS) | {
        "split": split,
        "seeds": seeds,
        "weights": weights,
        "commit": code_version(),
    }
    result |= {"device": jax.devices()[0].device_kind, "jax": jax.__version__, "rows": rows}
    result["summary"]["rule_facts_true_share"] = facts
    out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["summary"], indent=1))


if __name__ == "__main__":
    tyro.cli(main)
