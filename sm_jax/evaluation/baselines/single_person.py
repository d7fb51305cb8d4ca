"""Each person by our networks alone: nothing of the partner is seen, said or felt."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.energies.combine import EnergyWeights
from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.sampling.chunks import Request, sample_clip
from sm_jax.sampling.sample import GUIDANCE, Models, Settings
from sm_jax.types import ContactTargets, Motion, Observation, TextEmbedding

ASIDE = np.array([1.0, 0.0, 0.0], np.float32)  # metres from the person to the copy in the partner's place


def without_partner(weights: EnergyWeights) -> EnergyWeights:
    """The weights of one person's energies: no terms between people, and those that average over what was seen halved,
    since only one of two is seen (the others average over both)."""
    return dataclasses.replace(
        weights,
        contact=0.0,
        penetration=0.0,
        spatial=0.0,
        reprojection=0.5 * weights.reprojection,
        prior=0.5 * weights.prior,
    )


SETTINGS = Settings(weights=without_partner(GUIDANCE))


@dataclasses.dataclass(frozen=True, eq=False)
class SinglePersonMethod:
    """Infiller, refiner and guidance for each person with the partner masked, both put into the one world.

    No text and no contacts, for they speak of the partner.
    """

    models: Models
    settings: Settings = SETTINGS

    def __call__(self, clip: MethodInput) -> Motion:
        """Both people, who know nothing of one another."""
        people = [self._person(clip, person) for person in (0, 1)]
        return jax.tree.map(lambda *both: np.stack([both[person][person] for person in (0, 1)]), *people)

    def _person(self, clip: MethodInput, person: int) -> Motion:
        seen = masked(clip.observation, person)
        text: TextEmbedding = jax.tree.map(jnp.zeros_like, clip.text)
        contacts: ContactTargets = jax.tree.map(np.zeros_like, clip.contacts)
        request = Request(observation=seen, text=text, contacts=contacts, key=clip.key)
        return sample_clip(request, self.models, clip.body, self.settings).motion


def masked(observation: Observation, person: int) -> Observation:
    """The observation [P, T] of one person. In the partner's place stands a copy a metre aside, of which nothing is
    seen: what a training on single people shows for who is not there (`data.sources.amass`)."""
    own = np.arange(2) == person
    there = own.astype(np.float32)[:, None, None]
    twice = jax.tree.map(lambda x: np.repeat(np.asarray(x)[person : person + 1], 2, axis=0), observation.motion)
    aside = (~own).astype(np.float32)[:, None, None] * ASIDE
    return dataclasses.replace(
        observation,
        keypoints=np.repeat(np.asarray(observation.keypoints)[person : person + 1], 2, axis=0),
        keypoint_confidence=np.asarray(observation.keypoint_confidence) * there,
        visibility=np.asarray(observation.visibility) * there,
        motion=dataclasses.replace(twice, pelvis=twice.pelvis + aside),
    )
