"""The body layer and the energies, measured: speed beside other layers, cost of gradients, exactness of penetration.

    python experiments/bench_body.py        (8 minutes on 2 cores)

Compares with smplx (torch) and body-models (JAX) where they are installed (`pip install smplx torch body-models`); they
are no part of this project. Writes experiments/results/bench_body.json.
"""

import json
import os
import pathlib
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version

import jax

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.benchmarks import energies, penetration, speed
from sm_jax.body.assets import load_body
from sm_jax.train.checkpoint import git_commit

OUT = pathlib.Path(__file__).parent / "results" / "bench_body.json"
BATCHES = (64, 256, 1024)


def summarise(layers: dict[str, dict[str, float]], costs: dict, depths: dict) -> dict[str, float | None]:
    """The figures that are quoted: times over ours, forward and backward; None where the other is not installed."""
    mesh, joints = (layers[f"{what}_forward_backward_{BATCHES[-1]}"] for what in ("mesh", "joints"))
    return {
        **{f"mesh_vs_smplx_{b}": layers[f"mesh_forward_backward_{b}"].get("smplx_over_ours") for b in BATCHES},
        f"mesh_vs_body_models_{BATCHES[-1]}": mesh.get("body_models_over_ours"),
        f"joints_vs_body_models_{BATCHES[-1]}": joints.get("body_models_over_ours"),
        "mesh_over_bound": 1 / mesh["bound_over_ours"],
        "energies_grad_over_value": costs["energies_grad_over_value"],
        "penetration_depth_correlation": depths["penetration_depth_correlation"],
        "penetration_depth_error_mm": depths["penetration_depth_error_mm"],
    }


def installed(package: str) -> str | None:
    """Version of a package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def main() -> None:
    """Measure everything and write it down."""
    with tempfile.TemporaryDirectory() as folder:
        layers = speed.measure(pathlib.Path(folder), BATCHES)
    costs = energies.measure(load_body("open-low"))
    depths = penetration.measure()
    result = {
        "what": "SMPL layer on a random model of SMPL's sizes (6,890 vertices, 4 joints a vertex), float32;"
        " energies of 64 frames of two people; penetration proxy against exact meshes on salsa frames",
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "commit": git_commit(),
        "seed": 0,
        "versions": {name: installed(name) for name in ("jax", "torch", "smplx", "body-models")},
        "summary": summarise(layers["layers"], costs, depths),
        **layers,
        "energies": costs,
        "penetration": depths,
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["summary"], indent=1))


if __name__ == "__main__":
    main()
