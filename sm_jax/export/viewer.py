"""A motion in the web browser: both skinned bodies, the input's camera, a time slider. Needs the extra `viewer`."""

import pathlib
import time

import numpy as np

from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.export import mesh
from sm_jax.export.npz import MotionFile, body_of, load_motion, motion_path
from sm_jax.geometry import rotations
from sm_jax.motion.frames import pose_on_host

try:
    import viser
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[viewer]'") from error


class ViewerScene:
    """What a server shows of one motion. `frame` is the slider, `playing` the box beside it."""

    def __init__(self, server: viser.ViserServer, body: smpl.Body, content: MotionFile):
        posed = pose_on_host(body, content.motion)
        self.orientations = np.asarray(rotations.matrix_to_quaternion(posed.R_world_joint))  # [P, T, 24, 4]
        self.joints = np.asarray(posed.joints)
        camera = content.camera
        R_world_camera = np.swapaxes(np.asarray(camera.R), -1, -2)
        self.camera_orientations = np.asarray(rotations.matrix_to_quaternion(R_world_camera))
        self.camera_positions = -np.einsum("tij,tj->ti", R_world_camera, camera.t)
        server.scene.set_up_direction("+z")
        floor = float(np.median(mesh.posed_vertices(body, content)[..., 2].min((0, 2))))
        server.scene.add_grid("floor", position=(0.0, 0.0, floor))
        self.people = [_add_person(server, body, content, person) for person in range(len(self.joints))]
        width, height = (float(side) for side in camera.image_size)
        view = float(2 * np.arctan(height / 2 / camera.K[1, 1]))
        self.camera = server.scene.add_camera_frustum("camera", fov=view, aspect=width / height)
        self.playing = server.gui.add_checkbox("play", True)
        last = len(content.frame_index) - 1
        self.frame = server.gui.add_slider(
            "frame", min=0, max=max(last, 1), step=1, initial_value=0, disabled=last == 0
        )
        self.frame.on_update(lambda _: self.show(min(int(self.frame.value), last)))
        self.show(0)

    def show(self, frame: int) -> None:
        """Put bodies and camera where they are in a frame."""
        for mesh_handle, orientations, joints in zip(self.people, self.orientations, self.joints, strict=True):
            for bone, orientation, joint in zip(mesh_handle.bones, orientations[frame], joints[frame], strict=True):
                bone.wxyz, bone.position = orientation, joint
        self.camera.wxyz, self.camera.position = self.camera_orientations[frame], self.camera_positions[frame]


def _add_person(server: viser.ViserServer, body: smpl.Body, content: MotionFile, person: int):
    identity = np.tile([1.0, 0, 0, 0], (len(content.rest_joints[person]), 1))
    return server.scene.add_mesh_skinned(
        f"person{person}",
        mesh.rest_vertices(body, content.motion.betas[person]),
        np.asarray(body.faces),
        bone_wxyzs=identity,
        bone_positions=content.rest_joints[person],
        skin_weights=np.asarray(body.weights),
        color=(255 * mesh.COLOURS[person]).astype(np.uint8),
    )


def view(source: str | pathlib.Path, body: str | None = None, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Serve a motion to the web browser until interrupted.

    source: a folder that `sm-jax reconstruct` wrote, or its motion.npz.  body: name or path, by default the name that
    the file gives (a licensed body has to be given by its path).
    Raises UserError if the file or the body cannot be read.
    """
    content = load_motion(motion_path(source))
    shown = body_of(content, body)
    server = viser.ViserServer(host=host, port=port)
    scene = ViewerScene(server, shown, content)
    lasts = np.diff(content.time, append=content.time[-1] + 1 / content.fps)
    try:
        while True:
            frame = int(scene.frame.value)
            time.sleep(lasts[min(frame, len(lasts) - 1)])
            if scene.playing.value:
                scene.frame.value = (frame + 1) % len(content.frame_index)
    except KeyboardInterrupt:
        server.stop()
