"""Some eight million parameters each, for an accelerator, with tokens half as long as those of `small`, whose other
values it has. Not trained yet.

Command:  python experiments/1_train_infiller.py --out out/runs/infiller-base base
          python experiments/2_train_refiner.py --out out/runs/refiner-base base
Time:     not known. On two CPU cores a step of the infiller takes seconds (experiments/results/bench_examples.json).
Expected: not known.
"""

import dataclasses

from configs import small
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.train.config import ComputeConfig, OptimiserConfig

INFILLER = dataclasses.replace(
    small.INFILLER,
    steps=100_000,
    optimiser=OptimiserConfig(learning_rate=5e-4, warm_up=1000, ema=0.9995),
    data=dataclasses.replace(small.DATA, batch=256, data_echo=1),
    compute=ComputeConfig(),
    preview_every=5000,
    net=InfillerConfig(width=256, blocks=6, heads=8, expansion=3, patch=2, residual="bounded"),
)
REFINER = dataclasses.replace(
    small.REFINER,
    steps=30_000,
    optimiser=OptimiserConfig(learning_rate=5e-4, warm_up=500, ema=0.999),
    data=dataclasses.replace(small.DATA, batch=256, data_echo=1),
    cached_windows=65_536,
    validate_every=2000,
    checkpoint_every=2000,
    preview_every=5000,
    net=RefinerConfig(width=512, dilations=(1, 2, 4, 8, 16, 32), residual="bounded"),
)
