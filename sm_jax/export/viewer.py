"""A motion in the web browser: both bodies, what they are made of, and the input beside them. Needs the extra `viewer`.

Skins light up where they touch, and show where they rest on joints that were hidden or made up; the other hypotheses
are lines around them; the input's picture stands in its camera. One switch goes between the first estimate, what the
models made of it on the way, and the result, another puts one of them beside it; curves say how good each is over time.
All of it but the switches and the curves goes into a recording, too.
"""

import pathlib
import socket
import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, PARENTS
from sm_jax.errors import UserError
from sm_jax.export import mesh
from sm_jax.export.npz import MotionFile
from sm_jax.geometry import rotations
from sm_jax.motion.frames import map_frames, map_on_host, pose_on_host

try:
    import viser
    from viser import uplot
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[viewer]'") from error

FIRST, RESULT, NOTHING = "first estimate", "result", "nothing"
SPEEDS = {"¼": 0.25, "½": 0.5, "1": 1.0, "2": 2.0}
HIDDEN = 0.5  # visibility below which a joint is called hidden
MARKED = 0.5  # share of a vertex that rests on joints of a kind, from which on it is marked
_TOUCHING, _HIDDEN, _MADE_UP = (60, 230, 90), (255, 200, 40), (225, 30, 140)
_POINT, _ABOVE = 0.016, 0.004  # metres: size of a mark, and how far it lies above the skin
_BESIDE_OPACITY = 0.3
_SEEN_THROUGH = 0.5  # opacity of the bodies while the skeletons of other hypotheses are shown, most of them inside
_LINE, _DARKER = 0.012, 0.5  # of those: metres, and how far their colour is on the way to black
_CURVE_COLOURS = ("#8c8c8c", "#c2185b", "#2e9e4f", "#1565c0")  # of the motions in their order, the result last
_NOW_COLOUR, _CURVE_POINTS, _CURVE_HEIGHT, _HEADROOM = "#e8590c", 300, 190, 1.05
_PAST = 35  # degrees around the people from the input's camera, from where a viewer looks at first
_LEGEND = (
    "Blue is person 0, orange person 1. Dots on the skin: yellow where it was hidden, magenta where it is made up"
    " (evidence), green within 3 cm of the other's (contacts)."
)
_HYPOTHESES_LEGEND = " Lines are the skeletons of the other hypotheses."


def start_server(port: int | None) -> viser.ViserServer:
    """An empty scene that a browser finds at this port of this machine; without one, nobody is told of it."""
    return viser.ViserServer(host="127.0.0.1", port=port or _free_port(), label="sm_jax", verbose=port is not None)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class ViewerScene:
    """What a server shows of a result. `frame` is the slider, `playing` and `speed` the controls beside it, `motion`
    says whose bodies are shown, `beside` which others translucently.

    others: by name, more motions of the same people in the same frames, from the first estimate on.
    hypotheses: the other ones of the result.  pictures: RGB [H, W, 3] uint8 of the input, evenly spread over the
    frames.  curves: by what they say, then by motion, values [N] at `curve_times` [N], seconds as the content's.
    figures: Markdown to stand below the controls.
    """

    def __init__(
        self,
        server: viser.ViserServer,
        body: smpl.Body,
        content: MotionFile,
        *,
        others: Mapping[str, MotionFile] = MappingProxyType({}),
        hypotheses: Sequence[MotionFile] = (),
        pictures: Sequence[np.ndarray] = (),
        curves: Mapping[str, Mapping[str, np.ndarray]] = MappingProxyType({}),
        curve_times: np.ndarray | None = None,
        figures: str = "",
    ):
        self.server, self.content, self.pictures, self.last = server, content, pictures, len(content.frame_index) - 1
        self.motions = {**others, RESULT: content}
        self.body, self._chunk = body, ("", -1, [])
        self._add_surroundings()
        self.bodies = _People(server, "bodies", body, self.motions, None)
        self.ghosts = _People(server, "beside", body, self.motions, _BESIDE_OPACITY) if others else None
        self.skeletons = _Skeletons(server, hypotheses) if hypotheses else None
        self.marks = {
            name: server.scene.add_point_cloud(
                name, np.zeros((1, 3), np.float32), colour, point_size=_POINT, point_shape="circle", precision="float32"
            )
            for name, colour in (("contacts", _TOUCHING), ("hidden", _HIDDEN), ("made up", _MADE_UP))
        }
        self._add_controls()
        self.plot = None if curve_times is None else _Plot(server.gui, curve_times, curves)
        if figures:
            server.gui.add_markdown(figures)
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

    def _add_controls(self) -> None:
        gui, names = self.server.gui, tuple(self.motions)
        self.playing = gui.add_checkbox("play", True)
        self.frame = gui.add_slider(
            "moment", min=0, max=max(self.last, 1), step=1, initial_value=0, disabled=self.last == 0
        )
        self.clock = gui.add_text("time", "", disabled=True)
        self.speed = gui.add_dropdown("speed", tuple(SPEEDS), initial_value="1")
        self.motion: Any = gui.add_dropdown("bodies", names, initial_value=RESULT)
        self.beside: Any = gui.add_dropdown("beside", (NOTHING, *names), visible=self.ghosts is not None)
        self.with_contacts = gui.add_checkbox("contacts", True)
        self.with_evidence = gui.add_checkbox("evidence", True)
        self.with_hypotheses = gui.add_checkbox("hypotheses", True, visible=self.skeletons is not None)
        gui.add_markdown(_LEGEND + (_HYPOTHESES_LEGEND if self.skeletons else ""))
        switches = (self.motion, self.beside, self.with_contacts, self.with_evidence, self.with_hypotheses)
        for control in (self.frame, *switches):
            control.on_update(lambda _: self.show(min(int(self.frame.value), self.last)))

    def show(self, frame: int) -> None:
        """Put all that moves where it is in a frame, as the controls say."""
        with self.server.atomic():
            self.bodies.show(frame, self.motion.value)
            if self.ghosts:
                self.ghosts.show(frame, self.beside.value if self.beside.value != self.motion.value else NOTHING)
            if self.skeletons:
                self.skeletons.show(frame, self.with_hypotheses.value)
                self.bodies.opacity = _SEEN_THROUGH if self.with_hypotheses.value else None
            self.camera.wxyz, self.camera.position = self.camera_orientations[frame], self.camera_positions[frame]
            if self.pictures:
                picture = self.pictures[frame * len(self.pictures) // (self.last + 1)]
                if self.camera.image is not picture:
                    self.camera.image = picture
            self._mark(frame)
            self.clock.value = f"{self.content.time[frame]:.2f} s, frame {self.content.frame_index[frame]} of the video"
            if self.plot:
                self.plot.show(self.content.time[frame])

    def _mark(self, frame: int) -> None:
        """Dots on the skin of the bodies that are shown."""
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
            cloud.visible = bool(where.any())
            if cloud.visible:
                cloud.points = above[where].astype(np.float32)

    def _skin(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Vertices [P, V, 3] of the bodies that are shown, and which of them touch the other's skin. A few frames are
        held."""
        name, (number, within) = self.motion.value, divmod(frame, mesh.CHUNK)
        if (name, number) != self._chunk[:2]:
            span = slice(number * mesh.CHUNK, (number + 1) * mesh.CHUNK)
            part = map_frames(self.motions[name].motion, lambda x: np.asarray(x)[:, span])
            frames = zip(mesh.posed_frames(self.body, part), mesh.touching_vertices(self.body, part), strict=True)
            self._chunk = (name, number, list(frames))
        return self._chunk[2][within]

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
    """Both skins in a scene, in the poses of any of some motions of theirs."""

    def __init__(
        self,
        server: viser.ViserServer,
        name: str,
        body: smpl.Body,
        motions: Mapping[str, MotionFile],
        opacity: float | None,
    ):
        self.poses = {name: _bone_poses(body, content) for name, content in motions.items()}
        content = motions[RESULT]
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

    @property
    def opacity(self) -> float | None:
        """Of both; None is none of the background."""
        return self.skins[0].opacity

    @opacity.setter
    def opacity(self, value: float | None) -> None:
        for skin in self.skins:
            if skin.opacity != value:
                skin.opacity = value

    def show(self, frame: int, motion: str) -> None:
        """Put the skins where they are in a frame of a motion; of no motion they are hidden."""
        for person, skin in enumerate(self.skins):
            skin.visible = motion in self.poses
            if skin.visible:
                orientations, joints = (values[person, frame] for values in self.poses[motion])
                for bone, orientation, joint in zip(skin.bones, orientations, joints, strict=True):
                    bone.wxyz, bone.position = orientation, joint


def _bone_poses(body: smpl.Body, content: MotionFile) -> tuple[np.ndarray, np.ndarray]:
    """Orientations [P, T, 24, 4], w first, and positions [P, T, 24, 3] of the joints."""
    posed = pose_on_host(body, content.motion)
    return map_on_host(rotations.matrix_to_quaternion, posed.R_world_joint, 1), content.joints


class _Skeletons:
    """Both people of several motions as lines in a scene."""

    def __init__(self, server: viser.ViserServer, motions: Sequence[MotionFile]):
        joints = np.stack([content.joints for content in motions], axis=2)  # [P, T, N, 24, 3]
        child = np.arange(1, len(JOINTS))
        self.bones = np.stack([joints[..., np.array(PARENTS)[child], :], joints[..., child, :]], axis=-2)
        self.lines = [
            server.scene.add_line_segments(
                f"hypotheses/person{person}",
                bones[0].reshape(-1, 2, 3),
                tuple((255 * _DARKER * colour).astype(np.uint8).tolist()),
                thickness=_LINE,
            )
            for person, (bones, colour) in enumerate(zip(self.bones, mesh.COLOURS, strict=True))
        ]

    def show(self, frame: int, visible: bool) -> None:
        """Put the lines where they are in a frame."""
        for lines, bones in zip(self.lines, self.bones, strict=True):
            lines.visible = visible
            if visible:
                lines.points = bones[frame].reshape(-1, 2, 3)


class _Plot:
    """Curves of several motions over time beside a scene, of one kind at a time, and a line where the clip stands."""

    def __init__(self, gui: viser.GuiApi, time: np.ndarray, curves: Mapping[str, Mapping[str, np.ndarray]]):
        begin = np.unique(np.linspace(0, len(time), _CURVE_POINTS, endpoint=False).astype(int))
        self.time, self.now = time[begin], -1
        self.curves = {
            kind: [np.fmax.reduceat(values, begin) for values in each.values()] for kind, each in curves.items()
        }
        names = tuple(next(iter(curves.values())))
        series = [
            uplot.Series(label=name, stroke=colour, width=2 if name == RESULT else 1, points={"show": False})
            for name, colour in zip((*names, "now"), (*_CURVE_COLOURS[-len(names) :], _NOW_COLOUR), strict=True)
        ]
        self.kind: Any = gui.add_dropdown("over time", tuple(curves))
        self.chart = gui.add_uplot(
            data=self._data(0),
            series=({"label": "s"}, *series),
            scales=self._scales(),
            height=_CURVE_HEIGHT,
        )
        self.kind.on_update(lambda _: self._change())

    def show(self, seconds: float) -> None:
        """Mark a time of the clip."""
        now = max(int(np.searchsorted(self.time, seconds, side="right")) - 1, 0)
        if now != self.now:
            self.now = now
            self._draw()

    def _change(self) -> None:
        self.chart.scales = self._scales()
        self._draw()

    def _draw(self) -> None:
        self.chart.data = self._data(self.now)

    def _scales(self) -> dict[str, uplot.Scale]:
        """Said outright: of numbers that are none a browser finds no range."""
        return {"x": uplot.Scale(time=False), "y": uplot.Scale(range=(0.0, _HEADROOM * self._top()))}

    def _top(self) -> float:
        return float(np.nanmax(self.curves[self.kind.value], initial=1.0))

    def _data(self, now: int) -> tuple[np.ndarray, ...]:
        """Times and curves, into which the two ends of an upright line are put."""
        curves = self.curves[self.kind.value]
        line = np.full(len(self.time) + 2, np.nan)
        line[now : now + 2] = 0.0, self._top()
        return (*(np.insert(values, now, values[[now, now]]) for values in (self.time, *curves)), line)


def _seconds(content: MotionFile) -> np.ndarray:
    """How long each frame lasts, [T]."""
    return np.diff(content.time, append=content.time[-1] + 1 / content.fps)
