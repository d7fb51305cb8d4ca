"""The language in which choreographies are written: roles, what their hands and feet do, and when who touches whom.

Lengths are metres, times seconds, angles degrees. Directions of a person are (forward, left, up); those of a hand or a
foot are (forward, outward, up), so that the same numbers serve both sides.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from sm_jax.synthetic.curves import Keys, glide, keyed
from sm_jax.synthetic.steps import Gait
from sm_jax.types import Side

Vector = tuple[float, float, float]
Way = Callable[[np.ndarray], np.ndarray]  # seconds [T] -> x, y, heading in degrees [T, 3]
STANDING: Keys = ((0.0, 1.0),)
EASY = Gait()
UPRIGHT: Keys = ((0.0, 0.0, 0.0, 0.0),)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Own:
    """A place in front of one's own shoulder: (forward, outward, up) in arm's lengths. palm, fingers: where they point
    in the same axes; None leaves it to the arm."""

    point: Vector
    palm: Vector | None = None
    fingers: Vector | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Between:
    """A place between the people: metres (towards the other, left, up) from the floor midway."""

    point: Vector
    palm: Vector | None = None
    fingers: Vector | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class On:
    """A place on the partner's skin, the palm flat on it. region: sided where it has sides.  towards: the part of the
    region that lies farthest to the partner's (forward, left, up).  lift: metres off the skin.  fingers: where they
    point in the partner's (forward, left, up) at rest; None leaves it to the arm.  touch: whether this is a
    contact that lasts."""

    region: str
    towards: Vector = (0.0, 0.0, 1.0)
    lift: float = 0.02
    fingers: Vector | None = None
    touch: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hand:
    """A hand goes somewhere: there from start to end, `rise` seconds on the way and `fall` seconds on the way back.
    elbow: where it points, (forward, outward, up); None as elbows hang.  beat: how far the hand goes to and fro while
    it is there, in the axes and units of its place, `rate` times a second."""

    side: Side
    to: Own | Between | On
    start: float
    end: float
    rise: float = 0.7
    fall: float = 0.7
    elbow: Vector | None = None
    beat: Vector = (0.0, 0.0, 0.0)
    rate: float = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Foot:
    """A foot is put somewhere other than walking would put it. place: (x, y, up) in the scene's axes.  pitch: heel up.
    knee: (forward, outward, up) where the knee points."""

    side: Side
    place: Vector
    yaw: float
    start: float
    end: float
    rise: float = 0.6
    fall: float = 0.6
    pitch: float = 0.0
    knee: Vector = (1.0, 0.15, 0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Role:
    """What one person does. way: over the floor.  height: of the hips, 1 upright.  trunk: bend (forward, turn to the
    left, lean to the right) in degrees.  look: how much at the partner rather than ahead.  swing: of the arms."""

    way: Way
    hands: tuple[Hand, ...] = ()
    feet: tuple[Foot, ...] = ()
    height: Keys = STANDING
    trunk: Keys = UPRIGHT
    hips: Keys = UPRIGHT
    look: Keys = ((0.0, 0.8),)
    gait: Gait = EASY
    swing: float = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScriptedContact:
    """Regions (sided where they have sides) of a and of b that touch from start to end. held: whether they stay
    together all the time, so that inverse kinematics is to close what gap there is."""

    a: str
    b: str
    start: float
    end: float
    held: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Script:
    """A choreography for two. words: what sentences may name (sides, manners, …)."""

    seconds: float
    a: Role
    b: Role
    touches: tuple[ScriptedContact, ...] = ()
    words: dict[str, str] = dataclasses.field(default_factory=dict)


def travel(*keys: tuple[float, ...]) -> Way:
    """From place to place: keys (seconds, x, y, heading), each stretch at an even pace."""
    return lambda t: keyed(t, keys, glide)


def stay(x: float, y: float, heading: float) -> Way:
    """Standing in one place."""
    return travel((0.0, x, y, heading))


def orbit(radius: float, turn: Keys, facing: float, centre: tuple[float, float] = (0.0, 0.0)) -> Way:
    """Round a centre: turn gives (seconds, bearing of the person from the centre). facing: degrees of the heading to
    the left of the outward direction, 180 towards the centre."""

    def way(t: np.ndarray) -> np.ndarray:
        bearing = keyed(t, turn, glide)[:, 0]
        x, y = (c + radius * f(np.radians(bearing)) for c, f in zip(centre, (np.cos, np.sin), strict=True))
        return np.stack([x, y, bearing + facing], axis=-1)

    return way
