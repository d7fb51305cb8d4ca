"""The compiled whole with small random networks: what must hold whatever the weights are."""

import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.geometry.camera import project_points
from sm_jax.motion import normalise, state, windows
from sm_jax.motion.resample import resample
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.nets.refiner import Refiner, RefinerConfig
from sm_jax.sampling import program_cache, sample
from sm_jax.sampling.clip_windows import make_clip_windows
from sm_jax.sampling.conditions import make_conditions
from sm_jax.sampling.inputs import STAGES, make_sampling_inputs
from sm_jax.text.contacts import contact_targets
from sm_jax.types import Contact, TextEmbedding
from tests.motion.motions import front_camera, observe, random_motion, swap_people
from tests.processes import start

FRAMES = 50
BODY = load_body("open-low")
STATISTICS = normalise.Statistics(mean=np.zeros(state.D, np.float32), std=np.full(state.D, 0.3, np.float32))
TEXT = TextEmbedding(tokens=jnp.ones((32, 384)) * 0.1, mask=jnp.ones(32), pooled=jnp.ones(384) * 0.05)
# Compiling all energies takes longer than anything else here; `tests/pipeline` samples with all.
DEFAULT = sample.Settings().weights
THREE = dataclasses.replace(
    sample.UNWEIGHTED, reprojection=DEFAULT.reprojection, smoothness=DEFAULT.smoothness, contact=DEFAULT.contact
)
TWO = dataclasses.replace(sample.UNWEIGHTED, reprojection=1.0, smoothness=1.0)
GUIDED = sample.Settings(steps=2, guidance_steps=2, final_guidance_steps=6, estimate_guidance_steps=4, weights=THREE)
# What the networks say is kept, so that it can be looked at.
PLAIN = dataclasses.replace(GUIDED, guidance_start=0, weights=TWO, fall_back=False)
JUDGE, ERRORS = jax.jit(sample.fall_back), jax.jit(sample.picture_errors)
HANDS = (Contact(region_a="hand", region_b="hand", start=5, end=30),)


def seen(frames=FRAMES):
    """A smooth motion of two people a metre apart, seen perfectly but for keypoints three pixels to the right."""
    motion = resample(random_motion(frames=4), jnp.linspace(0.0, 3.0, frames))
    camera = front_camera(frames)
    pixels, _ = project_points(camera, smpl.keypoints(BODY, smpl.pose(BODY, motion)))
    return observe(motion, camera, pixels + 3.0)


@pytest.fixture(scope="module")
def models():
    return small_models()


def small_models():
    infiller = Infiller(InfillerConfig(width=16, blocks=1, heads=2))
    refiner = Refiner(RefinerConfig(width=16, dilations=(1, 2)))
    clip = make_sampling_inputs(seen(), contact_targets((), FRAMES), TEXT, jax.random.key(5))
    first_window = jax.jit(make_conditions)(clip.observation, BODY, STATISTICS, TEXT)[0]
    conditions = jax.tree.map(lambda x: np.asarray(x)[None], first_window)
    x = conditions.estimate

    def loud(params, seed):
        """Untrained heads are zero; noise in every parameter makes the networks say something."""
        rng = np.random.default_rng(seed)
        return jax.tree.map(lambda x: (x + 0.02 * rng.normal(size=x.shape)).astype(np.float32), jax.device_get(params))

    return sample.Models(
        infiller=infiller,
        refiner=refiner,
        infiller_params=loud(jax.jit(infiller.init)(jax.random.key(0), x, jnp.zeros(1, int), conditions)["params"], 0),
        refiner_params=loud(jax.jit(refiner.init)(jax.random.key(1), x, conditions)["params"], 1),
        statistics=STATISTICS,
    )


def sampled(models, observation, settings, noise=None, contacts=(), body=BODY):
    """The only hypothesis: motion [P, T], and the energies after."""
    targets = contact_targets(contacts, observation.visibility.shape[1])
    task = make_sampling_inputs(observation, targets, TEXT, jax.random.key(5))
    if noise is not None:
        task = dataclasses.replace(task, noise=noise[None])
    return first(sample.sample(models, body, task, settings))


def first(samples):
    motion, after = jax.tree.map(lambda x: x[0], (samples.motion, samples.after))
    return motion, after


@pytest.mark.parametrize("settings", [PLAIN, GUIDED], ids=["plain", "guided"])
def test_swapping_the_people_swaps_the_result(models, settings):
    observation = seen()
    swapped = dataclasses.replace(
        observation,
        keypoints=observation.keypoints[::-1],
        motion=swap_people(observation.motion),
    )
    noise = jax.random.normal(jax.random.key(5), (1, 2, windows.LENGTH, state.D))
    here, _ = sampled(models, observation, settings, noise)
    there, _ = sampled(models, swapped, settings, noise[:, ::-1])
    assert float(jnp.abs(here.pelvis - observation_pelvis(observation)).max()) > 1e-3  # the networks did something
    np.testing.assert_allclose(here.pelvis[:, :FRAMES], there.pelvis[::-1, :FRAMES], atol=1e-5)
    np.testing.assert_allclose(here.body_pose[:, :FRAMES], there.body_pose[::-1, :FRAMES], atol=1e-5)
    np.testing.assert_allclose(here.global_orient[:, :FRAMES], there.global_orient[::-1, :FRAMES], atol=1e-5)


def observation_pelvis(observation):
    return np.pad(observation.motion.pelvis, ((0, 0), (0, windows.LENGTH - FRAMES), (0, 0)), mode="edge")


def test_guidance_lowers_the_energy_it_is_given(models):
    energies = {}
    for name, settings in (("plain", PLAIN), ("guided", GUIDED)):
        _, after = sampled(models, seen(), settings, contacts=HANDS)
        energies[name] = {key: float(value) for key, value in after.items()}
    assert energies["guided"]["reprojection"] < energies["plain"]["reprojection"]
    assert energies["guided"]["smoothness"] < energies["plain"]["smoothness"]


def test_frames_that_are_played_back_cost_nothing(models):
    """The end of a short clip is played back for the networks; keypoints there say nothing more."""
    task = make_sampling_inputs(seen(), contact_targets((), FRAMES), TEXT, jax.random.key(5))
    clip, mask = task.observation, task.observation.frame_mask
    spoiled = dataclasses.replace(
        clip, keypoints=np.where(mask[None, :, None, None] > 0, clip.keypoints, 7.0).astype(np.float32)
    )
    a, b = (sample.sample(models, BODY, dataclasses.replace(task, observation=x), PLAIN) for x in (clip, spoiled))
    np.testing.assert_allclose(a.before["reprojection"], b.before["reprojection"], rtol=1e-5)


def checked(worse, descended=None):
    """The last check of a clip whose estimate is right but for 3 cm: person 0's result is right, and person 1's is
    `worse` by so many metres; then, where it is given, with an estimate that is so many metres off instead. The share
    that each keeps, and each person's error in the picture before and after."""
    truth = seen()
    up = np.array([[[0.0, 0.0, 1.0]]], np.float32)
    estimate = dataclasses.replace(truth.motion, pelvis=truth.motion.pelvis + 0.03 * up)
    pixels, _ = project_points(truth.camera, smpl.keypoints(BODY, smpl.pose(BODY, truth.motion)))
    observation = dataclasses.replace(truth, motion=estimate, keypoints=pixels)
    task = make_sampling_inputs(observation, contact_targets((), FRAMES), TEXT, jax.random.key(5))
    windowed = jax.jit(make_clip_windows)(task, BODY, STATISTICS)
    start = np.asarray(state.pack(windowed.estimate, np.zeros((2, windows.LENGTH, 4), np.float32)))
    found = start.copy()
    found[..., state.PELVIS] += np.array([[[-0.03]], [[worse]]], np.float32) * up
    weights = TWO.active()

    def judge(start, again, kept):
        return JUDGE(BODY, task, windowed, weights, found, start, task.overlap_state[0], again, kept)

    judged = judge(start, sample.NO, sample.nothing_yet(jnp.asarray(start), weights))
    if descended is not None:
        other = start.copy()
        other[..., state.PELVIS] += (descended - 0.03) * up
        judged = judge(other, ~sample.NO, judged)
    motions = (state.to_motion(x, windowed.estimate.betas) for x in (start, judged.result))
    errors = [np.asarray(ERRORS(BODY, task, motion)) for motion in motions]
    energy = [sum(weights[name] * float(x) for name, x in terms.items()) for terms in (judged.before, judged.after)]
    np.testing.assert_allclose(energy[1], judged.total, rtol=1e-5)
    return sample.SHARES[judged.best], *errors, np.array(energy)


def test_who_fits_worse_goes_back_to_the_estimate_and_the_other_does_not():
    share, before, after, energy = checked(worse=0.2)
    np.testing.assert_array_equal(share, [1.0, 0.0])
    assert after[0] < 0.1 * before[0] and after[1] <= before[1] and energy[1] < energy[0]


def test_who_goes_back_goes_to_the_estimate_that_has_descended_if_that_is_no_worse():
    """And the other stays where they were."""
    share, before, after, energy = checked(worse=0.2, descended=0.01)
    np.testing.assert_array_equal(share, [1.0, 0.0])
    assert after[0] < 0.1 * before[0] and after[1] < 0.3 * before[1] and energy[1] < energy[0]
    _, before, after, _ = checked(worse=0.2, descended=0.2)
    np.testing.assert_allclose(after[1], before[1], rtol=1e-5)


def test_who_fits_better_stays():
    share, before, after, *_ = checked(worse=-0.03)
    np.testing.assert_array_equal(share, [1.0, 1.0])
    assert (after < 0.1 * before).all()


@pytest.mark.parametrize(("aside", "share"), [(0.0, 1.0), (1.0, 0.0)], ids=["own projection", "a pixel aside"])
def test_against_the_estimates_own_projection_the_energy_alone_decides(aside, share):
    """An estimate that shakes by a centimetre up and down, beside one that does not. Nothing fits keypoints that are
    its own projection as well as itself; those of a detector that agree with it better than with the other hold."""
    still = seen()
    shake = 0.01 * (-1.0) ** np.arange(FRAMES)[None, :, None] * np.array([0.0, 0.0, 1.0])
    shaking = dataclasses.replace(still.motion, pelvis=(still.motion.pelvis + shake).astype(np.float32))
    pixels, _ = project_points(still.camera, smpl.keypoints(BODY, smpl.pose(BODY, shaking)))
    tasks = [
        make_sampling_inputs(
            dataclasses.replace(still, motion=motion, keypoints=pixels + aside),
            contact_targets((), FRAMES), TEXT, jax.random.key(5),
        )
        for motion in (shaking, still.motion)
    ]  # fmt: skip
    windowed, other = (jax.jit(make_clip_windows)(task, BODY, STATISTICS) for task in tasks)
    contact = np.zeros((2, windows.LENGTH, 4), np.float32)
    start, found = (np.asarray(state.pack(x.estimate, contact)) for x in (windowed, other))
    weights = TWO.active()
    first = sample.nothing_yet(jnp.asarray(start), weights)
    judged = JUDGE(BODY, tasks[0], windowed, weights, found, start, tasks[0].overlap_state[0], sample.NO, first)
    np.testing.assert_array_equal(sample.SHARES[judged.best], [share, share])
    assert judged.total <= sum(weights[name] * x for name, x in judged.before.items())


def test_the_result_fits_the_evidence_no_worse_than_the_estimate(models):
    """Whatever the networks say: these say nothing of use."""
    task = make_sampling_inputs(seen(), contact_targets((), FRAMES), TEXT, jax.random.key(5))
    found = sample.sample(models, BODY, task, GUIDED)
    weights = THREE.active()
    before, after = (sum(weights[name] * float(jnp.reshape(terms[name], ())) for name in weights)
                     for terms in (found.before, found.after))  # fmt: skip
    assert after <= before * 1.0001
    estimate, kept = (sample.picture_errors(BODY, task, m) for m in
                      (task.observation.motion, jax.tree.map(lambda x: x[0], found.motion)))  # fmt: skip
    assert (kept <= estimate * 1.001).all() and found.share.shape == (1, 2)


def test_what_the_models_made_on_the_way_is_told(models):
    """Infilled, refined, and after the descent: without it the refined motion is the result."""
    task = make_sampling_inputs(seen(), contact_targets((), FRAMES), TEXT, jax.random.key(5))
    plain, guided = (sample.sample(models, BODY, task, settings) for settings in (PLAIN, GUIDED))
    infilled, refined = (jax.tree.map(lambda x: x[0], plain.stages[name]) for name in STAGES)
    jax.tree.map(functools.partial(np.testing.assert_allclose, atol=1e-6), refined, first(plain)[0])
    assert float(jnp.abs(infilled.body_pose - refined.body_pose).max()) > 1e-4
    refined, result = jax.tree.map(lambda x: x[0], guided.stages["refined"]), first(guided)[0]
    assert (ERRORS(BODY, task, result) < ERRORS(BODY, task, refined)).all()


def test_words_speak_of_what_is_hidden(models):
    """Of an arm that nobody saw, and of nothing else: the windows' blending leaves rounding."""
    visibility = np.ones((2, FRAMES, 24), np.float32)
    visibility[0, :, 18] = 0.0
    task = make_sampling_inputs(
        dataclasses.replace(seen(), visibility=visibility), contact_targets((), FRAMES), TEXT, jax.random.key(5)
    )
    other = dataclasses.replace(TEXT, pooled=-3.0 * TEXT.pooled)
    told, otherwise = (first(sample.sample(models, BODY, dataclasses.replace(task, text=text), PLAIN))[0]
                       for text in (TEXT, other))  # fmt: skip
    change = np.abs(told.body_pose - otherwise.body_pose)[:, :FRAMES].max((1, 3, 4))
    assert change[0, 17] > 1e-4 and np.delete(change.ravel(), 17).max() < 0.2 * change[0, 17]


def traced(most):
    """`sample_jit`, which may be traced so many times."""
    whole = chex.assert_max_traces(sample.sample_jit.__wrapped__, most)  # pyrefly: ignore[missing-attribute]
    return jax.jit(whole, static_argnames="settings")


def test_clips_texts_and_contacts_share_one_program(models):
    program = traced(1)
    for frames, contacts in ((40, ()), (64, HANDS)):
        task = make_sampling_inputs(seen(frames), contact_targets(contacts, frames), TEXT, jax.random.key(frames))
        program.eval_shape(models, BODY, task, TWO.active(), settings=PLAIN)
    with pytest.raises(AssertionError, match="traced > 1 times"):
        program.eval_shape(models, BODY, task, TWO.active(), settings=dataclasses.replace(PLAIN, steps=3))


def test_a_long_clip_has_no_seams(models):
    """The largest step between neighbouring frames is no larger where two windows meet than elsewhere."""
    motion, _ = sampled(models, seen(100), PLAIN)
    step = np.abs(np.diff(np.asarray(motion.pelvis), axis=1)).max(axis=(0, 2))
    edges = [windows.STRIDE - 1, windows.LENGTH - 1]
    inside = np.delete(step, edges)
    assert step[edges].max() <= inside.max()


def test_the_same_weights_serve_another_body(models):
    observation = seen()
    full = load_body("open-full")
    motion, after = sampled(models, observation, PLAIN, body=full)
    assert np.isfinite(np.asarray(motion.body_pose)).all()
    assert all(np.isfinite(float(value)) for value in after.values())


def test_it_runs_where_no_transfer_is_allowed(models):
    task = make_sampling_inputs(seen(), contact_targets((), FRAMES), TEXT, jax.random.key(5))
    models, body, task = jax.device_put((models, BODY, task))
    sample.sample(models, body, task, GUIDED)
    with jax.transfer_guard("disallow"):
        jax.block_until_ready(sample.sample(models, body, task, GUIDED))


def test_hypotheses_differ_and_each_is_what_it_would_be_alone(models):
    targets = contact_targets((), FRAMES)
    three = sample.sample(models, BODY, make_sampling_inputs(seen(), targets, TEXT, jax.random.key(5), 3), PLAIN)
    assert three.motion.pelvis.shape == (3, 2, windows.LENGTH, 3) and three.total.shape == (3,)
    assert float(jnp.abs(three.joints[0] - three.joints[1]).max()) > 1e-3
    task = make_sampling_inputs(seen(), targets, TEXT, jax.random.key(5), 3)
    second = dataclasses.replace(task, noise=task.noise[1:2], overlap_state=task.overlap_state[1:2])
    alone, _ = first(sample.sample(models, BODY, second, PLAIN))
    np.testing.assert_allclose(alone.pelvis, three.motion.pelvis[1], atol=1e-5)


def test_a_held_beginning_is_kept_and_left_smoothly(models):
    task = make_sampling_inputs(seen(), contact_targets((), FRAMES), TEXT, jax.random.key(5))
    free = sample.sample(models, BODY, task, PLAIN)
    there = np.array(free.state[:, :, : windows.OVERLAP])
    there[..., state.PELVIS] += np.array([0.0, 0.0, 0.5], np.float32)
    goes_on = dataclasses.replace(task, overlap_state=there, overlap_weight=windows.fade_out())
    motion, _ = first(sample.sample(models, BODY, goes_on, PLAIN))
    rise = np.asarray(motion.pelvis - free.motion.pelvis[0])[..., 2]
    assert (rise[:, 0] > 0.35).all() and (np.abs(rise[:, windows.OVERLAP + 8 :]) < 0.25).all()


def three_tasks():
    return [
        make_sampling_inputs(seen(frames), contact_targets((), frames), TEXT, jax.random.key(frames))
        for frames in (40, 50, 60)
    ]


def test_a_batch_is_its_clips(models):
    tasks = three_tasks()
    together = [found for some in (tasks[:2], tasks[2:]) for found in sample.sample_many(some, models, BODY, PLAIN, 2)]
    assert len(together) == 3
    for task, found in zip(tasks, together, strict=True):
        alone = sample.sample(models, BODY, task, PLAIN)
        np.testing.assert_allclose(found.motion.pelvis, alone.motion.pelvis, atol=1e-5)
        np.testing.assert_allclose(found.total, alone.total, rtol=1e-3)


def both_at_once(path):
    """The first two clips on two devices."""
    assert jax.local_device_count() == 2
    found = sample.sample_many(three_tasks()[:2], small_models(), BODY, PLAIN, 2)
    np.savez(path, pelvis=[each.motion.pelvis for each in found], total=[each.total for each in found])


def test_two_devices_share_a_batch(models, tmp_path):
    start(2, both_at_once, path=str(tmp_path / "found.npz")).result()
    with np.load(tmp_path / "found.npz") as found:
        for i, task in enumerate(three_tasks()[:2]):
            alone = sample.sample(models, BODY, task, PLAIN)
            np.testing.assert_allclose(found["pelvis"][i], alone.motion.pelvis, atol=1e-5)
            np.testing.assert_allclose(found["total"][i], alone.total, rtol=1e-3)


def test_other_weights_compile_nothing_new(models):
    plain, _ = sampled(models, seen(), GUIDED)
    programs = program_cache.program.cache_info().misses
    assert programs > 0
    lighter = dataclasses.replace(GUIDED.weights, smoothness=0.01 * GUIDED.weights.smoothness)
    rough, _ = sampled(models, seen(), dataclasses.replace(GUIDED, weights=lighter))
    assert program_cache.program.cache_info().misses == programs
    assert float(jnp.abs(rough.pelvis - plain.pelvis).max()) > 1e-4
