"""The size that ships with the package, for two CPU cores.

Command:  python experiments/1_train_infiller.py --out out/runs/infiller small
          python experiments/2_train_refiner.py --out out/runs/refiner small
Time:     40 and 10 minutes of steps on 2 cores, and some minutes before them that compile, describe and make bodies.

The shipped infiller is tuned: 5,000 steps of the above on salsa under an earlier simulator, then 1,200 steps on salsa
and synthetic interactions under the present one. The shipped refiner learned from what that infiller makes.

          python experiments/0_prepare_data.py synthetic --per-class 10 --npz data/synthetic.npz
          python experiments/1_train_infiller.py --out out/runs/tuned small --start sm_jax/nets/packaged/infiller.npz \
              --steps 1200 --optimiser.learning-rate 6e-4 --optimiser.warm-up 50 --optimiser.ema 0.995 \
              --data.sets salsa data/synthetic.npz --data.shares 2 1 --data.variants 0 0
          python experiments/2_train_refiner.py --out out/runs/refiner small --cached-windows 3072 \
              --data.sets salsa data/synthetic.npz --data.shares 2 1 --data.variants 0 0

Expected: at the last line of log.jsonl, over 32 held-out windows of both sets, without guidance:
          infiller  val/hidden_rooted_mpjpe 109 mm where the gap-filled estimate has 179, val/rooted_mpjpe 74 (127)
          refiner   val/acceleration_error 6.6 m/s^2 where the infilled motion has 25 and the estimate 14
"""

from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.train.config import (
    ComputeConfig,
    DataConfig,
    InfillerTraining,
    LossConfig,
    OptimiserConfig,
    RefinerTraining,
)

INFILLER = InfillerTraining(
    steps=5000,
    optimiser=OptimiserConfig(learning_rate=1.5e-3, warm_up=100, ema=0.998),
    data=DataConfig(data_echo=3),
    compute=ComputeConfig(microbatch=4),  # on CPU cores faster than all sixteen windows at once
    net=InfillerConfig(width=128, blocks=4, heads=4, expansion=3),
    validate_every=500,
    checkpoint_every=200,
    preview_every=1000,
)
REFINER = RefinerTraining(
    seed=1,  # other simulations than the infiller was trained on
    steps=3000,
    optimiser=OptimiserConfig(learning_rate=1e-3, warm_up=100, ema=0.995),
    loss=LossConfig(joints=1.0, velocity=1.0, acceleration=5.0, skating=0.1),
    net=RefinerConfig(width=160),
    infill_steps=10,
    validate_every=500,
    checkpoint_every=500,
    preview_every=1000,
)
