"""The same sequences on random pairs of bodies: one recorded pair of people becomes many, whose contacts hold."""

import hashlib
import pathlib
import zlib
from collections.abc import Sequence

import jax
from tqdm import tqdm

from sm_jax.body import smpl
from sm_jax.data import codec, store
from sm_jax.data.codec import FIELDS, Record
from sm_jax.data.statistics import fit_statistics
from sm_jax.fitting.mocap.retarget import random_betas, retarget_sequence


def library(body: smpl.Body, records: Sequence[Record], variants: int, seed: int, folder: pathlib.Path) -> list[Record]:
    """Every record as it is and on `variants` random pairs of bodies, kept in a file of `folder` between calls.

    The file is named after all that it depends on, so other records, bodies or seeds make another one. Records of a
    single person have no variants.
    """
    pairs = [record for record in records if record["present"].all()]
    if not variants or not pairs:
        return list(records)
    path = folder / f"{body.name}_{variants}_{seed}_{_digest(pairs)}.npz"
    if not path.is_file():
        sequences = [
            made for record in tqdm(pairs, desc="bodies", unit="sequence", disable=None)
            for made in _variants(body, record, variants, seed)
        ]  # fmt: skip
        origin = f"made from {len(pairs)} sequences by sm_jax.synthetic.body_variants"
        store.save(path, [codec.encode(s) for s in sequences], fit_statistics(sequences), origin)
    return [*records, *store.load(path).records]


def _variants(body: smpl.Body, record: Record, variants: int, seed: int):
    sequence = codec.decode(record)
    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(sequence.name.encode()))
    betas = random_betas(key, (variants, *sequence.motion.betas.shape))
    for i in range(variants):
        yield retarget_sequence(body, sequence, betas[i], f"{sequence.name}_{i}")


def _digest(records: Sequence[Record]) -> str:
    """A short fingerprint of the records."""
    digest = hashlib.sha256()
    for record in records:
        for name in FIELDS:
            digest.update(record[name].tobytes())
    return digest.hexdigest()[:12]
