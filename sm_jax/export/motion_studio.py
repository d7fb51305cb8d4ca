"""`people.motion`: a session of Motion Studio, the editor of several people's SMPL motion in a browser.

Written after its format 1 as the package `motion-studio` 0.1.3 (MIT) reads it (`motion_studio/bundle.py`): a zip of
`manifest.json` and `motion_original.npz`, z up, metres, axis-angle.
"""

import datetime
import io
import json
import pathlib
import zipfile

import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body.io import terms_of
from sm_jax.export.npz import MotionFile
from sm_jax.export.smpl_parameters import smpl_parameters

_BETAS = 10


def save_motion_studio(path: str | pathlib.Path, content: MotionFile) -> None:
    """Write both people as one session, without video or music. The editor puts the motion on its own neutral SMPL
    body, see `smpl_parameters`. Raises UserError if the path cannot be written."""
    found = smpl_parameters(content, _BETAS)
    name = pathlib.Path(path).stem
    written = io.BytesIO()
    np.savez(
        written,
        poses=found.poses.astype(np.float32),
        trans=found.trans.astype(np.float32),
        betas=found.betas,
        gender=np.str_("neutral"),
        fps=np.float64(found.fps),
        name=np.str_(name),
        has_betas=np.bool_(True),
    )
    now = datetime.datetime.now(datetime.UTC).isoformat()
    manifest = {
        "format": "motion-studio",
        "version": 1,
        "name": name,
        "source_clip": str(content.provenance.get("source", "")),
        "created": now,
        "modified": now,
        "comments": [],
        "video_params": {},
        "bg_removed": False,
        "metrics": {},
        "has_video": False,
        "has_music": False,
        "music_ext": "wav",
        "gender": "neutral",
        "fps": found.fps,
        "n_persons": found.poses.shape[0],
        "n_frames": found.poses.shape[1],
        "extra": {"body_terms": terms_of(content.body)},
    }
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest, indent=2))
        archive.writestr("motion_original.npz", written.getvalue())
