"""Seconds on a CPU: for tests and for trying things out. The networks learn next to nothing.

Command:  python experiments/1_train_infiller.py --out out/runs/infiller-tiny tiny
Time:     about a minute on 2 cores, nearly all of it compilation.
Expected: a loss that falls from its first to its last line.
"""

from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.train.config import DataConfig, InfillerTraining, OptimiserConfig, RefinerTraining

_OPTIMISER = OptimiserConfig(warm_up=2)
_DATA = DataConfig(frames=16, batch=2, variants=(0,))

INFILLER = InfillerTraining(
    steps=4,
    optimiser=_OPTIMISER,
    data=_DATA,
    log_every=1,
    validate_every=4,
    checkpoint_every=2,
    net=InfillerConfig(width=32, blocks=1, heads=2),
)
REFINER = RefinerTraining(
    steps=4,
    optimiser=_OPTIMISER,
    data=_DATA,
    log_every=1,
    validate_every=4,
    checkpoint_every=2,
    net=RefinerConfig(width=32, dilations=(1, 2)),
    cached_windows=4,
    infill_steps=2,
)
