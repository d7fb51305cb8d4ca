"""The sampler in PyTorch, which ours is timed against, has the same energies, gradients and results."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
import torch

from experiments.benchmarks import sampling
from experiments.torch_reference import energies
from experiments.torch_reference.body import unpack
from experiments.torch_reference.sampler import TorchSampler, constants_of
from sm_jax.energies.combine import energy
from sm_jax.motion import state, windows
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.pipeline.models import load_models
from sm_jax.sampling import sample
from sm_jax.sampling.clip_windows import make_clip_windows
from sm_jax.sampling.inputs import make_evidence

# Without the last check, after which little of so short a sampling would be left to compare.
SETTINGS = sample.Settings(
    steps=2, guidance_steps=2, final_guidance_steps=4, estimate_guidance_steps=0, fall_back=False
)
LIFT = np.array([[[0.0, 0.0, 0.2]], [[0.0, 0.0, 0.0]]], np.float32)  # metres, of person 0
ASIDE = np.array([[[0.0, 0.0, 0.0]], [[0.01, 0.01, 0.01]]], np.float32)  # of person 1


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
        seen = task.observation
        estimate = fill_hidden(seen.motion, seen.visibility, jnp.ones_like(seen.frame_mask))
        planted = jax.random.uniform(jax.random.key(1), (*seen.visibility.shape[:2], 4))
        x = state.pack(estimate, planted)
        moved = lambda number: x + 0.03 * jax.random.normal(jax.random.key(number), x.shape)  # noqa: E731
        prediction = state.to_motion(moved(2), estimate.betas)

        def terms(x):
            motion, contact = state.to_motion(x, estimate.betas), x[..., state.FOOT_CONTACT]
            contact = jax.lax.stop_gradient(jnp.clip(contact, 0, 1))
            return energy(body, motion, contact, make_evidence(task, estimate, prediction), weights)[1]

        x, predicted = moved(0), moved(2)  # nothing rests where a kernel has its minimum
        return x, predicted, terms(x), jax.jacrev(terms)(x)

    x, predicted, terms, slopes = ours(task, body)
    theirs = torch.tensor(np.asarray(x))[None].requires_grad_()
    local, pelvis, _ = unpack(torch.tensor(np.asarray(predicted))[None])
    found = energies.energies(theirs, constants_of([task], models, body), (local, pelvis))
    assert set(found) == set(terms) == set(weights)
    for name, slope in slopes.items():
        (gradient,) = torch.autograd.grad(found[name].sum(), theirs, retain_graph=True)
        largest = float(jnp.abs(slope).max())
        assert largest > 0, name
        np.testing.assert_allclose(found[name].item(), float(terms[name]), rtol=1e-4, err_msg=name)
        np.testing.assert_allclose(gradient[0].numpy(), slope, atol=1e-4 * largest, err_msg=name)


def test_the_same_result_from_the_same_noise(world):
    tasks, body, models = world
    states, shares = TorchSampler(models, constants_of(tasks, models, body), SETTINGS)()
    for task, found in zip(tasks, states.numpy(), strict=True):
        ours = sample.sample(models, body, task, SETTINGS)
        np.testing.assert_allclose(found, ours.state[0], atol=1e-3)
    assert shares.min() == 1.0


def test_people_go_back_as_far_as_it_takes(world):
    """The estimate lifts one person off the picture, and what is found lets them down twice as far. The other's feet
    are found to stand nowhere, for which the energy would move them off the picture."""
    (task, *_), body, models = world
    motion = task.observation.motion
    lifted = dataclasses.replace(motion, pelvis=motion.pelvis + LIFT)
    task = dataclasses.replace(task, observation=dataclasses.replace(task.observation, motion=lifted))
    settings = dataclasses.replace(
        SETTINGS, weights=dataclasses.replace(sample.GUIDANCE, reprojection=100.0, ground=1000.0)
    )
    theirs = TorchSampler(models, constants_of([task], models, body), settings)
    found = theirs.g["estimate"].clone()
    found[..., state.PELVIS] -= torch.tensor(2 * LIFT - ASIDE)
    found[:, 1, :, state.FOOT_CONTACT] = 0.0
    result, share = theirs.fall_back(found)

    @jax.jit
    def ours(task, body, found):
        windowed, nothing = make_clip_windows(task, body, models.statistics), jnp.zeros((2, windows.OVERLAP, state.D))
        start, weights = jnp.asarray(theirs.g["estimate"][0].numpy()), settings.weights.active()
        kept = sample.nothing_yet(start, weights)
        return sample.fall_back(body, task, windowed, weights, found, start, nothing, sample.NO, kept)

    judged = ours(task, body, found[0].numpy())
    expected, expected_share = judged.result, sample.SHARES[judged.best]
    np.testing.assert_array_equal(share[0], expected_share)
    np.testing.assert_allclose(result[0], expected, atol=1e-5)
    assert 0 < share[0, 0] < 1 and share[0, 1] == 0
