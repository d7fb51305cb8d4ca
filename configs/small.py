"""The size that ships with the package, for two CPU cores.

Command:  python experiments/1_train_infiller.py --out out/runs/infiller small \
              --data.sets salsa data/synthetic.npz data/cmu.npz data/bvh.npz \
              --data.shares 1 2 1.5 1 --data.variants 4 0 0 0
          python experiments/2_train_refiner.py --out out/runs/refiner small --infiller out/runs/infiller/weights.npz \
              (the same sets)
          A run goes on where it was interrupted with --resume.
Time:     two hours and a half on one core: the infiller five steps a second, the refiner four, after four minutes of
          infilling.
Expected: the table of docs/model_card.md, and what docs/results.md says of the weights in the package.
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
DATA = DataConfig(
    data_echo=4, text_wrong=0.05, placed=0.3, mixed=0.4, partner_dropout=0.1, estimate_dropout=0.1, short=0.1
)

INFILLER = InfillerTraining(
    steps=30_000,  # validation is level from a third of that on
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
    steps=1200,  # with more it learns its windows by heart
    optimiser=OptimiserConfig(learning_rate=1e-3, warm_up=100, ema=0.999),
    loss=LossConfig(joints=1.0, velocity=1.0, acceleration=5.0, skating=0.1, ray=0.5),
    data=DATA,
    simulator=SIMULATOR,
    net=RefinerConfig(width=160, residual="bounded"),
    cached_windows=6144,
    infill_steps=10,
    validate_every=400,
    checkpoint_every=400,
    preview_every=1200,
)
