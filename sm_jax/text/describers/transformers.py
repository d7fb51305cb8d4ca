"""A vision-language checkpoint on this machine, by the path of its folder or its name on the Hugging Face hub.

Only safetensors are loaded, and no code that comes with a checkpoint is ever run.
"""

import functools
import importlib
import io
import logging
import pathlib
from collections.abc import Sequence
from typing import Any

from sm_jax.errors import UserError
from sm_jax.text.describers.vlm import Message, Model
from sm_jax.text.description_json import BadReply, one_line

_LOGGER = logging.getLogger(__name__)

_NEEDS = "pip install 'sm_jax[vlm-local]'"


def model(checkpoint: str, max_tokens: int = 1500) -> Model:
    """The checkpoint, to be asked; it is loaded when it first is.

    Raises UserError, then, if the extra `vlm-local` is not installed or the checkpoint is no vision-language model.
    """
    folder = pathlib.Path(checkpoint).expanduser()
    identity: dict[str, object] = {"checkpoint": str(folder.resolve()) if folder.is_dir() else checkpoint}
    if folder.is_dir():  # weights change under the same name; their bytes are too many to read for that
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        identity["files"] = [(str(p.relative_to(folder)), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
        checkpoint = str(folder)
    load = functools.cache(functools.partial(_load, checkpoint))

    def ask(messages: Sequence[Message]) -> str:
        return _generate(*load(), messages, max_tokens, checkpoint)

    return Model(name=one_line(checkpoint, 80), identity=identity, ask=ask)


def _load(checkpoint: str) -> tuple[Any, Any]:
    """The processor and the network, on the accelerator if there is one."""
    try:
        importlib.import_module("PIL")  # the processors ask for it late and wordily
        hf = importlib.import_module("transformers")
    except ImportError as error:
        raise UserError(f"a local model needs {error.name}; {_NEEDS}") from error
    _LOGGER.info("loading %s", checkpoint)
    try:
        processor = hf.AutoProcessor.from_pretrained(checkpoint, trust_remote_code=False)
        network = hf.AutoModelForImageTextToText.from_pretrained(
            checkpoint, dtype="auto", device_map="auto", use_safetensors=True, trust_remote_code=False
        )
    except ImportError as error:
        raise UserError(f"{checkpoint} needs more than is installed ({_short(error)}); {_NEEDS}") from error
    except Exception as error:  # missing, damaged, unsafe, of another kind: reported in a dozen ways
        raise UserError(
            f"{checkpoint} cannot be loaded as a vision-language model with safetensors ({_short(error)});"
            " name the folder of one, or one on the hub"
        ) from error
    return processor, network.eval()


def _generate(processor: Any, network: Any, messages: Sequence[Message], max_tokens: int, checkpoint: str) -> str:
    """The answer to a conversation, the likeliest word each time."""
    try:
        inputs = processor.apply_chat_template(
            [_as_template(message) for message in messages],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        ).to(network.device, dtype=network.dtype)
        written = network.generate(**inputs, max_new_tokens=max_tokens, do_sample=False)
    except Exception as error:  # no chat template, too many pictures, too little memory: as above
        raise UserError(
            f"{checkpoint} cannot answer ({_short(error)}); take a model for chat with pictures, or fewer --images"
        ) from error
    (answer,) = processor.batch_decode(written[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    if not answer.strip():
        raise BadReply("no words")
    return answer


def _as_template(message: Message) -> dict[str, Any]:
    """A turn as chat templates take it."""
    from PIL import Image

    return {
        "role": message.role,
        "content": [
            {"type": "text", "text": part}
            if isinstance(part, str)
            else {"type": "image", "image": Image.open(io.BytesIO(part)).convert("RGB")}
            for part in message.parts
        ],
    }


def _short(error: BaseException) -> str:
    return one_line(str(error) or type(error).__name__, 160)
