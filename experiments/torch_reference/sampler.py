"""The guided sampler in PyTorch, written the usual way: a loop over steps, networks without gradients, autograd for
the energies. As `sm_jax.sampling.sample` for clips of one chunk and one hypothesis."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from experiments.torch_reference.body import Constants, matrices_to_6d, unpack
from experiments.torch_reference.energies import Pose, energies, picture_errors
from experiments.torch_reference.networks import TorchInfiller, TorchRefiner, load_flax, widths
from sm_jax.body import smpl
from sm_jax.body.sdf import pose_field
from sm_jax.diffusion import schedule
from sm_jax.diffusion.guidance import DECAY, FLOOR, MOMENTUM, low_pass
from sm_jax.energies import contact, reprojection, spatial
from sm_jax.geometry import safe
from sm_jax.motion import placement, state, windows
from sm_jax.motion.foot_contact import foot_contact, ground_height
from sm_jax.motion.pair_frame import own_view
from sm_jax.motion.resample import FPS
from sm_jax.nets.layers import FEATURE_JOINTS
from sm_jax.sampling.clip_windows import make_clip_windows
from sm_jax.sampling.inputs import SamplingInputs
from sm_jax.sampling.sample import CORNER, TRAINING_STEPS, Models, Settings
from sm_jax.types import Array

# What each person may keep of the networks' motion, the whole first, and by how much the picture's error may differ for
# rounding.
SHARES = torch.cartesian_prod(*2 * [torch.tensor([1.0, 0.67, 0.33, 0.0])])
SLACK = 1e-4
LEAST = 0.05  # share of seen frames around below which a person rather goes where the partner goes


def descend(energy: Callable[[Any], Any], x: Any, steps: int, std: Any, settings: Settings) -> Any:
    """x [B, W, P, LENGTH, D] after so many steps of `sm_jax.diffusion.guidance.relative_adam` along gradients smooth in
    time, no element farther than the clamp from where it began."""
    length = torch.zeros_like(std)
    length[: state.POSE.stop] = settings.rotation_step
    length[state.PELVIS] = settings.pelvis_step
    size = length / std
    x, begin = x.detach(), x.detach()
    mean, square = torch.zeros_like(x), torch.zeros_like(x)
    smooth = torch.from_numpy(low_pass(windows.LENGTH, CORNER / FPS)).to(x)
    for number in range(steps):
        x.requires_grad_()
        (gradient,) = torch.autograd.grad(energy(x), x)
        with torch.no_grad():
            gradient = smooth @ gradient
            mean = MOMENTUM * mean + (1 - MOMENTUM) * gradient
            square = DECAY * square + (1 - DECAY) * gradient.square()
            m, s = mean / (1 - MOMENTUM ** (number + 1)), square / (1 - DECAY ** (number + 1))
            typical = s.mean((2, 3, 4), keepdim=True).sqrt()
            step = (1 - number / steps) * size * m / (s.sqrt() + FLOOR * typical + 1e-12)
            x = begin + torch.clamp(x - step - begin, -settings.clamp * size, settings.clamp * size)
    return x.detach()


def to_clip(x: Any, g: Constants) -> Any:
    """Normalised windows [B, W, P, LENGTH, D] -> clip states in the world [B, P, T, D]."""
    turn = g["pair_view"].transpose(-1, -2)[:, :, :, None]
    local, pelvis, planted = unpack(x * g["std"] + g["mean"])
    pelvis = (turn @ pelvis[..., None])[..., 0] + g["pair_origin"][:, :, None, None]
    x = _pack_turned(turn, local, pelvis, planted)
    x = x * torch.from_numpy(windows.fade_weights(x.shape[1])).to(x)[:, None, :, None]
    clip = x.new_zeros(*x[:, 0].shape[:2], windows.padded_frames(x.shape[1]), state.D)
    for number, start in enumerate(range(0, windows.STRIDE * x.shape[1], windows.STRIDE)):
        clip[:, :, start : start + windows.LENGTH] += x[:, number]
    return clip


def follow_estimate(pelvis: Any, g: Constants) -> Any:
    """Pelvises [B, P, T, 3] where the estimate saw them. As `sm_jax.motion.placement.follow_estimate`."""
    low, high = placement.SHOWN
    weight = ((g["visibility"][..., :1] - low) / (high - low)).clamp(0, 1)
    weight = weight.square() * (3 - 2 * weight)
    frame = torch.arange(pelvis.shape[2], device=pelvis.device)
    kernel = torch.softmax(-0.5 * ((frame[:, None] - frame) / placement.SLOW).square(), -1)
    near = kernel @ weight
    trust = near.square() / (near.square() + LEAST**2)
    own = trust * (kernel @ (weight * (g["estimate_pelvis"] - pelvis))) / near.clamp(min=1e-6)
    return pelvis + own + (1 - trust) * own.flip(1)


def synchronise(x: Any, g: Constants) -> Any:
    """Windows [B, W, P, LENGTH, D] that are pieces of one clip, in which who is seen stands where the estimate says."""
    clip = to_clip(x, g)
    pelvis = follow_estimate(clip[..., state.PELVIS], g)
    return to_windows(torch.cat([clip[..., : state.PELVIS.start], pelvis, clip[..., state.PELVIS.stop :]], -1), g)


def to_windows(clip: Any, g: Constants) -> Any:
    """The inverse of `to_clip`; rotations are made orthonormal."""
    turn = g["pair_view"][:, :, :, None]
    local, pelvis, planted = unpack(clip.unfold(2, windows.LENGTH, windows.STRIDE).permute(0, 2, 1, 4, 3))
    pelvis = (turn @ (pelvis - g["pair_origin"][:, :, None, None])[..., None])[..., 0]
    return (_pack_turned(turn, local, pelvis, planted) - g["mean"]) / g["std"]


def _pack_turned(turn: Any, local: Any, pelvis: Any, planted: Any) -> Any:
    """The state of local rotations of which the first, the orientation, is turned."""
    orient, pose = matrices_to_6d(turn @ local[..., 0, :, :]), matrices_to_6d(local[..., 1:, :, :])
    return torch.cat([orient, pose.flatten(-2), pelvis, planted], -1)


class TorchSampler:
    """Networks with the weights of ours, compiled by `compiler` if one is given, such as `torch.compile`."""

    def __init__(
        self, models: Models, g: Constants, settings: Settings, compiler: Callable = lambda function: function
    ):
        self.g, self.settings = g, settings
        self.conditions = jax.tree.map(lambda x: x.flatten(0, 1), g["conditions"])
        self.silent = self.conditions | {"text": jax.tree.map(torch.zeros_like, self.conditions["text"])}
        self.cfg_scale = settings.cfg_scale * (1 - self.conditions["visibility"][..., FEATURE_JOINTS])
        self.infiller = TorchInfiller(models.infiller.config, *widths(self.conditions)).eval()
        self.refiner = TorchRefiner(models.refiner.config, *widths(self.conditions)).eval()
        load_flax(self.infiller, models.infiller_params)
        load_flax(self.refiner, models.refiner_params)
        self._infill, self._refine = compiler(self.infiller), compiler(self.refiner)
        self._synchronise = compiler(lambda x: synchronise(x, g))
        self._window_energy = compiler(lambda x, prediction: self.energy(to_clip(x, g), prediction).sum())
        self._judge = compiler(lambda clip: (self.energy(clip), picture_errors(clip, g)))

    def energy(self, clip: Any, prediction: Pose | None = None) -> Any:
        """Weighted energies [B] of clip states [B, P, T, D]."""
        terms, weights = energies(clip, self.g, prediction), self.settings.weights.active()
        return torch.stack([weight * terms[name] for name, weight in weights.items()]).sum(0)

    @torch.no_grad()
    def denoise(self, x_t: Any, t: int) -> Any:
        """Windows that agree where they overlap [B, W, P, LENGTH, D]."""
        flat = x_t.flatten(0, 1)
        time = torch.full(flat.shape[:1], t, device=flat.device)
        with_text, without = (self._infill(flat, time, conditions) for conditions in (self.conditions, self.silent))
        return self._synchronise(torch.lerp(without, with_text, self.cfg_scale).view_as(x_t))

    def guide(self, x: Any, steps: int) -> Any:
        """Windows after so many descent steps, in which hidden joints stay near to where they began."""
        local, pelvis, _ = unpack(to_clip(x, self.g))
        energy = partial(self._window_energy, prediction=(local, pelvis))
        return descend(energy, x, steps, self.g["std"], self.settings)

    def fall_back(self, found: Any) -> tuple[Any, Any]:
        """Clip states [B, P, T, D], each person back on the way to the estimate as far as it takes to fit the picture
        no worse, with least energy; and the shares [B, P] of the way that are left. Who goes back goes to the estimate
        that has descended itself, if that makes nothing worse. As `sm_jax.sampling.sample`."""
        start, shares = self.g["estimate"], SHARES.to(found)
        mixed = lambda start, share: torch.lerp(start, found, share[..., None, None])  # noqa: E731
        with torch.no_grad():
            judged = [self._judge(mixed(start, share)) for share in shares]
            totals, pictures = (torch.stack(x) for x in zip(*judged, strict=True))
            fits = (pictures <= pictures[-1] * (1 + SLACK)).all(-1)
            best = torch.where(fits, totals, torch.inf).argmin(0)
            share = shares[best]
            result = mixed(start, share)
        if not self.settings.guidance_start > 0 or bool((share == 1).all()):
            return result, share
        estimate = self._synchronise(self.conditions["estimate"].view_as(self.g["noise"]))
        descended = to_clip(self.guide(estimate, self.settings.estimate_guidance_steps), self.g)
        with torch.no_grad():
            other = mixed(descended, share)
            total, picture = self._judge(other)
            kept = totals.gather(0, best[None])[0]
            better = (picture <= pictures[-1] * (1 + SLACK)).all(-1) & (total <= kept)
            return torch.where(better[:, None, None, None], other, result), share

    def __call__(self) -> tuple[Any, Any]:
        """Clip states in the world [B, P, T, D], and the share [B, P] of the networks' motion in each person's."""
        settings, x, guided = self.settings, self.g["noise"], self.settings.guidance_start > 0
        alpha_bar, times = schedule.cosine(TRAINING_STEPS), schedule.trailing(TRAINING_STEPS, settings.steps)
        after = np.append(alpha_bar[times[1:]], np.float32(1.0))
        for t, here, then in zip(times.tolist(), alpha_bar[times].tolist(), after.tolist(), strict=True):
            x0 = self.denoise(x, t)
            if guided and t <= settings.guidance_start:
                x0 = self.guide(x0, settings.guidance_steps)
            noise = (x - here**0.5 * x0) / (1 - here) ** 0.5
            x = then**0.5 * x0 + (1 - then) ** 0.5 * noise
        with torch.no_grad():
            x = self._synchronise(self._refine(x.flatten(0, 1), self.conditions).view_as(x))
        if guided:
            x = self.guide(x, settings.final_guidance_steps)
        clip = to_clip(x, self.g)
        return self.fall_back(clip) if settings.fall_back else (clip, torch.ones_like(clip[:, :, 0, 0]))


# What does not change while sampling, worked out by our own code. That is to PyTorch's advantage: ours does it within
# its timed call.


def constants_of(clips: Sequence[SamplingInputs], models: Models, body: smpl.Body) -> Constants:
    """Tensors by name of clips of one length."""
    each = [jax.jit(_constants_of_one)(clip, models, body) for clip in clips]
    stacked = jax.tree.map(lambda *x: _tensor(np.stack(x)), *each)
    S = len(body.surface_index)
    shared = {
        "skin_weights": body.surface.dense.reshape(-1, 24)[:S],
        "capsule_joint": body.capsules.joint,
        "mean": models.statistics.mean,
        "std": models.statistics.std,
    }
    stacked |= {name: _tensor(np.asarray(x)) for name, x in shared.items()}
    rows = stacked["touch_weight"].sum((0, 2)) > 0  # constraints that nobody has cost nothing
    return stacked | {name: stacked[name][:, rows] for name in stacked if name.startswith("touch_")}


def _tensor(x: np.ndarray) -> Any:
    return torch.tensor(x.astype(np.int64) if x.dtype == np.int32 else x)


def _constants_of_one(clip: SamplingInputs, models: Models, body: smpl.Body) -> dict[str, Any]:
    observation, camera, mask = clip.observation, clip.observation.camera, clip.observation.frame_mask
    windowed = make_clip_windows(clip, body, models.statistics)
    estimate, posed = windowed.estimate, smpl.pose(body, windowed.estimate)
    planted = foot_contact(posed.joints, observation.fps, ground_height(posed.joints, mask))
    return {
        "conditions": dataclasses.asdict(windowed.conditions),
        "pair_view": jax.vmap(own_view)(windowed.frames),
        "pair_origin": windowed.frames.origin,
        "noise": clip.noise[0],
        "frame_mask": mask,
        "fps": observation.fps,
        "K": camera.K,
        "camera_R": camera.R,
        "camera_t": camera.t,
        "estimate": state.pack(estimate, planted),
        "estimate_rotations": estimate.rotations,
        "estimate_pelvis": estimate.pelvis,
        "visibility": observation.visibility,
        **_picture(clip),
        **_spatial(posed.joints, clip),
        **_shapes(body, posed),
        **_touch(body, clip),
    }


def _picture(clip: SamplingInputs) -> dict[str, Any]:
    """What was seen, and how large the people are in it."""
    seen = clip.observation
    confidence = seen.keypoint_confidence * clip.observation.frame_mask[None, :, None]
    pixels = jnp.where(confidence[..., None] > 0, seen.keypoints, 0)
    smallest = reprojection.SMALLEST * safe.norm(seen.camera.image_size)
    size = jnp.maximum(reprojection.person_size(pixels, confidence), smallest)
    return {"confidence": confidence, "pixels": pixels, "person_size": size}


def _spatial(joints: Array, clip: SamplingInputs) -> dict[str, Any]:
    """Where the joints [P, T, J, 3] of the estimate are to one another."""
    seen, mask = jnp.asarray(clip.observation.visibility), clip.observation.frame_mask
    distances, depth = safe.distances(joints[0], joints[1]), spatial.depth_gap(joints, clip.observation.camera.R[:, 2])
    trunk = seen[0][:, spatial.TRUNK] * seen[1][:, spatial.TRUNK] * jnp.tanh(jnp.abs(depth) / spatial.WIDTH)
    pairs = seen[0][:, :, None] * seen[1][:, None, :] * jnp.exp(-distances / spatial.NEAR)
    return {
        "distances": distances,
        "pair_weight": pairs * mask[:, None, None],
        "depth_sign": jnp.sign(depth),
        "depth_weight": trunk * mask[:, None],
    }


def _shapes(body: smpl.Body, posed: smpl.Posed) -> dict[str, Any]:
    """The two people's shapes in the rest pose."""
    field, betas = pose_field(body, posed), posed.betas
    chosen, capsules, cells = body.surface_index, body.capsules, body.distance_field
    return {
        "rest_joints": posed.rest_joints,
        "rest_keypoints": smpl.shaped(body.keypoint_template, body.keypoint_shapedirs, betas),
        "rest_surface": smpl.shaped(body.v_template[chosen], body.shapedirs[chosen], betas),
        "clearance": smpl.foot_clearance(body, betas),
        "capsule_start": smpl.shaped(capsules.start, capsules.start_shapedirs, betas),
        "capsule_end": smpl.shaped(capsules.end, capsules.end_shapedirs, betas),
        "radius": field.radius,
        "low": field.low,
        "density": field.density,
        "table": cells.distance[None] + safe.einsum("cijkb,pb->pcijk", cells.distance_shapedirs, betas),
    }


def _touch(body: smpl.Body, clip: SamplingInputs) -> dict[str, Any]:
    """Which surface points are to touch."""
    sides = (
        contact.allowed_regions(mask, body.surface_region) for mask in (clip.contacts.mask_a, clip.contacts.mask_b)
    )
    (a, has_a), (b, has_b) = sides
    pair = has_a[:, :, None] & has_b[:, None, :]
    return {"touch_a": a, "touch_b": b, "touch_pair": pair, "touch_weight": clip.contacts.weight}
