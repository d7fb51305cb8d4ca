"""The size that ships with the package, for two CPU cores.

Command:  python experiments/1_train_infiller.py --out out/runs/infiller
          python experiments/2_train_refiner.py --out out/runs/refiner
"""

from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.train.config import DataConfig, InfillerTraining, LossConfig, OptimiserConfig, RefinerTraining

INFILLER = InfillerTraining(
    steps=5000,
    optimiser=OptimiserConfig(learning_rate=1.5e-3, warm_up=100, ema=0.998),
    data=DataConfig(echo=3),
    net=InfillerConfig(width=128, blocks=4, heads=4, expansion=3),
    validate_every=500,
    checkpoint_every=200,
)
REFINER = RefinerTraining(
    seed=1,  # other simulations than the infiller was trained on
    steps=3000,
    optimiser=OptimiserConfig(learning_rate=1e-3, warm_up=100, ema=0.995),
    loss=LossConfig(joints=1.0, velocity=1.0, acceleration=1.0, skating=0.1),
    net=RefinerConfig(width=160),
    infill_steps=10,
    validate_every=500,
    checkpoint_every=500,
)
