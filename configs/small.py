"""The size that ships with the package, for two CPU cores.

Command:  python experiments/1_train_infiller.py --out out/runs/infiller small
          python experiments/2_train_refiner.py --out out/runs/refiner small
Time:     51 and 10 minutes of steps on 2 busy cores, and some minutes before them that compile and describe.
Expected: at the last line of log.jsonl, over 32 held-out windows under simulated occlusion, without guidance:
          infiller  val/hidden_rooted_mpjpe  86 mm where the gap-filled estimate has 127, val/rooted_mpjpe 54 (80)
          refiner   val/acceleration_error 14 m/s^2 where the infilled motion has 28 and the estimate 25
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
