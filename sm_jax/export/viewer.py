"""A motion in the web browser: both bodies, what they are made of, and the input beside them. Needs the extra `viewer`.

Skins light up where they touch, and show where they rest on joints that were hidden or made up; the input's picture
stands in its camera; one switch goes between the result and the first estimate. All of it but the switches goes into a
recording, too.
"""

import pathlib
import socket
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.export import mesh
from sm_jax.export.npz import MotionFile
from sm_jax.geometry import rotations
from sm_jax.motion.frames import map_frames, map_on_host, pose_on_host

try:
    import viser
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[viewer]'") from error

RESULT, FIRST, BOTH = "result", "first estimate", "both"
SPEEDS = {"¼": 0.25, "½": 0.5, "1": 1.0, "2": 2.0}
HIDDEN = 0.5  # visibility below which a joint is called hidden
MARKED = 0.5  # share of a vertex that rests on joints of a kind, from which on it is marked
_TOUCHING, _HIDDEN, _MADE_UP = (60, 230, 90), (255, 200, 40), (225, 30, 140)
_POINT, _ABOVE = 0.016, 0.004  # metres: size of a mark, and how far it lies above the skin
_RESULT_OPACITY, _FIRST_OPACITY = None, 0.4
_PAST = 35  # degrees around the people from the input's camera, from where a viewer looks at first
_LEGEND = (
    "Blue is person 0, orange person 1. Dots on the skin: yellow where it was hidden, magenta where it is made up"
    " (evidence), green within 3 cm of the other's (contacts)."
)


def start_server(port: int | None) -> viser.ViserServer:
    """An empty scene that a browser finds at this port of this machine; without one, nobody is told of it."""
    return viser.ViserServer(host="127.0.0.1", port=port or _free_port(), label="sm_jax", verbose=port is not None)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class ViewerScene:
    """What a server shows of one motion. `frame` is the slider, `playing` and `speed` the controls beside it, `motion`
    says whose bodies are shown.

    before: another motion in the same frames, the first estimate.  pictures: RGB [H, W, 3] uint8 of the input, evenly
    spread over the frames.  figures: Markdown to stand below the controls.
    """

    def __init__(
        self,
        server: viser.ViserServer,
        body: smpl.Body,
        content: MotionFile,
        *,
        before: MotionFile | None = None,
        pictures: Sequence[np.ndarray] = (),
        figures: str = "",
    ):
        self.server, self.content, self.pictures, self.last = server, content, pictures, len(content.frame_index) - 1
        self.body, self._chunk = body, (-1, [])
        self._add_surroundings()
        self.people = {RESULT: _People(server, RESULT, body, content, _RESULT_OPACITY)}
        if before is not None:
            self.people[FIRST] = _People(server, FIRST, body, before, _FIRST_OPACITY)
        self.marks = {
            name: server.scene.add_point_cloud(
                name, np.zeros((1, 3), np.float32), colour, point_size=_POINT, point_shape="circle", precision="float32"
            )
            for name, colour in (("contacts", _TOUCHING), ("hidden", _HIDDEN), ("made up", _MADE_UP))
        }
        self._add_controls(figures)
        self.show(0)

    def _add_surroundings(self) -> None:
        """Floor and camera, and from where they are looked at first."""
        server, content, camera = self.server, self.content, self.content.camera
        R_world_camera = np.swapaxes(np.asarray(camera.R), -1, -2)
        self.camera_orientations = map_on_host(rotations.matrix_to_quaternion, R_world_camera, 0)
        self.camera_positions = -np.einsum("tij,tj->ti", R_world_camera, camera.t)
        server.scene.set_up_direction("+z")
        lowest = [vertices[..., 2].min() for vertices in mesh.posed_frames(self.body, content.motion)]
        server.scene.add_grid("floor", position=(0.0, 0.0, float(np.median(lowest))))
        width, height = (float(side) for side in camera.image_size)
        view = float(2 * np.arctan(height / 2 / camera.K[1, 1]))
        middle = np.median(content.joints.reshape(-1, 3), axis=0)
        away = self.camera_positions[0] - middle
        size = 0.15 * float(np.linalg.norm(away))
        self.camera = server.scene.add_camera_frustum(
            "camera", fov=view, aspect=width / height, scale=size, thickness=0.01
        )
        turn = np.deg2rad(_PAST)
        turned = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]) @ away
        server.initial_camera.position = tuple((middle + turned + [0, 0, 0.3]).tolist())
        server.initial_camera.look_at = tuple((middle + 0.25 * away).tolist())

    def _add_controls(self, figures: str) -> None:
        gui = self.server.gui
        self.playing = gui.add_checkbox("play", True)
        self.frame = gui.add_slider(
            "moment", min=0, max=max(self.last, 1), step=1, initial_value=0, disabled=self.last == 0
        )
        self.clock = gui.add_text("time", "", disabled=True)
        self.speed = gui.add_dropdown("speed", tuple(SPEEDS), initial_value="1")
        choices = (RESULT, FIRST, BOTH) if FIRST in self.people else (RESULT,)
        self.motion: Any = gui.add_dropdown("bodies", choices, initial_value=RESULT)
        self.with_contacts = gui.add_checkbox("contacts", True)
        self.with_evidence = gui.add_checkbox("evidence", True)
        gui.add_markdown(_LEGEND)
        if figures:
            gui.add_markdown(figures)
        for control in (self.frame, self.motion, self.with_contacts, self.with_evidence):
            control.on_update(lambda _: self.show(min(int(self.frame.value), self.last)))

    def show(self, frame: int) -> None:
        """Put all that moves where it is in a frame, as the controls say."""
        with self.server.atomic():
            for name, people in self.people.items():
                people.show(frame, self.motion.value in (name, BOTH))
            self.camera.wxyz, self.camera.position = self.camera_orientations[frame], self.camera_positions[frame]
            if self.pictures:
                picture = self.pictures[frame * len(self.pictures) // (self.last + 1)]
                if self.camera.image is not picture:
                    self.camera.image = picture
            self._mark(frame)
            self.clock.value = f"{self.content.time[frame]:.2f} s, frame {self.content.frame_index[frame]} of the video"

    def _mark(self, frame: int) -> None:
        """Dots on the skin of the result, where it is shown."""
        vertices, near = self._skin(frame)
        above = vertices + _ABOVE * mesh.vertex_normals(vertices, np.asarray(self.body.faces))
        made_up, hidden = (
            mesh.joint_share(self.body, marked[:, frame]) >= MARKED
            for marked in (self.content.infilled, self.content.visibility < HIDDEN)
        )
        chosen = {
            "contacts": near & self.with_contacts.value,
            "made up": made_up & ~near & self.with_evidence.value,
            "hidden": hidden & ~made_up & ~near & self.with_evidence.value,
        }
        for name, where in chosen.items():
            cloud = self.marks[name]
            cloud.visible = self.motion.value != FIRST and bool(where.any())
            if cloud.visible:
                cloud.points = above[where].astype(np.float32)

    def _skin(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Vertices [P, V, 3] of the result and which of them touch the other's skin. A few frames are held."""
        number, within = divmod(frame, mesh.CHUNK)
        if number != self._chunk[0]:
            span = slice(number * mesh.CHUNK, (number + 1) * mesh.CHUNK)
            part = map_frames(self.content.motion, lambda x: np.asarray(x)[:, span])
            frames = zip(mesh.posed_frames(self.body, part), mesh.touching_vertices(self.body, part), strict=True)
            self._chunk = (number, list(frames))
        return self._chunk[1][within]

    def play(self) -> None:
        """Go on from frame to frame, each for as long as it lasts, until interrupted."""
        while True:
            frame = min(int(self.frame.value), self.last)
            time.sleep(_seconds(self.content)[frame] / SPEEDS[self.speed.value])
            if self.playing.value:
                self.frame.value = (frame + 1) % (self.last + 1)

    def record(self, path: pathlib.Path) -> None:
        """Write the scene as it is now, through all frames: an .html that any browser opens, or viser's own .viser.
        Raises UserError where the file cannot be written."""
        recording = self.server.get_scene_serializer()
        for frame, seconds in enumerate(_seconds(self.content)):
            self.show(frame)
            recording.insert_sleep(float(seconds))
        page = recording.as_html().encode() if path.suffix == ".html" else recording.serialize()
        with replacing(path) as temporary:
            temporary.write_bytes(page)


class _People:
    """Both skins of a motion in a scene."""

    def __init__(
        self, server: viser.ViserServer, name: str, body: smpl.Body, content: MotionFile, opacity: float | None
    ):
        posed = pose_on_host(body, content.motion)
        self.orientations = map_on_host(rotations.matrix_to_quaternion, posed.R_world_joint, 1)  # [P, T, 24, 4]
        self.joints = content.joints
        self.skins = [
            server.scene.add_mesh_skinned(
                f"{name}/person{person}",
                mesh.rest_vertices(body, betas),
                np.asarray(body.faces),
                bone_wxyzs=np.tile([1.0, 0, 0, 0], (len(rest), 1)),
                bone_positions=rest,
                skin_weights=np.asarray(body.weights),
                color=(255 * mesh.COLOURS[person]).astype(np.uint8),
                opacity=opacity,
            )
            for person, (betas, rest) in enumerate(zip(content.motion.betas, content.rest_joints, strict=True))
        ]

    def show(self, frame: int, visible: bool) -> None:
        """Put the skins where they are in a frame; what is not seen stays where it is."""
        for skin, orientations, joints in zip(self.skins, self.orientations, self.joints, strict=True):
            skin.visible = visible
            if visible:
                for bone, orientation, joint in zip(skin.bones, orientations[frame], joints[frame], strict=True):
                    bone.wxyz, bone.position = orientation, joint


def _seconds(content: MotionFile) -> np.ndarray:
    """How long each frame lasts, [T]."""
    return np.diff(content.time, append=content.time[-1] + 1 / content.fps)
