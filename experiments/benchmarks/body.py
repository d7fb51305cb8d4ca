"""The body layer and the energies, measured: speed beside other layers, cost of gradients, exactness of penetration.

    python -m experiments.benchmarks.body        (8 minutes on 2 cores)

Compares with smplx (torch) and body-models (JAX) where they are installed (`pip install smplx torch body-models`); they
are no part of this project. Writes experiments/results/bench_body.json.
"""

import json
import math
import pathlib
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
from scipy.spatial import KDTree
from tqdm import tqdm

from experiments.lib.dances import dance_frames, nearer
from experiments.lib.program import run
from experiments.lib.random_body import random_arrays, write_npz
from experiments.lib.results import RESULTS, write_result
from experiments.lib.timing import time_interleaved
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.sdf import pose_field
from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate
from sm_jax.data.store import load_salsa
from sm_jax.energies.combine import EnergyWeights, Evidence, energy
from sm_jax.energies.penetration import SLACK, depths
from sm_jax.evaluation.metrics.joints import MM
from sm_jax.evaluation.metrics.penetration import mesh_depth, patches
from sm_jax.fitting.mocap.retarget import random_betas, retarget
from sm_jax.geometry import rotations
from sm_jax.motion.frames import map_frames
from sm_jax.text.contacts import contact_targets
from sm_jax.types import Array, Contact, Motion

OUT = RESULTS / "bench_body.json"
SEED = 0

BATCHES = (64, 256, 1024)
REPEATS = 11  # of every layer
VERTICES, BETAS, INFLUENCES = 6890, 10, 4  # SMPL's sizes
FEATURES = 207 + BETAS + 1  # pose, shape and the template
PRODUCT_SIDE = 2048  # a matrix product of this size runs as fast as any
PASSES = ("forward", "forward_backward")

ENERGY_FRAMES, ENERGY_REPEATS = 64, 200
MEMORY_FRAMES = (32, 64, 128, 256)
TOUCHES = ("hand hand", "hand back", "hand shoulder", "forearm upper_arm", "chest chest", "thigh thigh", "hand waist")

PENETRATION_FRAMES = {"open-low": 200, "open-full": 40}  # spread evenly over all takes, touching or not
NEARER = 0.1  # metres: the packaged dancers hardly touch, so they are pushed together

Layer = dict[str, tuple[Callable, Callable]]
"""From what it computes ("mesh", "surface", "joints") to a pair of functions (forward, forward and backward of the mean
square) of axis-angle pose [B, 24, 3], betas [B, 10] and translation [B, 3], all NumPy."""


# Layers, behind one signature.


def our_layer(file: pathlib.Path) -> Layer:
    """This project's layer."""
    body = load_body(file)
    read = {"mesh": smpl.vertices, "surface": smpl.surface_points, "joints": lambda _, posed: posed.joints}

    def posed(body: smpl.Body, pose: Array, betas: Array, translation: Array) -> smpl.Posed:
        R = rotations.axis_angle_to_matrix(pose)[:, None]
        pelvis = (translation + smpl.rest_joints(body, betas)[:, 0])[:, None]
        return smpl.pose(body, Motion(global_orient=R[:, :, 0], body_pose=R[:, :, 1:], pelvis=pelvis, betas=betas))

    return {name: _jax(lambda b, *args, f=f: f(b, posed(b, *args)), body) for name, f in read.items()}


def body_models_layer(file: pathlib.Path) -> Layer:
    """The JAX layers of the package body-models."""
    from body_models.smpl.jax import SMPL

    model, surface = SMPL(model_path=str(file)), np.asarray(load_body(file).surface_index)
    points = model.prepare_point_regressor(jnp.eye(model.num_vertices)[surface])

    def read(method: str, **more: Any) -> Callable:
        return lambda _, pose, betas, translation: getattr(model, method)(
            pose[:, 1:], pelvis_rotation=pose[:, 0], shape=betas, global_translation=translation, **more
        )

    mesh, joints = read("forward_vertices"), lambda *args: read("forward_skeleton")(*args)[..., :3, 3]
    functions = {"mesh": mesh, "surface": read("forward_points", point_regressor=points), "joints": joints}
    return {name: _jax(function, None) for name, function in functions.items()}


def _jax(function: Callable, body: Any) -> tuple[Callable, Callable]:
    forward = jax.jit(function)
    backward = jax.jit(jax.grad(lambda *args: jnp.mean(jnp.square(function(*args))), argnums=(1, 2, 3)))
    return (lambda *args: np.asarray(forward(body, *args)), lambda *args: jax.block_until_ready(backward(body, *args)))


def smplx_layer(file: pathlib.Path) -> Layer:
    """The reference implementation, torch eager. It has no way to parts of the mesh."""
    import smplx
    import torch

    (pickled := file.parent / "smpl" / "SMPL_NEUTRAL.pkl").parent.mkdir(exist_ok=True)
    pickled.write_bytes(pickle.dumps(dict(np.load(file))))
    model = smplx.create(str(file.parent), model_type="smpl")

    def forward(pose: Any, betas: Any, transl: Any) -> Any:
        return model(body_pose=pose[:, 1:].flatten(1), global_orient=pose[:, 0], betas=betas, transl=transl).vertices

    def value(*args: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return forward(*map(torch.from_numpy, args)).numpy()

    def gradient(*args: np.ndarray) -> list[np.ndarray]:
        forward(*(leaves := [torch.tensor(x, requires_grad=True) for x in args])).square().mean().backward()
        return [np.asarray(x.grad) for x in leaves]

    return {"mesh": (value, gradient)}


# Their speed, beside one another and beside the least time that the machine needs.


def least_work(batch: int) -> tuple[float, float]:
    """Floating-point operations and bytes of the mesh, forward and backward, that no implementation can leave out.

    The blend shapes are a product with a dense matrix, and one with its transpose. Skinning blends INFLUENCES matrices
    of 3 x 4 a vertex and applies them, and has two cotangents of the same cost. The blend shapes are read twice; the
    vertices and their cotangent are written and read once.
    """
    coordinates = 3.0 * VERTICES * batch
    operations = 2 * 2 * coordinates * FEATURES + 3 * 2 * VERTICES * batch * (12 * INFLUENCES + 9)
    return operations, 4 * (2 * 3 * VERTICES * FEATURES + 4 * coordinates)


def machine_bound(batch: int) -> Callable:
    """A function, of any arguments, that multiplies well-shaped matrices and copies memory as `least_work` says.

    float32 throughout. Memory that is copied counts twice, being read and written.
    """
    operations, traffic = least_work(batch)
    left = jnp.ones((round(operations / (2 * PRODUCT_SIDE**2)), PRODUCT_SIDE))
    right = jnp.ones((PRODUCT_SIDE, PRODUCT_SIDE))
    product = jax.jit(lambda a, b: jnp.sum(jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)))
    source = np.ones(round(traffic / 8), np.float32)
    target = np.ones_like(source)

    def bound(*_: np.ndarray) -> None:
        product(left, right).block_until_ready()
        np.copyto(target, source)

    return bound


def measure_speed(file: pathlib.Path, batches: Sequence[int] = BATCHES, repeats: int = REPEATS) -> dict:
    """Medians in ms, ratios to ours, and the bound of the mesh, by batch; `absent` names what is not installed.

    file: where a random model of SMPL's sizes is written.
    """
    write_npz(file, random_arrays(VERTICES, BETAS))
    layers, absent = {"ours": our_layer(file)}, []
    for name, make in (("smplx", smplx_layer), ("body_models", body_models_layer)):
        try:
            layers[name] = make(file)
        except ImportError as error:
            absent.append(f"{name}: {error}")
    report = {}
    for batch in batches:
        arguments = _arguments(batch)
        for what in ("mesh", "surface", "joints"):
            for step, pass_name in enumerate(PASSES):
                functions = {name: layer[what][step] for name, layer in layers.items() if what in layer}
                if what == "mesh" and pass_name == "forward_backward":
                    functions |= {"bound": machine_bound(batch)}
                report[f"{what}_{pass_name}_{batch}"] = _race(functions, arguments, repeats)
    return {"layers": report, "absent": absent}


def _arguments(batch: int) -> tuple[np.ndarray, ...]:
    r = np.random.default_rng(batch)
    sizes = ((batch, 24, 3), 0.3), ((batch, BETAS), 1.0), ((batch, 3), 1.0)
    return tuple((scale * r.normal(size=size)).astype(np.float32) for size, scale in sizes)


def _race(functions: dict[str, Callable], arguments: tuple, repeats: int) -> dict[str, float]:
    """Median ms of each, and the median over repetitions of its time over ours."""
    calls = {name: lambda f=function: f(*arguments) for name, function in functions.items()}
    seconds = time_interleaved(calls, repeats, warm=True)
    row = {f"{name}_ms": 1e3 * float(np.median(x)) for name, x in seconds.items()}
    return row | {
        f"{name}_over_ours": float(np.median(x / seconds["ours"])) for name, x in seconds.items() if name != "ours"
    }


# All energies together on two people: cost of the gradient over the value, memory over frames, the largest array.


def measure_energies(
    body: smpl.Body,
    frames: int = ENERGY_FRAMES,
    lengths: Sequence[int] = MEMORY_FRAMES,
    repeats: int = ENERGY_REPEATS,
) -> dict:
    """Medians in ms, value and gradient interleaved, memory of the compiled gradient by frames, the largest array."""
    arguments = salsa_arguments(body, frames)
    functions = {"value": jax.jit(total_energy), "grad": jax.jit(jax.value_and_grad(total_energy, argnums=1))}
    calls = {name: lambda f=f: jax.block_until_ready(f(*arguments)) for name, f in functions.items()}
    seconds = time_interleaved(calls, repeats)
    memory = {n: gradient_memory(body, n) for n in lengths}
    operation, shape = max(intermediates(arguments), key=lambda array: math.prod(array[1]))
    return {
        "energies_value_ms": 1e3 * float(np.median(seconds["value"])),
        "energies_grad_ms": 1e3 * float(np.median(seconds["grad"])),
        "energies_grad_over_value": float(np.median(seconds["grad"] / seconds["value"])),
        "energies_grad_bytes": memory,
        "energies_memory_exponent": float(np.polyfit(np.log(list(memory)), np.log(list(memory.values())), 1)[0]),
        "energies_largest_array": {"operation": operation, "shape": list(shape), "vertices": len(body.v_template)},
    }


def total_energy(body: smpl.Body, motion: Motion, foot_contact: Array, evidence: Evidence) -> jax.Array:
    """All energies with their default weights."""
    return energy(body, motion, foot_contact, evidence, EnergyWeights().active())[0]


def salsa_arguments(body: smpl.Body, frames: int) -> tuple[smpl.Body, Motion, Array, Evidence]:
    """The arguments of `total_energy`: the first frames of a packaged dance as the simulator sees it, with contacts."""
    take = load_salsa("test")[0]
    true = map_frames(take.motion, lambda x: jnp.asarray(x[:, :frames]))
    seen = jax.jit(simulate, static_argnames="config")(jax.random.key(0), true, body, config=SimulatorConfig())
    pairs = [touch.split() for touch in TOUCHES]
    contacts = contact_targets([Contact(region_a=a, region_b=b, end=frames) for a, b in pairs], frames)
    evidence = Evidence(
        keypoints=seen.keypoints,
        keypoint_confidence=seen.keypoint_confidence,
        camera=seen.camera,
        visibility=seen.visibility,
        contacts=jax.tree.map(jnp.asarray, contacts),
        estimate=seen.motion,
        fps=jnp.float32(take.fps),
        frame_mask=jnp.ones(frames),
    )
    return body, seen.motion, jnp.asarray(take.foot_contact[:, :frames]), evidence


def gradient_memory(body: smpl.Body, frames: int) -> int:
    """Bytes that the compiled value and gradient need beside arguments and results."""
    shapes = jax.eval_shape(lambda: salsa_arguments(body, frames)[1:])
    memory: Any = jax.jit(jax.value_and_grad(total_energy, argnums=1)).lower(body, *shapes).compile().memory_analysis()
    return memory.temp_size_in_bytes


def intermediates(arguments: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Operation and shape of every array that value and gradient make, inner loops included."""
    inner = [jax.make_jaxpr(jax.value_and_grad(total_energy, argnums=1))(*arguments).jaxpr]
    while inner:
        for equation in inner.pop().eqns:
            yield from ((equation.primitive.name, var.aval.shape) for var in equation.outvars)
            held = [getattr(x, "jaxpr", x) for x in jax.tree.leaves(list(equation.params.values()))]
            inner += [x for x in held if isinstance(x, jax.extend.core.Jaxpr)]


# The penetration energy's signed distance, and its surface points, against exact meshes on real dances.


def measure_penetration(frames: dict[str, int] | None = None, seed: int = SEED) -> dict:
    """Errors by body and shape, and of the worst of them; what the surface points miss.

    frames: how many are played on each body, with the dancers' betas and with random ones; those with contact count.
    Errors are over the vertices exactly inside (either: or called so), shares of wrong vertices per vertex inside.
    The largest are where the other's arm is in its own chest: exact depth ends at that arm, the proxy's at the chest.
    """
    report = {}
    for name, count in (frames or PENETRATION_FRAMES).items():
        body = load_body(name)
        motion = nearer(dance_frames(count), NEARER)
        for shape, betas in (("own", jnp.asarray(motion.betas)), ("random", random_betas(jax.random.key(seed)))):
            report[f"{name}, {shape} betas"] = _compare(body, retarget(body, motion, betas, (), 30.0)[0])
    return {
        "penetration_depth_error_mm": max(case["depth_error_mm"] for case in report.values()),
        "penetration_depth_correlation": min(case["max_depth_correlation"] for case in report.values()),
        "penetration_detail": report,
    }


@jax.jit
def _proxy(body: smpl.Body, motion: Motion) -> tuple[jax.Array, jax.Array]:
    posed = smpl.pose(body, motion)
    vertices = smpl.vertices(body, posed)
    return vertices, depths(vertices, pose_field(body, posed))


def _compare(body: smpl.Body, motion: Motion) -> dict[str, float]:
    vertices, found = jax.device_get(_proxy(body, motion))
    faces, tree = np.asarray(body.faces), patches(body.v_template, body.faces)
    exact = np.stack([[mesh_depth(vertices[p, t], vertices[1 - p, t], faces, tree) for p in (0, 1)]
                      for t in tqdm(range(vertices.shape[1]), desc=f"exact depth on {body.name}")], axis=1)  # fmt: skip
    touching = (exact > 0).any((0, 2))
    exact, found = exact[:, touching], np.maximum(found[:, touching], 0)
    inside, wrongly, error = exact > 0, (exact == 0) & (found > 0), np.abs(found - exact)
    gap = KDTree(body.v_template[body.surface_index]).query(np.asarray(body.v_template))[0]
    deepest, points = exact.max((0, 2)), exact[..., np.asarray(body.surface_index)].max((0, 2))
    figures = {
        "frames": exact.shape[1], "vertices_inside": inside.sum(), "mean_depth_mm": MM * exact[inside].mean(),
        "depth_error_mm": MM * error[inside].mean(), "depth_error_p95_mm": MM * np.quantile(error[inside], 0.95),
        "depth_error_either_mm": MM * error[inside | wrongly].mean(), "called_outside": (found[inside] == 0).mean(),
        "wrongly_inside": wrongly.sum() / inside.sum(),
        "wrongly_beyond_slack": (wrongly & (found > SLACK)).sum() / inside.sum(),
        "max_depth_correlation": np.corrcoef(deepest, found.max((0, 2)))[0, 1],
        "frames_without_point": (points == 0).mean(), "those_over_1cm": (points[deepest > 0.01] == 0).mean(),
        "deepest_missed_by_mm": MM * (deepest - points).mean(), "missed_by_at_most_mm": MM * (deepest - points).max(),
        "vertex_to_point_mm": MM * gap.mean(), "vertex_to_point_at_most_mm": MM * gap.max(),
        "fewest_points_in_a_region": np.bincount(body.surface_region, minlength=len(SIDED_REGIONS)).min(),
    }  # fmt: skip
    return {key: float(value) for key, value in figures.items()}


def summarise(layers: dict[str, dict[str, float]], energies: dict, penetration: dict) -> dict[str, float | None]:
    """The figures that are quoted: times over ours, forward and backward; None where the other is not installed."""
    mesh, joints = (layers[f"{what}_forward_backward_{BATCHES[-1]}"] for what in ("mesh", "joints"))
    return {
        **{f"mesh_vs_smplx_{b}": layers[f"mesh_forward_backward_{b}"].get("smplx_over_ours") for b in BATCHES},
        f"mesh_vs_body_models_{BATCHES[-1]}": mesh.get("body_models_over_ours"),
        f"joints_vs_body_models_{BATCHES[-1]}": joints.get("body_models_over_ours"),
        "mesh_over_bound": 1 / mesh["bound_over_ours"],
        "energies_grad_over_value": energies["energies_grad_over_value"],
        "penetration_depth_correlation": penetration["penetration_depth_correlation"],
        "penetration_depth_error_mm": penetration["penetration_depth_error_mm"],
    }


def main() -> None:
    """Measure everything and write it down."""
    with tempfile.TemporaryDirectory() as folder:
        speed = measure_speed(pathlib.Path(folder) / "random.npz")
    energies = measure_energies(load_body("open-low"))
    penetration = measure_penetration()
    result = write_result(
        OUT,
        what="SMPL layer on a random model of SMPL's sizes (6,890 vertices, 4 joints a vertex), float32;"
        f" energies of {ENERGY_FRAMES} frames of two people; penetration proxy against exact meshes on salsa frames",
        config={
            "batches": BATCHES,
            "repeats": REPEATS,
            "energy_frames": ENERGY_FRAMES,
            "energy_repeats": ENERGY_REPEATS,
            "penetration_frames": PENETRATION_FRAMES,
            "nearer": NEARER,
        },
        seed=SEED,
        summary=summarise(speed["layers"], energies, penetration),
        **speed,
        energies=energies,
        penetration=penetration,
    )
    print(json.dumps(result["summary"], indent=1))


if __name__ == "__main__":
    run(main, __doc__)
