"""What other methods are reported to reach, by protocol and data set, to stand beside ours in a table.

All of it is second-hand: copied from tables that others copied, and not recomputed here. Each row says where from.
Columns are those of the protocol's score; a number that no source gives is not there.
"""

from typing import NamedTuple

from sm_jax.evaluation.protocols import Row


class PeerRow(NamedTuple):
    """One method's reported numbers. source: whose table."""

    method: str
    numbers: Row
    source: str


_CLOSEAPP = "CloseApp's tables (arXiv 2507.02565), second-hand"
_PROMPTHMR = "PromptHMR's table, second-hand"
_PROSEPOSE = "ProsePose's table, second-hand"


def _closeint(method: str, *values: float) -> PeerRow:
    columns = ("mpjpe_mm", "pa_mpjpe_mm", "mpvpe_mm", "interaction_mm", "a_pd_historical_mm")
    return PeerRow(method, dict(zip(columns, values, strict=False)), _CLOSEAPP)


def _pair(method: str, value: float, source: str = _PROMPTHMR) -> PeerRow:
    return PeerRow(method, {"pair_pa_mpjpe_mm": value}, source)


# protocol, data set -> rows
PEERS: dict[tuple[str, str], tuple[PeerRow, ...]] = {
    ("closeint", "hi4d"): (
        _closeint("BUDDI", 96.8, 70.6, 116.0, 102.6),
        _closeint("GroupRec", 82.4, 51.6, 88.6, 98.8),
        _closeint("CloseInt", 63.1, 47.5, 76.4, 81.4),
        _closeint("CloseApp", 59.1, 44.3, 72.0, 80.2, 0.81),
    ),
    ("closeint", "3dpw"): (
        _closeint("BUDDI", 83.6, 53.6),
        _closeint("GroupRec", 73.3, 48.7),
        _closeint("CloseInt", 70.6, 51.4),
        _closeint("CloseApp", 64.5, 45.6),
    ),
    ("buddi", "hi4d"): (
        _pair("BEV", 144.0, _PROSEPOSE),
        _pair("contact heuristic", 116.0, _PROSEPOSE),
        _pair("ProsePose", 93.0, _PROSEPOSE),
        _pair("BUDDI", 89.0, _PROSEPOSE),
    ),
    ("buddi", "chi3d"): (
        _pair("BEV", 96.0, _PROSEPOSE),
        _pair("contact heuristic", 105.0, _PROSEPOSE),
        _pair("ProsePose", 100.0, _PROSEPOSE),
        _pair("BUDDI", 68.0, _PROSEPOSE),
    ),
    ("prompthmr", "hi4d"): (
        _pair("BEV", 136.0),
        _pair("BUDDI", 98.0),
        _pair("Multi-HMR, not trained on it", 80.6),
        _pair("PromptHMR, not trained on it", 78.1),
        _pair("PromptHMR, trained on it", 39.5),
    ),
    ("prompthmr", "chi3d"): (
        _pair("BEV", 96.0),
        _pair("BUDDI", 68.0),
        _pair("Multi-HMR, not trained on it", 100.0),
        _pair("PromptHMR, not trained on it", 58.5),
        _pair("PromptHMR, trained on it", 45.3),
    ),
}
