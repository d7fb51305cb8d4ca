"""Tables of ablations: which question each row asks, what it changes, and with which seeds.

Command:  python experiments/5_ablate.py --table infiller --out out/ablations/infiller
Time:     a row of `infiller` is a training of `small` with a fifth of its steps, a quarter of an hour on 2 cores.
Expected: not run yet as a whole.
"""

from configs import small, tiny
from sm_jax.train.sweep import Row, Sweep

_SHORT = {"steps": 1000, "validate_every": 1000, "preview_every": 0}

TABLES = {
    "infiller": Sweep(
        net="infiller",
        size="small",
        config=small.INFILLER,
        start=_SHORT,
        rows={
            "baseline": Row("What everything below differs from by one change"),
            "no_text": Row("Does the description help?", {"data.text_dropout": 1.0}),
            "min_snr": Row("Is the min-SNR weight better than a constant one?", {"loss_weight": "min_snr"}),
            "no_joint_terms": Row(
                "Do the terms on joints help, or is the state enough?",
                {"loss.joints": 0.0, "loss.velocity": 0.0, "loss.distance_map": 0.0, "loss.skating": 0.0},
            ),
            "no_distance_map": Row("Does the map of distances between the two help?", {"loss.distance_map": 0.0}),
            "no_contact": Row("Do labelled contacts help the map of distances?", {"loss.contact": 0.0}),
            "hidden_like_visible": Row("Should hidden features weigh more?", {"loss.hidden": 0.0}),
            "own_body": Row("Do random pairs of bodies help?", {"data.variants": (0,)}),
            "narrow": Row("How much does the size matter?", {"net.width": 64}),
            "bfloat16": Row("Does half the precision cost anything?", {"compute.dtype": "bfloat16"}),
        },
    ),
    "refiner": Sweep(
        net="refiner",
        size="small",
        config=small.REFINER,
        start=_SHORT,
        rows={
            "baseline": Row("What everything below differs from by one change"),
            "short_filter": Row("Must the linear filter before the residual reach eight frames?", {"net.taps": 1}),
            "no_acceleration": Row("Does the term on accelerations help?", {"loss.acceleration": 0.0}),
            "short_sight": Row("How far must it see?", {"net.dilations": (1, 2, 4)}),
        },
    ),
    "tiny": Sweep(
        net="infiller",
        size="tiny",
        config=tiny.INFILLER,
        rows={
            "baseline": Row("Does a sweep run at all?", seeds=(0,)),
            "wide": Row("Does twice the width fit better in four steps?", {"net.width": 64}, seeds=(0,)),
        },
    ),
}
