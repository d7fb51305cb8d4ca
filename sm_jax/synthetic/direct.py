"""From a script and its cast to the tracks that bodies perform and the contacts that they should make."""

import numpy as np

from sm_jax.body.skeleton import PAIRED_REGIONS
from sm_jax.synthetic.cast import Person, SkinSpots
from sm_jax.synthetic.curves import drift, ease, keyed, window
from sm_jax.synthetic.figure import PAIR, PARTNER, SHOULDERS, FigureTracks
from sm_jax.synthetic.script import Hand, On, Own, Role, Script, ScriptedContact
from sm_jax.synthetic.steps import Feet, walk
from sm_jax.types import Contact, Side

FPS = 30
CAPACITY = 8  # slots a hand, the first of which lets it hang

_SIDES: tuple[Side, Side] = ("left", "right")
_HANG = (0.03, 0.17, -0.95)  # arm's lengths from the shoulder: forward, outward, up
_ELBOW = (-0.6, 0.45, -1.0)
_KNEE = (1.0, 0.12, 0.0)
_SWAY = 0.008  # metres


def tracks(
    script: Script, people: tuple[Person, Person], skin: SkinSpots, count: int, chance: np.random.Generator
) -> FigureTracks:
    """Tracks of `count` frames, those after the script's end still. Role a is person 0."""
    t = np.minimum(np.arange(count) / FPS, script.seconds)
    roles = (script.a, script.b)
    ways = [role.way(t) for role in roles]
    parts = [_person(p, roles[p], ways, people, skin, t, chance) for p in range(2)]
    return FigureTracks(**{
        name: np.stack([part[name] for part in parts]).astype(np.int32 if name == "hand_frame" else np.float32)
        for name in parts[0]
    })  # fmt: skip


def touches(script: Script) -> tuple[ScriptedContact, ...]:
    """What touches by the script: what it says, and every hand that is on the partner."""
    found = list(script.touches)
    for role, first in ((script.a, True), (script.b, False)):
        for hand in role.hands:
            if isinstance(hand.to, On) and hand.to.touch:
                mine = f"{hand.side}_hand"
                pair = (mine, hand.to.region) if first else (hand.to.region, mine)
                found.append(ScriptedContact(a=pair[0], b=pair[1], start=hand.start, end=hand.end))
    return tuple(found)


def contact(touch: ScriptedContact, count: int) -> Contact:
    """A touch in frames of a sequence of `count`, role a as person 0."""
    (side_a, region_a), (side_b, region_b) = _split(touch.a), _split(touch.b)
    start = int(np.clip(round(touch.start * FPS), 0, count - 1))
    end = int(np.clip(round(touch.end * FPS), start + 1, count))
    return Contact(region_a=region_a, side_a=side_a, region_b=region_b, side_b=side_b, start=start, end=end)


def _split(name: str) -> tuple[Side | None, str]:
    for side in _SIDES:
        if (region := name.removeprefix(f"{side}_")) in PAIRED_REGIONS and region != name:
            return side, region
    return None, name


def _person(p, role: Role, ways, people, skin: SkinSpots, t, chance) -> dict[str, np.ndarray]:
    me, way = people[p], ways[p]
    sway = _SWAY * drift(chance, t, 2, 2.5)
    heading = np.radians(way[:, 2])
    feet = walk(way[:, :2], heading, role.gait)
    forward = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    left = np.stack([-forward[:, 1], forward[:, 0]], axis=-1)
    ahead = ((feet.place - way[:, None, :2]) * forward[:, None]).sum(-1)  # [T, side]
    stride = _smooth(ahead[:, 0] - ahead[:, 1])
    bear = _smooth(feet.air[:, 1] - feet.air[:, 0])  # towards the foot that stands
    feet, knee = _placed(role, feet, heading, t)
    noise = np.radians(1.3) * drift(chance, t, 3, 2.0)
    trunk = np.radians(keyed(t, role.trunk))[:, [0, 1, 2]] + noise
    trunk[:, 1] += 0.25 * stride
    hips = np.radians(keyed(t, role.hips)) + np.stack([0 * bear, -0.12 * stride, 0.05 * bear], axis=-1)
    look = keyed(t, role.look)
    return {
        "way": way[:, :2] + sway + 0.022 * bear[:, None] * left,
        "heading": heading,
        "height": keyed(t, role.height)[:, 0],
        "trunk": trunk,
        "hips": hips,
        "foot_place": feet.place,
        "foot_yaw": feet.yaw,
        "foot_pitch": feet.pitch,
        "foot_lift": feet.lift,
        "knee": knee,
        "gaze": _gaze(p, roles_look=look, ways=ways, people=people, t=t, chance=chance),
        "look": np.full(len(t), 1.0),
        **_hands(p, role, me, skin, t, stride, chance),
    }


def _placed(role: Role, feet: Feet, heading: np.ndarray, t: np.ndarray) -> tuple[Feet, np.ndarray]:
    """The feet where the role puts them, and the knees' directions [T, side, 3], midway between heading and feet."""
    place, yaw, pitch, lift = (x.copy() for x in (feet.place, feet.yaw, feet.pitch, feet.lift))
    turn = 0.5 * np.angle(np.exp(1j * (yaw - heading[:, None])))
    rest = np.stack([_local(_KNEE, side) for side in _SIDES])
    left, up, forward = np.moveaxis(np.broadcast_to(rest, (len(t), 2, 3)), -1, 0)
    c, s = np.cos(turn), np.sin(turn)
    knee = np.stack([c * left + s * forward, up, c * forward - s * left], axis=-1)
    for foot in role.feet:
        side = _SIDES.index(foot.side)
        w = window(t, foot.start, foot.end, foot.rise, foot.fall)
        place[:, side] += w[:, None] * (np.array(foot.place[:2]) - place[:, side])
        lift[:, side] += w * (foot.place[2] - lift[:, side])
        # A foot on its way between two places on the floor leaves it.
        lift[:, side] += 0.05 * np.sin(np.pi * w) ** 2
        yaw[:, side] += w * (np.radians(foot.yaw) - yaw[:, side])
        pitch[:, side] += w * (np.radians(foot.pitch) - pitch[:, side])
        knee[:, side] += w[:, None] * (_local(foot.knee, foot.side) - knee[:, side])
    return Feet(place=place, yaw=yaw, pitch=pitch, lift=lift, air=feet.air), knee


def _gaze(p, roles_look, ways, people, t, chance) -> np.ndarray:
    """World points [T, 3] between the partner's head and one far ahead."""
    heading = np.radians(ways[p][:, 2])
    height = 0.93 * people[p].stature
    ahead = np.stack(
        [*(ways[p][:, :2].T + 2.5 * np.stack([np.cos(heading), np.sin(heading)])), 0 * t + height - 0.3], -1
    )
    other = np.concatenate([ways[1 - p][:, :2], np.full((len(t), 1), 0.88 * people[1 - p].stature)], axis=-1)
    return ahead + roles_look * (other - ahead) + 0.06 * drift(chance, t, 3, 1.5)


def _hands(p, role: Role, me: Person, skin: SkinSpots, t, stride, chance) -> dict[str, np.ndarray]:
    shape = (len(t), 2, CAPACITY)
    frame = np.zeros((2, CAPACITY), np.int32)
    point, fingers, palm = (np.zeros((*shape, 3)) for _ in range(3))
    palm[..., 1] = -1.0
    aim, weight = np.zeros(shape), np.zeros(shape)
    elbow = np.stack([np.tile(_local(_ELBOW, side), (len(t), 1)) for side in _SIDES], axis=1)
    for s, side in enumerate(_SIDES):
        swing = -0.4 * role.swing * stride * (1 if s == 0 else -1)
        point[:, s, 0] = me.arm * _local(_HANG, side) + 0.012 * drift(chance, t, 3, 2.0)
        point[:, s, 0] += np.stack([0 * t, 0.3 * np.abs(swing), swing], axis=-1)
        frame[s, 0], weight[:, s, 0] = SHOULDERS[s], 1.0
        for k, hand in enumerate((hand for hand in role.hands if hand.side == side), start=1):
            frame[s, k], (at, palm[:, s, k], fingers[:, s, k], beat), aim[:, s, k] = _target(p, hand, me, skin)
            going = window(t, hand.start, hand.end, 0.2, 0.2) * np.sin(2.0 * np.pi * hand.rate * (t - hand.start))
            point[:, s, k] = at + going[:, None] * beat
            weight[:, s, k] = window(t, hand.start, hand.end, hand.rise, hand.fall)
            if not isinstance(hand.to, On):
                point[:, s, k] += 0.006 * drift(chance, t, 3, 1.5)
            if hand.elbow is not None:
                elbow[:, s] += weight[:, s, k, None] * (_local(hand.elbow, side) - elbow[:, s])
    names = ("frame", "point", "fingers", "palm", "aim", "weight")
    values = (frame, point, fingers, palm, aim, weight)
    return {f"hand_{name}": value for name, value in zip(names, values, strict=True)} | {"elbow": elbow}


def _target(p: int, hand: Hand, me: Person, skin: SkinSpots):
    """Frame of a hand's place, (point, palm, fingers, beat) in it, and whether palm and fingers matter, 0 or 1."""
    to, side, free = hand.to, hand.side, (0.0, 0.0, 0.0)
    if isinstance(to, On):
        joint, offset, normal = skin.spot(1 - p, to.region, _axes(to.towards))
        return PARTNER + joint, (offset + to.lift * normal, -normal, _axes(to.fingers or free), _axes(hand.beat)), 1.0
    if isinstance(to, Own):
        axes, frame, scale = (lambda v: _local(v, side)), SHOULDERS[_SIDES.index(side)], me.arm
    else:
        axes, frame, scale = _axes, PAIR, 1.0
    place = scale * axes(to.point), axes(to.palm or (0.0, 0.0, -1.0)), axes(to.fingers or free), scale * axes(hand.beat)
    return frame, place, 0.0 if to.palm is None else 1.0


def _axes(v) -> np.ndarray:
    """(forward, left, up) -> local (left, up, forward)."""
    return np.array([v[1], v[2], v[0]], np.float64)


def _local(v, side: Side) -> np.ndarray:
    """(forward, outward, up) of a side -> local (left, up, forward)."""
    return _axes((v[0], v[1] if side == "left" else -v[1], v[2]))


def _smooth(x: np.ndarray, width: int = 9) -> np.ndarray:
    """[T] with corners rounded over `width` frames."""
    kernel = ease(np.concatenate([np.linspace(0, 1, width), np.linspace(1, 0, width)]))
    return np.convolve(np.pad(x, width, mode="edge"), kernel / kernel.sum(), mode="same")[width:-width]
