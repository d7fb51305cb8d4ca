"""The sampler in PyTorch, which ours is timed against, has the same energies, gradients and results."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks import sampling
from experiments.torch_reference import energies
from experiments.torch_reference.sampler import TorchSampler, constants_of
from sm_jax.energies.combine import energy
from sm_jax.motion import state
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.pipeline.models import load_models
from sm_jax.sampling import sample
from sm_jax.sampling.inputs import make_evidence

SETTINGS = sample.Settings(steps=2, guidance_steps=2, final_guidance_steps=4)


@pytest.fixture(scope="module")
def world():
    tasks, body, _ = sampling.clip_inputs(2)
    models, _ = load_models()
    return tasks, body, models


def test_the_same_energies_and_gradients(world):
    tasks, body, models = world
    task, weights = tasks[0], sample.GUIDANCE.active()

    @jax.jit
    def ours(task, body):
        estimate = fill_hidden(task.observation.motion, task.observation.visibility, task.observation.frame_mask)
        planted = jax.random.uniform(jax.random.key(1), (*task.observation.visibility.shape[:2], 4))
        x = state.pack(estimate, planted)
        x = x + 0.03 * jax.random.normal(jax.random.key(0), x.shape)  # nothing rests where a kernel has its minimum

        def terms(x):
            motion, contact = state.to_motion(x, estimate.betas), x[..., state.FOOT_CONTACT]
            contact = jax.lax.stop_gradient(jnp.clip(contact, 0, 1))
            return energy(body, motion, contact, make_evidence(task, estimate), weights)[1]

        return x, terms(x), jax.jacrev(terms)(x)

    x, terms, slopes = ours(task, body)
    theirs = torch.tensor(np.asarray(x))[None].requires_grad_()
    found = energies.energies(theirs, constants_of([task], models, body))
    assert set(found) == set(terms) == set(weights)
    for name, slope in slopes.items():
        (gradient,) = torch.autograd.grad(found[name].sum(), theirs, retain_graph=True)
        largest = float(jnp.abs(slope).max())
        assert largest > 0, name
        np.testing.assert_allclose(found[name].item(), float(terms[name]), rtol=1e-4, err_msg=name)
        np.testing.assert_allclose(gradient[0].numpy(), slope, atol=1e-4 * largest, err_msg=name)


def test_the_same_result_from_the_same_noise(world):
    tasks, body, models = world
    theirs = TorchSampler(models, constants_of(tasks, models, body), SETTINGS)().detach()
    for task, found in zip(tasks, theirs.numpy(), strict=True):
        ours = sample.sample(models, body, task, SETTINGS)
        np.testing.assert_allclose(found, ours.state[0], atol=1e-3)
