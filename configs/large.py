"""Sixty million parameters each, for many accelerators. Not trained yet.

Command:  python experiments/1_train_infiller.py --out out/runs/infiller-large large
          python experiments/2_train_refiner.py --out out/runs/refiner-large large --infiller FILE
          On several hosts, in each process: --coordinator HOST:PORT --processes N --process-id I (docs/training.md).
Time:     not known.
Expected: not known.
"""

import dataclasses

from configs import base
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.train.config import ComputeConfig, OptimiserConfig

_COMPUTE = ComputeConfig(dtype="bfloat16", remat=True)

INFILLER = dataclasses.replace(
    base.INFILLER,
    steps=200_000,
    optimiser=OptimiserConfig(learning_rate=2e-4, warm_up=2000, ema=0.9998),
    data=dataclasses.replace(base.INFILLER.data, batch=512),
    compute=_COMPUTE,
    net=InfillerConfig(width=512, blocks=12, heads=8, expansion=3, patch=2, residual="bounded"),
)
REFINER = dataclasses.replace(
    base.REFINER,
    steps=60_000,
    optimiser=OptimiserConfig(learning_rate=2e-4, warm_up=1000, ema=0.9995),
    data=dataclasses.replace(base.REFINER.data, batch=512),
    compute=_COMPUTE,
    net=RefinerConfig(width=1024, dilations=(1, 2, 4, 8, 16, 32, 1, 2, 4, 8, 16), residual="bounded"),
)
