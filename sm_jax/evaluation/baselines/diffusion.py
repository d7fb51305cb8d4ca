"""Our own system as a method among the others."""

import dataclasses

from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.sampling.chunks import Request, sample_clip
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
        request = Request(observation=clip.observation, text=clip.text, contacts=clip.contacts, key=clip.key)
        return sample_clip(request, self.models, clip.body, self.settings).motion
