"""people.usdc, played by USD's own skinning, shows our joints and vertices."""

import dataclasses
import importlib

import numpy as np
import pytest

from sm_jax.body.io import terms_of
from sm_jax.body.skeleton import JOINTS
from sm_jax.export import mesh

pytest.importorskip("pxr", reason="usd-core, which reads USD back, is not installed")
Gf, Usd, UsdGeom, UsdSkel = (importlib.import_module(f"pxr.{name}") for name in ("Gf", "Usd", "UsdGeom", "UsdSkel"))

from sm_jax.export.usd import save_usd  # noqa: E402


def opened(path):
    return Usd.Stage.Open(str(path))


@pytest.fixture(scope="module")
def stage(body, content, tmp_path_factory):
    path = tmp_path_factory.mktemp("usd") / "people.usdc"
    save_usd(path, body, content)
    return opened(path)


def skeleton_of(stage, person, code):
    """USD's answers about a person's skeleton: of its joints and of its skin."""
    cache = UsdSkel.Cache()
    root = UsdSkel.Root(stage.GetPrimAtPath(f"/World/person{person}"))
    cache.Populate(root, Usd.PrimDefaultPredicate)
    skeleton = cache.GetSkelQuery(UsdSkel.Skeleton(stage.GetPrimAtPath(f"/World/person{person}/skeleton")))
    skin = cache.GetSkinningQuery(stage.GetPrimAtPath(f"/World/person{person}/skin"))
    return skeleton, skin, UsdGeom.XformCache(code)


def joints(stage, person, code):
    skeleton, _, transforms = skeleton_of(stage, person, code)
    matrices = np.array(skeleton.ComputeJointWorldTransforms(transforms))
    names = [str(path).split("/")[-1] for path in skeleton.GetJointOrder()]
    assert names == list(JOINTS)
    return matrices[:, 3, :3]


@pytest.mark.parametrize("person", [0, 1])
def test_joints_and_vertices_come_back(stage, body, content, person):
    for t in range(7):
        np.testing.assert_allclose(joints(stage, person, t), content.joints[person, t], atol=1e-4)
    skeleton, skin, _ = skeleton_of(stage, person, 5)
    points = UsdGeom.Mesh(stage.GetPrimAtPath(f"/World/person{person}/skin")).GetPointsAttr().Get()
    assert skin.ComputeSkinnedPoints(skeleton.ComputeSkinningTransforms(5), points, 5)
    skinned = np.array(points)
    np.testing.assert_allclose(skinned, mesh.posed_vertices(body, content)[person, 5], atol=1e-4)
    low, high = np.array(UsdSkel.Root(stage.GetPrimAtPath(f"/World/person{person}")).GetExtentAttr().Get(5))
    assert (low <= skinned.min(0)).all() and (skinned.max(0) <= high).all()


def test_axes_units_and_rate(stage):
    assert UsdGeom.GetStageUpAxis(stage) == "Z" and UsdGeom.GetStageMetersPerUnit(stage) == 1
    assert stage.GetTimeCodesPerSecond() == 25 and (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (0, 6)
    assert stage.GetDefaultPrim().GetPath() == "/World"
    assert stage.GetRootLayer().customLayerData["body_terms"] == terms_of("open-low")


def test_uneven_frames_keep_their_times(body, uneven, tmp_path):
    save_usd(tmp_path / "people.usdc", body, uneven)
    stage = opened(tmp_path / "people.usdc")
    assert stage.GetTimeCodesPerSecond() == 8
    for t, seconds in enumerate(uneven.time - 3):
        np.testing.assert_allclose(joints(stage, 1, 8 * seconds), uneven.joints[1, t], atol=1e-4)


@pytest.mark.parametrize("moves", [False, True])
def test_the_camera_sees_what_ours_sees(body, content, tmp_path, moves):
    K = np.array([[300.0, 0, 90], [0, 330, 110], [0, 0, 1]])
    t = content.camera.t + (0.1 * np.arange(7)[:, None] if moves else 0)
    content = dataclasses.replace(content, camera=dataclasses.replace(content.camera, K=K, t=t))
    save_usd(tmp_path / "people.usdc", body, content)
    stage = opened(tmp_path / "people.usdc")
    camera = UsdGeom.Camera(stage.GetPrimAtPath("/World/camera"))
    for frame in (0, 6):
        frustum = camera.GetCamera(frame).frustum
        project = frustum.ComputeViewMatrix() * frustum.ComputeProjectionMatrix()
        head = content.joints[0, frame, 15].astype(float)
        x, y, _ = project.Transform(Gf.Vec3d(*head.tolist()))
        seen = K @ (content.camera.R[frame] @ head + t[frame])
        np.testing.assert_allclose([(x + 1) * 120, (1 - y) * 100], seen[:2] / seen[2], atol=1e-2)
