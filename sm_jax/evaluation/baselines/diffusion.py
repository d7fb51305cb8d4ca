"""Our own system as a method among the others."""

import dataclasses

from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.pipeline.reconstruct import reconstruct
from sm_jax.sampling.sample import Models, Settings
from sm_jax.types import Motion

NETWORKS = Settings(guidance_start=0, fall_back=False)  # as they are, whatever the evidence says
GUIDED = Settings()


@dataclasses.dataclass(frozen=True, eq=False)
class DiffusionMethod:
    """Infiller and refiner, with what text and contacts say. settings: NETWORKS, or GUIDED by the energies."""

    models: Models
    settings: Settings = GUIDED

    def __call__(self, clip: MethodInput) -> Motion:
        """The reconstructed motion."""
        return reconstruct(
            clip.observation, self.models, clip.body, clip.text, clip.contacts, self.settings, clip.key
        ).motion
