"""Which describer, from what a user says: options first, environment variables where they are silent."""

import dataclasses
import math
import os
from typing import Annotated, Literal

import tyro

from sm_jax.errors import UserError
from sm_jax.text.describers import from_user, rules
from sm_jax.text.describers.describer import Describer

Kind = Literal["rules", "text", "openai", "transformers"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vision:
    """Asking a vision-language model (with openai or transformers)."""

    endpoint: Annotated[str | None, tyro.conf.arg(metavar="URL")] = None
    """An OpenAI-compatible server (http://localhost:11434/v1), else $OPENAI_BASE_URL; without one, nothing is sent."""
    model: Annotated[str | None, tyro.conf.arg(metavar="NAME|FOLDER")] = None
    """The model's name at the endpoint (else $OPENAI_MODEL), or a local checkpoint's folder or name on the hub."""
    api_key: Annotated[str | None, tyro.conf.arg(metavar="KEY")] = None
    """Key of the endpoint; better in $OPENAI_API_KEY, since other users may see a command's options."""
    images: Annotated[int, tyro.conf.arg(metavar="NUMBER")] = 8
    """Pictures that the model is shown."""
    timeout: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = 120.0
    """Seconds to wait for one answer of the endpoint."""
    max_tokens: Annotated[int, tyro.conf.arg(metavar="NUMBER")] = 1500
    """Tokens of one answer, at most."""
    max_requests: Annotated[int, tyro.conf.arg(metavar="NUMBER")] = 8
    """Requests to the endpoint, at most, repeated ones included."""


def choose(kind: Kind | None, text: str | None, vision: Vision) -> Describer:
    """The describer that was asked for: `text` where there is one, else `rules`, unless `kind` says otherwise.

    Raises UserError for options that contradict each other or miss what the describer needs.
    """
    kind = kind or ("rules" if text is None else "text")
    if kind != "text" and text is not None:
        raise UserError(f"--text is a description, and {kind} would make another: give one of the two")
    if kind == "rules":
        return rules.describe
    if kind == "text":
        if text is None:
            raise UserError("describing with text takes the sentence, or a .json file, after --text")
        return from_user.describe_text(text)
    for name, value, most in (
        ("images", vision.images, 64),
        ("timeout", vision.timeout, 3600),
        ("max-tokens", vision.max_tokens, 100_000),
        ("max-requests", vision.max_requests, 1000),
    ):
        if not (math.isfinite(value) and 0 < value <= most):
            raise UserError(f"--{name} {value}: give a number from 1 to {most}")
    return _openai(vision) if kind == "openai" else _transformers(vision)


def _openai(vision: Vision) -> Describer:
    from sm_jax.text.describers import openai, vlm

    url = vision.endpoint or os.environ.get("OPENAI_BASE_URL")
    if not url:
        raise UserError(
            "nothing was sent: name the server that may see the pictures with --endpoint or OPENAI_BASE_URL,"
            f" such as {openai.EXAMPLE}"
        )
    name = vision.model or os.environ.get("OPENAI_MODEL")
    if not name:
        raise UserError(f"{url}: name one of its models that take pictures with --model or OPENAI_MODEL")
    endpoint = openai.Endpoint(
        url=url,
        model=name,
        key=(vision.api_key or os.environ.get("OPENAI_API_KEY") or "").strip() or None,
        timeout=vision.timeout,
        max_tokens=vision.max_tokens,
        max_requests=vision.max_requests,
    )
    return vlm.describer(openai.model(endpoint), vision.images)


def _transformers(vision: Vision) -> Describer:
    from sm_jax.text.describers import transformers, vlm

    if not vision.model:
        raise UserError("describing with transformers takes a checkpoint's folder or hub name after --model")
    return vlm.describer(transformers.model(vision.model, vision.max_tokens), vision.images)
