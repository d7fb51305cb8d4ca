"""Tables of ablations: which question each row asks, what it changes, and with which seeds.

Command:  python experiments/5_ablate.py --table infiller --out out/ablations/infiller
Time:     a row of `infiller` is a training of `small` with a fifth of its steps, a quarter of an hour on 2 cores.
Expected: not run yet as a whole.
"""

from configs import small, tiny
from sm_jax.train.sweep import Ablation, Sweep

_SHORT = {"steps": 1000, "validate_every": 1000, "preview_every": 0}

TABLES = {
    "infiller": Sweep(
        net="infiller",
        size="small",
        config=small.INFILLER,
        start=_SHORT,
        rows={
            "baseline": Ablation("What everything below differs from by one change"),
            "no_text": Ablation("Does the description help?", {"data.text_dropout": 1.0}),
            "min_snr": Ablation("Is the min-SNR weight better than a constant one?", {"loss_weight": "min_snr"}),
            "no_joint_terms": Ablation(
                "Do the terms on joints help, or is the state enough?",
                {"loss.joints": 0.0, "loss.velocity": 0.0, "loss.distance_map": 0.0, "loss.skating": 0.0},
            ),
            "no_distance_map": Ablation("Does the map of distances between the two help?", {"loss.distance_map": 0.0}),
            "no_contact": Ablation("Do labelled contacts help the map of distances?", {"loss.contact": 0.0}),
            "hidden_like_visible": Ablation("Should hidden features weigh more?", {"loss.hidden": 0.0}),
            "own_body": Ablation("Do random pairs of bodies help?", {"data.variants": (0,)}),
            "narrow": Ablation("How much does the size matter?", {"net.width": 64}),
            "bfloat16": Ablation("Does half the precision cost anything?", {"compute.dtype": "bfloat16"}),
        },
    ),
    "refiner": Sweep(
        net="refiner",
        size="small",
        config=small.REFINER,
        start=_SHORT,
        rows={
            "baseline": Ablation("What everything below differs from by one change"),
            "short_filter": Ablation("Must the linear filter before the residual reach eight frames?", {"net.taps": 1}),
            "no_acceleration": Ablation("Does the term on accelerations help?", {"loss.acceleration": 0.0}),
            "short_sight": Ablation("How far must it see?", {"net.dilations": (1, 2, 4)}),
        },
    ),
    "tiny": Sweep(
        net="infiller",
        size="tiny",
        config=tiny.INFILLER,
        rows={
            "baseline": Ablation("Does a sweep run at all?", seeds=(0,)),
            "wide": Ablation("Does twice the width fit better in four steps?", {"net.width": 64}, seeds=(0,)),
        },
    ),
}
