"""Frames to look at: what was seen, the first estimate, and the reconstruction; and where reconstructions fail.

    python -m experiments.studies.before_after --videos out/front_end         (two minutes on 2 cores)

Of the rendered benchmark as the front-end sees it now, whose videos `experiments.benchmarks.front_end --out` has made,
and of the four real views. Writes docs/sheets/before_after.png: twelve frames, evenly chosen; and failures.png: the
five rendered views whose pair PA-MPJPE is highest afterwards, in their worst frame, with the errors before and after.
"""

import dataclasses
import pathlib

import cv2
import jax
import numpy as np
from tqdm import tqdm

from experiments.benchmark_sets.render import AMOUNTS
from experiments.benchmark_sets.rendering.sheet import LEVELS, SIDE, draw_view
from experiments.lib.program import run
from experiments.lib.results import DOCS
from sm_jax.assets.fetch import input_path
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.errors import UserError
from sm_jax.evaluation.baselines.diffusion import DiffusionMethod
from sm_jax.evaluation.benchmarks.case import Case
from sm_jax.evaluation.benchmarks.frozen import REOBSERVED, load
from sm_jax.evaluation.benchmarks.sets import BENCHMARKS
from sm_jax.evaluation.metrics.joints import pair_pa_mpjpe_mm
from sm_jax.evaluation.run import described
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.models import load_models
from sm_jax.types import Motion, Observation

RENDERED, FAILURES, COLUMNS = 8, 5, 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pictured:
    """A clip with its video, the observation, our motion, and pair PA-MPJPE [T] before and after, where it is known."""

    label: str
    video: pathlib.Path
    seen: Observation
    motion: Motion
    errors: tuple[np.ndarray, np.ndarray] | None = None

    def draw(self, body: smpl.Body, frame: int, label: str) -> np.ndarray:
        """Keypoints, estimate and reconstruction of a frame, [SIDE, 3 SIDE, 3]."""
        ours = dataclasses.replace(self.seen, motion=self.motion)
        before, after = (draw_view(body, self.video, one, label, frame) for one in (self.seen, ours))
        return np.concatenate([before, after[:, SIDE:]], axis=1)


def main(videos: pathlib.Path) -> None:
    """Reconstruct, choose, draw.

    Args:
        videos: folder of the rendered videos.
    """
    keep_compiled_programs()
    method, body = DiffusionMethod(load_models().models), load_body("open-low")

    def ours(case: Case) -> Motion:
        return method(described(case, jax.random.key(0)))

    cases, pictured = iter(BENCHMARKS["rendered_reobserved"]()), []
    views = [(clip, view, amount) for clip in load(REOBSERVED)
             for view, amount in zip(clip.views, AMOUNTS, strict=True)]  # fmt: skip
    for (clip, view, amount), case in tqdm(zip(views, cases, strict=True), total=len(views), disable=None):
        video = videos / f"{clip.name}_{amount}.mp4"
        if not video.is_file():
            raise UserError(f"{video} is not there: make it with experiments.benchmarks.front_end --out {videos}")
        if view.observation is None:
            continue
        motion, true = ours(case), np.asarray(smpl.pose(body, clip.motion).joints)
        errors = tuple(
            _each_frame(np.asarray(smpl.pose(body, m).joints), true) for m in (view.observation.motion, motion)
        )
        pictured.append(Pictured(label=f"{clip.name}, {amount}", video=video, seen=view.observation, motion=motion,
                                 errors=(errors[0], errors[1])))  # fmt: skip
    real = [
        Pictured(
            label=f"cam0{i + 1}", video=input_path(f"sample:cam0{i + 1}"), seen=case.observation, motion=ours(case)
        )
        for i, case in enumerate(BENCHMARKS["four_views"]())
        if case.observation is not None
    ]
    chosen = [pictured[i] for i in np.linspace(0, len(pictured) - 1, RENDERED).round().astype(int)] + real
    _save([one.draw(body, len(one.seen.frame_index) // 2, one.label) for one in chosen], "before_after.png")
    after = lambda one: one.errors[1].mean() if one.errors else 0.0  # noqa: E731
    cells = []
    for one in sorted(pictured, key=after)[::-1][:FAILURES]:
        assert one.errors is not None
        frame = int(one.errors[1].argmax())
        label = f"{one.label} {frame}: {one.errors[0][frame]:.0f}, then {one.errors[1][frame]:.0f} mm"
        print(f"{one.label}: {one.errors[0].mean():.0f} -> {one.errors[1].mean():.0f} mm, frame {frame}")
        cells.append(one.draw(body, frame, label))
    _save(cells, "failures.png")


def _each_frame(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Pair PA-MPJPE [T] of joints [P, T, J, 3]."""
    return np.array([pair_pa_mpjpe_mm(found[:, t : t + 1], true[:, t : t + 1]) for t in range(found.shape[1])])


def _save(cells: list[np.ndarray], name: str) -> None:
    """A sheet of cells, COLUMNS in a row, with few colours."""
    blank = np.zeros_like(cells[0])
    cells = cells + [blank] * (-len(cells) % COLUMNS)
    sheet = np.concatenate([np.concatenate(cells[i : i + COLUMNS], axis=1) for i in range(0, len(cells), COLUMNS)])
    few = sheet // (256 // LEVELS) * (256 // LEVELS)
    cv2.imwrite(str(DOCS / "sheets" / name), few[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    run(main, __doc__)
