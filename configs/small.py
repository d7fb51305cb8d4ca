"""The size that ships with the package, for two CPU cores.

Command:  python experiments/1_train_infiller.py --out out/runs/infiller small \
              --data.sets salsa data/synthetic.npz data/cmu_single.npz --data.shares 1 2 2 --data.variants 4 0 0
          python experiments/2_train_refiner.py --out out/runs/refiner small --infiller out/runs/infiller/weights.npz \
              (the same sets)
          A run goes on where it was interrupted with --resume.
Time:     not measured yet. By its products a step of the infiller costs half of what the former `small` did (one core
          made 23 windows a second of that), and making a window's observation a quarter, of which `data.data_echo` is
          saved.
Expected: not trained yet. The weights in the package are of an earlier configuration: a network of 128 x 4 that takes
          every frame for a token and may change anything of an estimate (`patch` 1, `residual` free).
"""

from sm_jax.data.simulator.error_model import ErrorModel
from sm_jax.data.simulator.random_camera import ANY_CLIP
from sm_jax.data.simulator.simulate import SimulatorConfig
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

# Windows as clips are that people bring: from anywhere, seen well or badly, of one person or two, of any length.
SIMULATOR = SimulatorConfig(viewpoint=ANY_CLIP, errors=ErrorModel(quality=0.6))
DATA = DataConfig(data_echo=4, text_wrong=0.05, partner_dropout=0.1, estimate_dropout=0.1, short=0.1)

INFILLER = InfillerTraining(
    steps=190_000,  # three million windows
    optimiser=OptimiserConfig(learning_rate=1e-3, warm_up=1000, ema=0.9995),
    loss=LossConfig(ray=0.5, uncertainty=0.05),
    data=DATA,
    simulator=SIMULATOR,
    compute=ComputeConfig(microbatch=4),  # on CPU cores faster than all sixteen windows at once
    net=InfillerConfig(width=128, blocks=6, heads=4, expansion=3, patch=4, residual="bounded"),
    log_every=100,
    validate_every=4000,
    checkpoint_every=2000,
    preview_every=20_000,
)
REFINER = RefinerTraining(
    seed=1,  # other simulations than the infiller was trained on
    steps=20_000,
    optimiser=OptimiserConfig(learning_rate=1e-3, warm_up=200, ema=0.999),
    loss=LossConfig(joints=1.0, velocity=1.0, acceleration=5.0, skating=0.1, ray=0.5),
    data=DATA,
    simulator=SIMULATOR,
    net=RefinerConfig(width=160, residual="bounded"),
    cached_windows=16_384,
    infill_steps=10,
    validate_every=2000,
    checkpoint_every=2000,
    preview_every=10_000,
)
