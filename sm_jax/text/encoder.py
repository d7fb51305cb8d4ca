"""Sentences -> token states for cross-attention and one pooled vector: all-MiniLM-L6-v2 in JAX, from its safetensors.

The network is BERT (Devlin et al. 2018) with 6 layers of width 384; pooling is sentence-transformers' masked mean,
scaled to unit length.
"""

import dataclasses
import functools
import hashlib
import json
import pathlib
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.assets.fetch import asset
from sm_jax.assets.table import ASSETS
from sm_jax.errors import UserError
from sm_jax.types import Array, TextEmbedding

NAME = "all-MiniLM-L6-v2"
TOKENS = 32  # L, with the two marks that BERT puts around a sentence
WIDTH = 384
_FILES = ("config.json", "model.safetensors", "tokenizer.json")
_BLOCK = 8  # sentences per compiled call
_Weights = dict[str, Array]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextEncoder:
    """The weights, the tokenizer and the two settings that the weights do not show. name and sha256 (of weights and
    tokenizer) say which encoder a network learnt from."""

    name: str
    sha256: str
    weights: _Weights
    tokenizer: Any
    heads: int
    epsilon: float

    @classmethod
    def load(cls, folder: pathlib.Path | None = None) -> "TextEncoder":
        """From a folder with config.json, model.safetensors and tokenizer.json; by default the asset `minilm`.

        Raises UserError if the extra `text` is not installed, and what `asset` raises.
        """
        try:
            from safetensors.numpy import load_file
            from tokenizers import Tokenizer
        except ImportError as error:
            raise UserError(f"the text encoder needs {error.name}; run: pip install 'sm_jax[text]'") from error
        given, folder = folder is not None, folder or asset("minilm")
        config = json.loads((folder / "config.json").read_text())
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(
            name=folder.name if given else NAME,
            sha256=_digest(folder),
            weights={
                k: jnp.asarray(v) for k, v in load_file(folder / "model.safetensors").items() if v.dtype.kind == "f"
            },
            tokenizer=tokenizer,
            heads=config["num_attention_heads"],
            epsilon=config["layer_norm_eps"],
        )

    def encode(self, texts: list[str]) -> TextEmbedding:
        """N sentences -> TextEmbedding [N] of NumPy float32, L = 32; `pooled` has unit length.

        No text (an empty or blank string) gives zeros everywhere. What a longer text says after 30 tokens is not read:
        a warning names it.
        """
        ids, mask = self._tokenize(texts)
        blocks = []
        for start in range(0, len(texts), _BLOCK):
            block = slice(start, start + _BLOCK)
            padding = ((0, _BLOCK - len(ids[block])), (0, 0))
            padded = np.pad(ids[block], padding), np.pad(mask[block], padding)
            result = _encode(self.weights, *padded, heads=self.heads, epsilon=self.epsilon)
            blocks.append([np.asarray(array)[: len(ids[block])] for array in result])
        if not blocks:
            blocks = [[np.zeros((0, TOKENS, WIDTH), np.float32), np.zeros((0, WIDTH), np.float32)]]
        tokens, pooled = (np.concatenate(arrays) for arrays in zip(*blocks, strict=True))
        return TextEmbedding(tokens=tokens, mask=mask, pooled=pooled)

    def encode_one(self, text: str) -> TextEmbedding:
        """The embedding of one sentence, without a batch axis."""
        return jax.tree.map(lambda x: x[0], self.encode([text]))

    def _tokenize(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        ids, mask = np.zeros((len(texts), TOKENS), np.int32), np.zeros((len(texts), TOKENS), np.float32)
        for row, text in enumerate(texts):
            if not text.strip():
                continue
            encoding = self.tokenizer.encode(text)
            if len(encoding.ids) > TOKENS:
                unread = text[encoding.offsets[TOKENS - 1][0] :]
                warnings.warn(f"text of more than {TOKENS - 2} tokens; not read: '{unread}'", stacklevel=3)
            kept = [*encoding.ids[: TOKENS - 1], encoding.ids[-1]] if len(encoding.ids) > TOKENS else encoding.ids
            ids[row, : len(kept)], mask[row, : len(kept)] = kept, 1.0
        return ids, mask


def _digest(folder: pathlib.Path) -> str:
    """SHA-256 of all that a sentence's states depend on."""
    hashes = []
    for name in _FILES:
        with (folder / name).open("rb") as file:
            hashes.append(hashlib.file_digest(file, "sha256").digest())
    return hashlib.sha256(b"".join(hashes)).hexdigest()


def default_sha256() -> str:
    """Hash of the encoder that `TextEncoder.load` loads by default, known without the encoder."""
    members = ASSETS["minilm"].files
    return hashlib.sha256(b"".join(bytes.fromhex(members[name]) for name in _FILES)).hexdigest()


@functools.partial(jax.jit, static_argnames=("heads", "epsilon"))
def _encode(weights: _Weights, ids: Array, mask: Array, *, heads: int, epsilon: float) -> tuple[Array, Array]:
    """ids, mask [B, L] -> token states [B, L, 384], zero where masked, and pooled [B, 384]."""

    def dense(x: Array, name: str) -> Array:
        return _matmul("btd,ed->bte", x, weights[f"{name}.weight"]) + weights[f"{name}.bias"][None, None]

    def norm(x: Array, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)
        return scaled * weights[f"{name}.weight"][None, None] + weights[f"{name}.bias"][None, None]

    def attention(x: Array, name: str) -> Array:
        batch, length, _ = x.shape
        q, k, v = (dense(x, f"{name}.self.{n}").reshape(batch, length, heads, -1) for n in ("query", "key", "value"))
        logits = _matmul("bqhd,bkhd->bhqk", q, k) / np.sqrt(q.shape[-1])
        share = jax.nn.softmax(jnp.where(mask[:, None, None, :] > 0.0, logits, -1e9), axis=-1)
        return dense(_matmul("bhqk,bkhd->bqhd", share, v).reshape(x.shape), f"{name}.output.dense")

    embedded = "embeddings."
    x = weights[embedded + "word_embeddings.weight"][ids]
    x = x + weights[embedded + "position_embeddings.weight"][None, : ids.shape[1]]
    x = norm(x + weights[embedded + "token_type_embeddings.weight"][None, :1], embedded + "LayerNorm")
    for layer in range(sum(name.endswith("intermediate.dense.bias") for name in weights)):
        name = f"encoder.layer.{layer}"
        x = norm(x + attention(x, f"{name}.attention"), f"{name}.attention.output.LayerNorm")
        hidden = jax.nn.gelu(dense(x, f"{name}.intermediate.dense"), approximate=False)
        x = norm(x + dense(hidden, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    x = x * mask[:, :, None]
    mean = x.sum(1) / jnp.maximum(mask.sum(1, keepdims=True), 1.0)
    return x, mean / jnp.maximum(jnp.sqrt((mean**2).sum(-1, keepdims=True)), 1e-12)


def _matmul(subscripts: str, a: Array, b: Array) -> jax.Array:
    # a sentence is encoded once a clip: the same states on every device are worth more than speed
    return jnp.einsum(subscripts, a, b, precision=jax.lax.Precision.HIGHEST)
