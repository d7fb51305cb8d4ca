"""Taking turns: everything once in a round, ratios within a round."""

import time

import numpy as np

from experiments.lib.timing import Worker, rates, ratios, time_interleaved, time_workers_interleaved


class FakeWorker(Worker):
    """A worker that answers with the number of questions that all of its kind have been asked."""

    def __init__(self, offers, log):
        self.offers, self.log = offers, log

    def run(self, work):
        self.log.append(work)
        return float(len(self.log))


def test_all_ways_of_one_size_follow_one_another():
    log = []
    seconds = time_workers_interleaved(
        [FakeWorker([("a", 1), ("a", 2)], log), FakeWorker([("b", 2), ("b", 1)], log)], rounds=2
    )
    assert log == 3 * [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    np.testing.assert_array_equal(seconds["a"][2], [7.0, 11.0])  # the round before, 3.0, was the one that compiles
    np.testing.assert_array_equal(seconds["b"][1], [6.0, 10.0])


def test_functions_are_called_once_more_than_timed():
    calls = []
    seconds = time_interleaved({"one": lambda: calls.append(1), "two": lambda: calls.append(2)}, rounds=3)
    assert calls == 4 * [1, 2] and all((x > 0).all() and x.shape == (3,) for x in seconds.values())


def test_ratios_are_within_a_round_and_rates_of_medians():
    seconds = {"slow": {1: np.array([2.0, 40.0, 6.0])}, "fast": {1: np.array([1.0, 10.0, 2.0]), 4: np.array([2.0])}}
    assert ratios(seconds, "slow", "fast") == {1: 3.0}  # 2, 4 and 3; of the medians it is 3 too, of the means it is not
    assert rates(seconds, each=10.0)["fast"] == {1: 5.0, 4: 20.0}


def test_a_worker_serves_what_its_process_made_and_ends():
    worker = Worker(dict, 2, [(("short", 1), time.time), (("long", 4), time.perf_counter)])
    assert worker.offers == [("short", 1), ("long", 4)]
    assert 0 < worker.run(("long", 4)) < 1
    assert 0.01 < worker.finish() < 100 and not worker._process.is_alive()
