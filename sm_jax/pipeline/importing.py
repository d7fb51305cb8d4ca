"""Two people out of another tool's result as what was seen of them, in one camera and one z-up world at 30 fps.

What the tool says of a person is the estimate; a frame without the person is a frame in which nothing of the person was
seen, for the infiller to fill. Keypoints are the file's own, or those of the front-end where the video is beside it,
or, where there is neither, the projection of the estimate: it says where in the picture the tool saw the body.
"""

import dataclasses
import functools
import logging
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.assets.arrays import Unreadable, npz_names
from sm_jax.assets.files import check_writable, replacing
from sm_jax.body import smpl
from sm_jax.body.skeleton import KEYPOINT_JOINTS
from sm_jax.errors import UserError
from sm_jax.fitting.monocular.fit import estimate_up
from sm_jax.fitting.monocular.residuals import STATURE, MonocularFit, lowest_sole
from sm_jax.geometry.camera import project_points
from sm_jax.geometry.rotations import shortest_arc
from sm_jax.motion.frames import map_on_host, pad, pad_motion
from sm_jax.motion.resample import FPS, read_points, read_rotations
from sm_jax.perception.fusion import FusedKeypoints
from sm_jax.perception.importers.estimate import Estimate, SourceCamera, Track, centred
from sm_jax.perception.importers.options import ImportOptions, Tool
from sm_jax.perception.importers.read import read_estimate
from sm_jax.perception.importers.refit import refit
from sm_jax.perception.observation_file import is_observation
from sm_jax.perception.video import Video
from sm_jax.pipeline.interacting_pair import TrackPair, choose_pair
from sm_jax.pipeline.models import as_body
from sm_jax.pipeline.observe import fit_people, input_path, see, to_world, visibility
from sm_jax.pipeline.observed_clip import ObservedClip
from sm_jax.pipeline.plausibility import remarks
from sm_jax.types import Array, Camera, Motion, Observation

_LOGGER = logging.getLogger(__name__)

PROJECTED = 0.5  # confidence of keypoints that are the estimate's own projection
_SAME_SIZE, _SAME_RATE = 2.0, 0.01  # pixels, and share: less is no difference between a video and what is said of it
# Of a person's size, between where a file and the video's keypoints have the person: another view of the same people is
# 38 to 49 % off in the sample clip, the right one a few.
_ASIDE, _ELSEWHERE = 0.15, 0.3
_NEAREST = 0.1  # metres before the camera; nobody is nearer
_FEW = 5  # keypoints that it takes to say where a person is
_LONGEST = 100_000  # frames
_MADE_UP = (1920.0, 1080.0)  # pixels of the camera that is put before people of a world without one
_RESULTS = (".pkl", ".pt", ".pth", ".npy", ".json")  # what no video, and none of ours, ends in


def import_clip(
    paths: Sequence[str | os.PathLike[str]],
    *,
    tool: Tool = "auto",
    people: str | None = None,
    video: str | os.PathLike[str] | None = None,
    body: smpl.Body | str | os.PathLike[str] | None = None,
    focal: float | None = None,
    fps: float | None = None,
    image_size: tuple[int, int] | None = None,
    progress: bool = True,
) -> ObservedClip:
    """Two people of another tool's result, as `observe` would have seen them.

    paths: its file, files or folder.  tool: whose they are.  people: the two, by the tool's numbers, `3,7`; pieces of
    one person are joined, `3+12,7`. By default the two who are near each other for longest, the one on the left first.
    video: the film of which the result is, as `observe` takes it; its frames are the result's, and its keypoints are
    added.  body, focal, progress: as of `observe`; a focal length that the file has is used.  fps, image_size: of the
    film, (width, height), where neither the file nor the video says.
    Raises UserError for files that cannot be read, without two people, where one of the above has to be given, and for
    a video that is not the file's.
    """
    return import_estimate(
        read_estimate([Path(path) for path in paths], tool),
        source=", ".join(os.fspath(path) for path in paths),
        people=people,
        video=video,
        body=body,
        focal=focal,
        fps=fps,
        image_size=image_size,
        progress=progress,
    )


def import_estimate(
    estimate: Estimate,
    *,
    source: str,
    people: str | None = None,
    video: str | os.PathLike[str] | None = None,
    body: smpl.Body | str | os.PathLike[str] | None = None,
    focal: float | None = None,
    fps: float | None = None,
    image_size: tuple[int, int] | None = None,
    progress: bool = True,
) -> ObservedClip:
    """`import_clip` of what was read already, or was never in a file. source: what messages call it."""
    model = as_body(body)
    if video is not None and estimate.up is not None:
        raise UserError(f"--video {video}: {estimate.tool} is not of a video")
    film, evidence = None, None
    if video is not None:
        fits = functools.partial(_check_video, estimate, fps, image_size, source)
        film, evidence = see(input_path(video), progress=progress, accept=fits)
    size = _size(estimate, film, image_size, source)
    camera, K, guessed = _cameras(estimate, size, focal, source)
    if camera is not None:
        estimate = dataclasses.replace(estimate, tracks=tuple(_before_camera(estimate.tracks, source)))
    if camera is not None and not camera.is_real:
        estimate = dataclasses.replace(estimate, tracks=tuple(_at_focal(t, camera.K, K) for t in estimate.tracks))
    pair = choose_pair(estimate, K, people, source)
    grid = _grid(pair, _times(estimate, pair, film, fps), source)
    found = _associated(evidence, grid) if evidence is not None else None
    if estimate.family is None:
        observation = _from_keypoints(model, pair, grid, found, K, size)
    elif estimate.up is not None:
        observation = _from_world(model, estimate, pair, grid)
    else:
        assert camera is not None
        observation = _from_motion(model, estimate, pair, grid, found, dataclasses.replace(camera, K=K), size)
    clip = ObservedClip(
        observation=observation,
        body=model,
        source=source,
        video=film,
        focal_is_heuristic=guessed,
        remarks=tuple(remarks(model, observation)),
    )
    clip.say()
    return clip


def import_with(
    paths: Sequence[Path], options: ImportOptions, *, body: smpl.Body | str, focal: float | None
) -> ObservedClip:
    """`import_clip` with what a user said at the command line."""
    return import_clip(
        paths,
        tool=options.tool or "auto",
        people=options.people,
        video=options.video,
        body=body,
        focal=focal,
        fps=options.fps,
        image_size=options.image_size,
    )


def import_to_file(
    inputs: Sequence[str], out: Path, *, options: ImportOptions, body_name: str, focal: float | None, overwrite: bool
) -> None:
    """Import and write an observation .npz. Raises UserError for any fault in the inputs, the output or the options."""
    if out.suffix != ".npz":
        raise UserError(f"--out {out}: name a file that ends in .npz")
    check_writable(out, overwrite=overwrite, ours=is_observation)
    clip = import_with([Path(name) for name in inputs], options, body=body_name, focal=focal)
    with replacing(out) as path:
        clip.save(path)
    seen = np.asarray(clip.observation.visibility).max(axis=-1) > 0
    missing = " and ".join(f"{int((~own).sum())}" for own in seen)
    print(f"{out}: {seen.shape[1]} frames, of which the two people are missing in {missing}")


def result_paths(sources: Sequence[str], options: ImportOptions) -> tuple[Path, ...] | None:
    """The files of another tool's result, if that is what the sources of a reconstruction are; None for a video, a
    folder of pictures, or an observation. Raises UserError for options that mean nothing then."""
    paths = tuple(Path(source) for source in sources)
    if options.tool is not None or len(paths) != 1 or is_result(paths[0]):
        if gone := next((path for path in paths if not path.exists()), None):
            raise UserError(f"{gone}: no such file; give a result of another tool")
        return paths
    given = [name for name in ("video", "fps", "image_size") if getattr(options, name) is not None]
    if given == ["video"] and paths[0].suffix == ".npz":  # an observation's, which lies elsewhere now
        return None
    if given:
        raise UserError(f"--{given[0].replace('_', '-')} is for other tools' results; say with --from whose this is")
    return None


def is_result(path: Path) -> bool:
    """Whether a path's name, or of an .npz file its content, is that of another tool's result."""
    return path.suffix in _RESULTS or _is_foreign(path)


def _is_foreign(path: Path) -> bool:
    """Whether an .npz file is another tool's."""
    if path.suffix != ".npz":
        return False
    try:
        keys = npz_names(path)
    except (FileNotFoundError, Unreadable):  # the reader of observations says what is wrong with it
        return False
    return "format" not in keys and bool({"results", "root_orient", "trans"} & keys)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class _Grid:
    """Frames [n] at 30 fps. rows: which of 0, 1/30, 2/30 … seconds of the film they are.  position: the film's
    fractional frame.  index: the nearest.  seen: [2, n] whether the file has each person there."""

    rows: np.ndarray
    position: np.ndarray
    index: np.ndarray
    seen: np.ndarray


def _check_video(
    estimate: Estimate, fps: float | None, image_size: tuple[int, int] | None, source: str, film: Video
) -> None:
    """Raises UserError for a video of other pictures, of fewer frames, or unlike what the user says of it."""
    shape = f"{film.path} has {film.width} x {film.height}"
    for what, size in ((f"{source} is of", estimate.image_size), ("--image-size says", image_size)):
        if size and np.abs(np.subtract(size, (film.width, film.height))).max() > _SAME_SIZE:
            raise UserError(f"{what} pictures of {round(size[0])} x {round(size[1])} pixels, and {shape}")
    if fps is not None and abs(fps / film.fps - 1) > _SAME_RATE:
        raise UserError(f"--fps says {fps:g} frames a second, and {film.path} has {film.fps:.4g}: leave the option out")
    last = max(int(track.frames[-1]) for track in estimate.tracks)
    if last >= film.frames:
        raise UserError(f"{source}: goes to frame {last}, and {film.path} has {film.frames}: another video")


def _size(estimate: Estimate, film: Video | None, given: tuple[int, int] | None, source: str) -> tuple[float, float]:
    size = (film.width, film.height) if film is not None else estimate.image_size or given
    if estimate.up is not None:
        return _MADE_UP
    if size is None:
        raise UserError(f"{source}: {estimate.tool} does not store the picture's size; give --video or --image-size")
    return float(size[0]), float(size[1])


def _cameras(
    estimate: Estimate, size: tuple[float, float], focal: float | None, source: str
) -> tuple[SourceCamera | None, np.ndarray, bool]:
    """The camera of the file's people, intrinsics [3, 3] to bring them to, and whether these are a guess."""
    if focal is not None and not (math.isfinite(focal) and focal > 0):
        raise UserError(f"focal length {focal}: must be a positive number of pixels")
    camera = estimate.camera
    if camera is None and estimate.camera_of is not None:
        camera = estimate.camera_of(*size)
    if camera is None and estimate.family is not None and estimate.up is None:
        if focal is None:
            raise UserError(
                f"{source}: {estimate.tool} does not store its camera; give the --focal that it was run with"
            )
        camera = SourceCamera(K=centred(focal, *size), is_real=True)
    if camera is not None and camera.is_real and focal is None:
        return camera, camera.K, False
    length = focal or math.hypot(*size)
    if focal is None and estimate.up is None:
        _LOGGER.warning("focal length unknown: taking the picture's diagonal, %.0f px (--focal sets it)", length)
    K = centred(length, *size)
    if camera is not None:
        K[:2, 2] = camera.K[:2, 2]
        camera = dataclasses.replace(camera, is_real=bool(np.allclose(K, camera.K)))
    return camera, K, focal is None and estimate.up is None


def _before_camera(tracks: Sequence[Track], source: str) -> Iterator[Track]:
    """The tracks without frames in which a person would be behind the camera. Raises UserError where none is left."""
    left = 0
    for track in tracks:
        assert track.rotations is not None and track.trans is not None
        rows = np.flatnonzero(track.trans[:, 2] > _NEAREST)
        if len(rows) == 0:
            continue
        left += 1
        yield dataclasses.replace(
            track,
            frames=track.frames[rows],
            confidence=track.confidence[rows],
            rotations=track.rotations[rows],
            trans=track.trans[rows],
            axes=np.broadcast_to(track.axes, (len(track.frames), 3, 3))[rows],
        )
    if left == 0:
        raise UserError(f"{source}: everybody is behind the camera; give a result in the camera's frame")


def _at_focal(track: Track, K: np.ndarray, real: np.ndarray) -> Track:
    """A person as another focal length would have it: as large in the picture, in the same place, seen from the same
    side."""
    assert track.rotations is not None and track.trans is not None
    f, focal = K[[0, 1], [0, 1]], real[[0, 1], [0, 1]]
    x = track.trans[:, :2] / track.trans[:, 2:] * f
    z = track.trans[:, 2:] * focal[0] / f[0]
    trans = np.concatenate([x / focal * z, z], axis=1)
    both = np.stack([track.trans, trans], axis=1).astype(np.float32)
    turned = map_on_host(lambda both: shortest_arc(both[:, 0], both[:, 1]), both, 0)
    rotations = track.rotations.copy()
    rotations[:, 0] = turned @ rotations[:, 0]
    return dataclasses.replace(track, rotations=rotations, trans=trans)


def _times(estimate: Estimate, pair: TrackPair, film: Video | None, fps: float | None) -> np.ndarray:
    """Seconds of the film's frames, from the first one of all."""
    last = max(int(track.frames[-1]) for track in pair)
    if film is not None:
        return film.times
    if fps is not None and not 1 <= fps <= 1000:
        raise UserError(f"--fps {fps:g}: give a number from 1 to 1000")
    rate = estimate.fps or fps
    if rate is None:
        _LOGGER.warning("frame rate unknown: taking %.0f frames a second (--fps sets it)", FPS)
    return np.arange(last + 1) / (rate or FPS)


def _grid(pair: TrackPair, times: np.ndarray, source: str) -> _Grid:
    first, last = min(int(t.frames[0]) for t in pair), max(int(t.frames[-1]) for t in pair)
    if not 1 < last - first + 1 <= _LONGEST:
        raise UserError(f"{source}: {last - first + 1} frames; give from 2 to {_LONGEST}")
    rows = np.arange(math.ceil(times[first] * FPS - 1e-6), math.floor(times[last] * FPS + 1e-6) + 1)
    if len(rows) < 2:
        raise UserError(f"{source}: {times[last] - times[first]:.3f} seconds are too short")
    position = np.interp(rows / FPS, times, np.arange(len(times)))
    index = np.rint(position).astype(np.int64)
    return _Grid(
        rows=rows, position=position, index=index, seen=np.stack([np.isin(index, track.frames) for track in pair])
    )


def _associated(evidence: FusedKeypoints, grid: _Grid) -> FusedKeypoints:
    """The front-end's keypoints on the grid's frames."""
    rows = np.minimum(grid.rows, len(evidence.times) - 1)
    return FusedKeypoints(
        evidence.keypoints[:, rows],
        evidence.confidence[:, rows],
        evidence.metres[:, rows],
        evidence.trusted[:, rows],
        evidence.times[rows],
        grid.index,
    )


def _swapped(found: FusedKeypoints) -> FusedKeypoints:
    per_person = ("keypoints", "confidence", "metres", "trusted")
    return dataclasses.replace(found, **{name: getattr(found, name)[::-1] for name in per_person})


def _added(
    keypoints: np.ndarray, confidence: np.ndarray, found: FusedKeypoints | None
) -> tuple[np.ndarray, np.ndarray, FusedKeypoints | None]:
    """Keypoints [2, n, K, 2] and confidence [2, n, K] with those of the front-end where it is surer, and all of the
    front-end's in the order of the file's people. Raises UserError where these are people of another video."""
    if found is None:
        return keypoints, confidence, None

    def apart(other: FusedKeypoints) -> float:
        weight = confidence * other.confidence
        distance = np.linalg.norm(keypoints - other.keypoints, axis=-1)
        return float((weight * distance).sum() / max(weight.sum(), 1e-6))

    found = min(found, _swapped(found), key=apart)
    _check_agreement(keypoints, confidence, found)
    surer = found.confidence > confidence
    return np.where(surer[..., None], found.keypoints, keypoints), np.where(surer, found.confidence, confidence), found


def _check_agreement(keypoints: np.ndarray, confidence: np.ndarray, found: FusedKeypoints) -> None:
    """Say how far a file's people are from those of the video, where they are; raises UserError where these are others:
    frames were left out before the tool saw them, or it saw another video."""
    both = (confidence > 0) & (found.confidence > 0)
    shown = both.sum(axis=-1) >= _FEW
    if not shown.any():
        return
    points, seen = keypoints[shown], np.where(both[shown][..., None], found.keypoints[shown], np.nan)
    size = np.linalg.norm(np.nanmax(seen, axis=1) - np.nanmin(seen, axis=1), axis=-1)
    off = float(np.median(np.nanmedian(np.linalg.norm(points - seen, axis=-1), axis=1) / np.maximum(size, 1.0)))
    said = f"the file's people are {100 * off:.0f} % of their size from where the video has them"
    if off > _ELSEWHERE:
        raise UserError(f"--video: {said}: another video, or one of other frames than the tool was given")
    if off > _ASIDE:
        _LOGGER.warning("%s: is it the one, with the frames, that the tool was given?", said)


def _at(track: Track, grid: _Grid) -> np.ndarray:
    """Where [n] in a track, as a fractional row, each of the grid's frames is; held at its ends."""
    return np.interp(grid.position, track.frames, np.arange(len(track.frames)))


def _sure(pair: TrackPair, grid: _Grid) -> np.ndarray:
    """[2, n] how sure the tool is that each person is there; zero where it did not see the person."""
    nearest = [np.rint(_at(track, grid)).astype(int) for track in pair]
    return grid.seen * np.stack([track.confidence[rows] for track, rows in zip(pair, nearest, strict=True)])


def _from_keypoints(
    body: smpl.Body,
    pair: TrackPair,
    grid: _Grid,
    found: FusedKeypoints | None,
    K: np.ndarray,
    size: tuple[float, float],
) -> Observation:
    """The bodies are fitted to the keypoints."""
    points, sure = [], []
    for track in pair:
        assert track.keypoints is not None and track.keypoint_confidence is not None
        points.append(read_points(track.keypoints, _at(track, grid)))
        sure.append(read_points(track.keypoint_confidence, _at(track, grid)))
    keypoints, confidence, found = _added(np.stack(points), np.stack(sure) * grid.seen[..., None], found)
    metres, trusted = _laid_flat(keypoints, confidence), np.zeros(grid.seen.shape, bool)
    if found is not None:
        metres, trusted = np.where(found.trusted[..., None, None], found.metres, metres), found.trusted
    evidence = FusedKeypoints(
        keypoints.astype(np.float32),
        confidence.astype(np.float32),
        metres.astype(np.float32),
        trusted,
        grid.rows / FPS,
        grid.index,
    )
    scene = fit_people(body, evidence, K.astype(np.float32))
    camera, motion = to_world(scene, K.astype(np.float32), np.asarray(size, np.float32))
    shown = visibility(body, motion, camera, evidence.confidence)
    return _observation(evidence.keypoints, evidence.confidence, motion, shown, camera, grid)


def _laid_flat(keypoints: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Keypoints [2, n, K, 2] as metres [2, n, K, 3] in the picture's plane, for a first guess."""
    seen = (confidence > 0)[..., None]
    low, high = np.where(seen, keypoints, np.inf).min(axis=2), np.where(seen, keypoints, -np.inf).max(axis=2)
    size = np.linalg.norm(np.where(np.isfinite(high - low), high - low, 0.0), axis=-1)[..., None, None]
    metres = keypoints * STATURE / np.maximum(size, 1.0)
    return np.concatenate([metres, np.zeros((*metres.shape[:-1], 1))], axis=-1)


def _from_motion(
    body: smpl.Body,
    estimate: Estimate,
    pair: TrackPair,
    grid: _Grid,
    found: FusedKeypoints | None,
    source: SourceCamera,
    size: tuple[float, float],
) -> Observation:
    """The file's motion, refitted to the body, in a world whose vertical the people show."""
    R, t = _path(source, grid)
    motion = _motion(body, estimate, pair, grid, R, t)
    scene = _scene(body, motion, grid, None)
    still, motion = to_world(scene, source.K.astype(np.float32), np.asarray(size, np.float32))
    back = R.swapaxes(-1, -2)
    camera = Camera(
        K=still.K,
        R=(back @ still.R).astype(np.float32),
        t=(back @ (still.t - t)[..., None])[..., 0].astype(np.float32),
        image_size=still.image_size,
    )
    sure = _sure(pair, grid)
    pixels = _pixels(body, motion, camera)
    shown = visibility(body, motion, camera, np.repeat(sure[..., None], pixels.shape[2], axis=2))
    confidence = PROJECTED * shown[..., np.array(KEYPOINT_JOINTS)]
    keypoints, confidence, found = _added(pixels, confidence, found)
    if found is not None:
        shown = visibility(body, motion, camera, found.confidence) * (sure[..., None] > 0)
    return _observation(keypoints, confidence, motion, shown, camera, grid)


def _path(source: SourceCamera, grid: _Grid) -> tuple[np.ndarray, np.ndarray]:
    """Reference from camera, rotation [n, 3, 3] and translation [n, 3], on the grid."""
    n = len(grid.index)
    if source.R is None or source.t is None:
        return np.tile(np.eye(3), (n, 1, 1)), np.zeros((n, 3))
    position = np.minimum(grid.position, len(source.R) - 1)
    return read_rotations(source.R, position), read_points(source.t, position)


def _motion(body: smpl.Body, estimate: Estimate, pair: TrackPair, grid: _Grid, R: np.ndarray, t: np.ndarray) -> Motion:
    """Both people in the reference frame on the grid; where one is missing, interpolated."""
    assert estimate.family is not None
    rotations, pelvis, betas = [], [], []
    for track in pair:
        own = refit(track, estimate.family, body)
        turned, place = read_rotations(own.rotations, _at(track, grid)), read_points(own.pelvis, _at(track, grid))
        turned[:, 0] = R @ turned[:, 0]
        rotations.append(turned)
        pelvis.append((R @ place[..., None])[..., 0] + t)
        betas.append(own.betas)
    turned = np.stack(rotations).astype(np.float32)
    return Motion(
        global_orient=turned[:, :, 0],
        body_pose=turned[:, :, 1:],
        pelvis=np.stack(pelvis).astype(np.float32),
        betas=np.stack(betas).astype(np.float32),
    )


def _scene(body: smpl.Body, motion: Motion, grid: _Grid, up: np.ndarray | None) -> MonocularFit:
    """The motion, the vertical, and the level at which each person stands."""
    posed, standing = smpl.pose(body, pad_motion(motion)), np.ones((), np.float32)
    if up is None:
        seen = pad(grid.seen.astype(np.float32), 1, "constant")
        up, standing = jax.device_get(estimate_up(posed.joints, seen, seen.max(axis=0)))
    soles = np.asarray(lowest_sole(body, posed, jnp.asarray(up, jnp.float32)))[:, : grid.seen.shape[1]]
    levels = np.array([np.median(own[shown]) for own, shown in zip(soles, grid.seen, strict=True)], np.float32)
    return MonocularFit(motion=motion, up=up, level=levels, standing=standing)


def _from_world(body: smpl.Body, estimate: Estimate, pair: TrackPair, grid: _Grid) -> Observation:
    """Motion of a world that no camera saw: one is put before the people, at a distance from which it sees them all."""
    _LOGGER.warning("%s: no camera saw this; one is put before the people", estimate.tool)
    n = len(grid.index)
    motion = _motion(body, estimate, pair, grid, np.tile(np.eye(3), (n, 1, 1)), np.zeros((n, 3)))
    scene = _scene(body, motion, grid, estimate.up)
    K = centred(_MADE_UP[0], *_MADE_UP).astype(np.float32)
    _, motion = to_world(scene, K, np.asarray(_MADE_UP, np.float32))
    reach = float(np.abs(motion.pelvis[..., :2]).max())
    # It looks along y from its own distance, at the height of a chest.
    R = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)
    t = np.array([0.0, 1.0, 3.0 * reach + 4.0], np.float32)
    camera = Camera(K=K, R=np.tile(R, (n, 1, 1)), t=np.tile(t, (n, 1)), image_size=np.asarray(_MADE_UP, np.float32))
    pixels = _pixels(body, motion, camera)
    shown = np.repeat(grid.seen[..., None].astype(np.float32), motion.body_pose.shape[2] + 1, axis=2)
    confidence = PROJECTED * shown[..., np.array(KEYPOINT_JOINTS)]
    return _observation(pixels, confidence, motion, shown, camera, grid)


def _pixels(body: smpl.Body, motion: Motion, camera: Camera) -> np.ndarray:
    """Where a body's keypoints [2, n, K, 2] are in the picture."""
    padded = dataclasses.replace(camera, R=pad(np.asarray(camera.R), 0), t=pad(np.asarray(camera.t), 0))
    return np.asarray(_project(body, pad_motion(motion), padded))[:, : motion.pelvis.shape[1]]


@jax.jit
def _project(body: smpl.Body, motion: Motion, camera: Camera) -> Array:
    return project_points(jax.tree.map(jnp.asarray, camera), smpl.keypoints(body, smpl.pose(body, motion)))[0]


def _observation(
    keypoints: np.ndarray, confidence: np.ndarray, motion: Motion, shown: np.ndarray, camera: Camera, grid: _Grid
) -> Observation:
    return Observation(
        keypoints=keypoints.astype(np.float32),
        keypoint_confidence=confidence.astype(np.float32),
        motion=motion,
        visibility=shown.astype(np.float32),
        camera=camera,
        fps=np.array(FPS, np.float32),
        frame_index=grid.index,
        frame_mask=np.ones(len(grid.index), np.float32),
    )
