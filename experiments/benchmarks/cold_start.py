"""How long until a program first runs? Its size, tracing, lowering, compiling, and loading where it is kept.

    python -m experiments.benchmarks.cold_start --before OTHER_CHECKOUT        (some 20 minutes on 2 cores)

Each program that a user waits for, and the stages of a reconstruction, in fresh processes: with nothing kept, and with
what the first process kept; this checkout and, if named, another one in turns, so that other work on the machine meets
both alike. Of each step the seconds on the clock and those of the processor, which other work disturbs less. Writes
cold_start.json beside the other results.
"""

import dataclasses
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import jax
from jax.extend import source_info_util
from jax.extend.core import Jaxpr, JaxprEqn, jaxprs_in_params
from jax.sharding import PartitionSpec

from configs import small
from experiments.benchmarks.sampling import clip_inputs
from experiments.benchmarks.training import make_context, make_raw_batch
from experiments.lib.program import run
from experiments.lib.results import RESULTS, ROOT, write_result
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.motion.frames import map_frames
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.refiner import Refiner
from sm_jax.pipeline.models import load_models
from sm_jax.sampling.sample import UNWEIGHTED, Settings, sample_jit
from sm_jax.train.examples import make_examples
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import AXIS, infiller_loss, make_step, refiner_loss

OUT = RESULTS / "cold_start.json"
BATCH, FRAMES, SEED = 8, 64, 0
TURNS = ("cold", "warm")  # with nothing kept, and with what the first process kept
Program = tuple[Any, tuple]  # a compiled function, and its arguments


def guided_sampling() -> Program:
    """One clip, with the networks and the settings that ship."""
    inputs, body, _ = clip_inputs(1)
    settings, (models, _) = Settings(), load_models()
    whole = functools.partial(sample_jit.__wrapped__, settings=dataclasses.replace(settings, weights=UNWEIGHTED))  # pyrefly: ignore[missing-attribute]
    return jax.jit(whole), (models, body, inputs[0], settings.weights.active())


def body_mesh() -> Program:
    """The vertices of two people's 64 frames, and the gradient of a cost of them with respect to the motion."""
    motion = map_frames(clip_inputs(1)[0][0].observation.motion, lambda x: x[:, :FRAMES])

    def value_and_gradient(motion: Any, body: smpl.Body) -> Any:
        vertices, pullback = jax.vjp(lambda motion: smpl.vertices(body, smpl.pose(body, motion)), motion)
        return vertices, pullback(vertices)

    return jax.jit(value_and_gradient), (motion, load_body())


def simulation() -> Program:
    """Examples for the infiller of windows of the packaged takes."""
    config = small.INFILLER
    simulate = functools.partial(make_examples, data=config.data, simulator=config.simulator)
    return jax.jit(simulate), (make_context(SEED), make_raw_batch(config.data.frames, BATCH, SEED))


def infiller_step() -> Program:
    """A step of training on one device, without the means over devices."""
    config, batch = small.INFILLER, _examples()
    params = Infiller(config.net).init(jax.random.key(SEED), batch.x0, batch.number, batch.conditions)["params"]
    return _training_step(config, infiller_loss(config), params, batch)


def refiner_step() -> Program:
    """The same of the refiner."""
    config, batch = small.REFINER, _examples()
    params = Refiner(config.net).init(jax.random.key(SEED), batch.x0, batch.conditions)["params"]
    return _training_step(config, refiner_loss(config), params, (batch.x0, batch))


def _examples() -> Any:
    program, arguments = simulation()
    return program(*arguments)


def _training_step(config: Any, loss: Callable, params: Any, batch: Any) -> Program:
    optimiser = make_optimiser(config.optimiser, config.steps)
    step = jax.shard_map(
        make_step(loss, optimiser, config.optimiser.ema),
        mesh=jax.make_mesh((1,), (AXIS,)),
        in_specs=PartitionSpec(),
        out_specs=PartitionSpec(),
        check_vma=False,
    )
    return jax.jit(step), (create(params, optimiser), make_context(SEED), batch)


PROGRAMS: dict[str, Callable[[], Program]] = {
    "guided_sampling": guided_sampling,
    "body_mesh": body_mesh,
    "simulation": simulation,
    "infiller_step": infiller_step,
    "refiner_step": refiner_step,
}


# How large a traced program is, and where its equations come from.


def equations(jaxpr: Jaxpr) -> Iterator[JaxprEqn]:
    """All equations of a program. Inner programs that are one and the same, such as a compiled function that is called
    several times, are lowered once and come once."""
    seen, waiting = set(), [jaxpr]
    while waiting:
        here = waiting.pop()
        if id(here) not in seen:
            seen.add(id(here))
            for equation in here.eqns:
                yield equation
                waiting += [getattr(inner, "jaxpr", inner) for inner in jaxprs_in_params(equation.params)]


def count_equations(jaxpr: Jaxpr) -> int:
    """How many equations a program has, see `equations`."""
    return sum(1 for _ in equations(jaxpr))


def equations_by_function(jaxpr: Jaxpr) -> dict[str, int]:
    """How many equations each function of the source wrote, the most first."""
    return dict(Counter(_function(equation) for equation in equations(jaxpr)).most_common())


def _function(equation: JaxprEqn) -> str:
    """The file and the function that an equation is from."""
    path, _, function = source_info_util.summarize(equation.source_info).partition(" ")
    return f"{path.split(':')[0].rpartition('sm_jax/')[2]} {function}"


# The first call, step by step.


def measure(program: Any, arguments: tuple) -> dict[str, Any]:
    """Size, and seconds on the clock and of the processor of each step up to a program's second call. Compiling is
    loading, where the program is kept."""
    seconds: dict[str, tuple[float, float]] = {}

    def timed(step: str, function: Callable[[], Any]) -> Any:
        begin = time.perf_counter(), time.process_time()
        found = jax.block_until_ready(function())
        seconds[step] = round(time.perf_counter() - begin[0], 2), round(time.process_time() - begin[1], 2)
        return found

    arguments = jax.block_until_ready(jax.device_put(arguments))
    traced = timed("trace", lambda: program.trace(*arguments))
    lowered = timed("lower", traced.lower)
    compiled = timed("compile_or_load", lowered.compile)
    for call in ("first_call", "second_call"):
        timed(call, lambda: compiled(*arguments))
    jaxpr = traced.jaxpr.jaxpr
    return {
        "equations": count_equations(jaxpr),
        "largest": dict(list(equations_by_function(jaxpr).items())[:12]),
        "stablehlo_megabytes": round(len(lowered.as_text()) / 1e6, 2),
        "seconds_clock": {step: clock for step, (clock, _) in seconds.items()},
        "seconds_processor": {step: processor for step, (_, processor) in seconds.items()},
    }


def measure_in_process(name: str, checkout: pathlib.Path, kept: str) -> dict[str, Any]:
    """`measure` of a checkout's program in a fresh process that keeps compiled programs in a folder."""
    return json.loads(_run([__file__, "--program", name], checkout, kept))


def _run(arguments: list[str], checkout: pathlib.Path, kept: str) -> str:
    """The last line that a fresh process prints."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "JAX_COMPILATION_CACHE_DIR": kept}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]


# What a user waits for from the start of a process to a reconstruction, of a clip that has been observed.

STAGES = """
import json, time
seconds = {}
def stage(name, begin=[time.perf_counter(), time.process_time()]):
    now = time.perf_counter(), time.process_time()
    seconds[name] = [round(b - a, 2) for a, b in zip(begin, now)]
    begin[:] = time.perf_counter(), time.process_time()

from sm_jax.cli.main import command_class
command_class("reconstruct")
import sm_jax.pipeline.folder as folder
stage("import")
folder.keep_compiled_programs()
from experiments.benchmarks.sampling import clip_inputs, clip_observations
import jax
from sm_jax.sampling.sample import Settings, sample
from sm_jax.text.describers import rules
from sm_jax.text.describers.describer import describer_input
(observation, *_), body = clip_observations()
inputs, settings = clip_inputs(1)[0][0], Settings()
stage("not counted")
models, encoder = folder.shipped_models().models, folder.text_encoder()
stage("load models")
encoder.encode_one(rules.describe(describer_input(observation, body)).text)
stage("describe")
for call in ("sample", "sample again"):
    jax.block_until_ready(sample(models, body, inputs, settings))
    stage(call)
del seconds["not counted"]
print(json.dumps(seconds))
"""


def measure_stages(checkout: pathlib.Path, kept: str) -> dict[str, Any]:
    """Seconds on the clock and of the processor of each of the STAGES of a checkout."""
    return json.loads(_run(["-c", STAGES], checkout, kept))


def main(before: pathlib.Path | None = None, program: str | None = None) -> None:
    """Measure and write down. before: another checkout.  program: measure this one alone, here, and print it."""
    if program is not None:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        print(json.dumps(measure(*PROGRAMS[program]())))
        return
    checkouts = {"": ROOT} | ({"_before": before.resolve()} if before else {})
    works: dict[str, Callable[[pathlib.Path, str], dict[str, Any]]] = {"stages": measure_stages}
    works |= {name: functools.partial(measure_in_process, name) for name in PROGRAMS}
    found: dict[str, dict[str, Any]] = {name: {} for name in works}
    for name, work in works.items():
        for suffix, checkout in checkouts.items():
            with tempfile.TemporaryDirectory() as kept:
                for turn in TURNS:
                    found[name][turn + suffix] = work(checkout, kept)
                    print(name, turn + suffix, json.dumps(found[name][turn + suffix]), flush=True)
    write_result(
        OUT,
        what="the first call of each program in a fresh process, with no and with kept compiled programs",
        processor="seconds on the clock, then of the processor, where there are two",
        config={"batch": BATCH, "frames": FRAMES, "sampling": dataclasses.asdict(Settings())},
        seed=SEED,
        load=round(os.getloadavg()[1], 1),
        stages=found.pop("stages"),
        programs=found,
    )


if __name__ == "__main__":
    run(main, __doc__)
