"""GENMO and GEM: `smpl_params.pt`, written with torch, one person a file.

`body_params_incam` as GVHMR's `smpl_params_incam`, and `K_fullimg` [T, 3, 3]. `body_params_global` is left out: each
file has a world of its own. Source: NVlabs/GENMO, whose layout is GVHMR's.
"""

from collections.abc import Mapping
from typing import Any

from sm_jax.perception.importers.estimate import Estimate
from sm_jax.perception.importers.gvhmr import read_incam

PARAMETERS = "body_params_incam"


def matches(content: Any) -> bool:
    """Whether a file's content is GEM's."""
    return isinstance(content, Mapping) and PARAMETERS in content


def read(content: Any) -> Estimate:
    """The one person of the file, from its frame 0 on. Raises Unreadable for another layout."""
    return read_incam(content, "GEM", PARAMETERS)
