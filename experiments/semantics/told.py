"""What a reconstruction is told of a clip: the truth, rules, nothing, or something else."""

import dataclasses

from sm_jax.data.schema import PairSequence
from sm_jax.text import rules, user
from sm_jax.text.describer import Scene
from sm_jax.text.variants import exchanged, mirrored
from sm_jax.types import Contact, Description, Side

_OTHER: dict[Side | None, Side | None] = {"left": "right", "right": "left", None: None}
TOLD = ("true", "sentence", "rules", "none", "wrong")


def told(kind: str, clip: PairSequence, scene: Scene, seed: int) -> Description:
    """true: a sentence of the class and the true contacts.  sentence: the same sentence, its contacts placed by looking
    at the estimate, as `--text` does.  rules: what the estimate shows.  none: nothing.  wrong: the same class in
    another phase: by the other person, on the other side, half a clip later."""
    sentence, n_frames = clip.texts[seed % len(clip.texts)], scene.n_frames
    match kind:
        case "true":
            return Description(text=sentence, contacts=clip.contacts, source=kind)
        case "sentence":
            return user.say(sentence)(scene)
        case "rules":
            return rules.describe(scene)
        case "none":
            return Description(text="", source=kind)
        case "wrong":
            contacts = tuple(part for contact in clip.contacts for part in _elsewhere(contact, n_frames))
            return Description(text=mirrored(exchanged(sentence)), contacts=contacts, source=kind)
    raise ValueError(f"{kind} is none of {', '.join(TOLD)}")


def _elsewhere(contact: Contact, n_frames: int) -> list[Contact]:
    """The contact on the other sides, of the other person, half a clip later; what passes the end is at the start."""
    moved = dataclasses.replace(
        contact,
        side_a=_OTHER[contact.side_a],
        side_b=_OTHER[contact.side_b],
        person_a=1 - contact.person_a,
    )
    start, end = contact.start + n_frames // 2, min(contact.end, n_frames) + n_frames // 2
    spans = (start, min(end, n_frames)), (max(start, n_frames) - n_frames, end - n_frames)
    return [dataclasses.replace(moved, start=a, end=b) for a, b in spans if b > a]
