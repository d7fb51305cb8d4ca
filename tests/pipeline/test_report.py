"""The report says what the files know, and needs nothing but itself."""

import html.parser
import json
import shutil

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.pipeline import report
from sm_jax.pipeline.result import load_result, read_summary
from tests.pipeline.results import DESCRIPTION, write_result


class Parsed(html.parser.HTMLParser):
    """Tags, the addresses that they name, and the text of a page."""

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.addresses, self.words = [], [], []
        self.feed(page)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "poster", "data", "action")]

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = write_result(tmp_path_factory.mktemp("report") / "out")
    report.report_on(folder)
    return folder


@pytest.fixture(scope="module")
def page(written):
    return Parsed((written / "report.html").read_text(encoding="utf-8"))


def test_it_needs_nothing_else_and_runs_nothing(written, page):
    assert page.addresses and all(
        address.startswith(("data:image/jpeg", "data:video/mp4")) for address in page.addresses
    )
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    text = (written / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text and "@import" not in text and "url(" not in text
    assert len(text) < 15e6 and page.tags.count("video") == 1 and page.tags.count("img") == 6


def test_what_came_from_outside_is_text(page):
    assert "They <script>alert(1)</script> & hug." in page.text and "Two people in a <b>.mp4" in page.text
    assert "sm-jax reconstruct 'a <b>.mp4' --out out" in page.text


def test_it_warns_of_what_the_files_know(page):
    for words in (
        "The focal length is a guess: the picture's diagonal, 1000 pixels",
        "Person 1 is made up for the most part in 0.3–1.0 s.",
        "Who is who may be mixed up where the two cover one another in the picture: 0.0–",
        "Returned to the first estimate: person 1: by 60%",
        "The hypotheses disagree about person 0: by up to 20 cm",
        "Said to touch, and does not in the result: person 0's head – person 1's foot.",
        "Of the video: lacks 3 frames.",
    ):
        assert words in page.text, words
    assert "person 0: no" not in page.text and "Person 0 is small" not in page.text


def test_it_shows_touches_numbers_and_how_it_was_made(page):
    for words in (
        "person 0's waist – person 1's buttock person 0's head", "person 1's foot said, not in the result",
        "in the result alone", "20.0 mm 5.0 mm 4.0 times less",
        "20.0 mm/s – cannot be said", "steps 10, weights (contact 0.3)", "infiller 0123456789ab", "seeing 2",
        "50% seen, 50% made up",
    ):  # fmt: skip
        assert words in page.text, words


def test_the_summary_lists_it_and_only_a_report_is_replaced(written):
    assert "report.html" in json.loads((written / "summary.json").read_text())["files"]
    with pytest.raises(UserError, match="report.html exists already"):
        report.report_on(written)
    (written.parent / "mine.html").write_text("<!doctype html>\n<html><p>mine")
    with pytest.raises(UserError, match="holds something that sm-jax did not write"):
        report.report_on(written, written.parent / "mine.html", overwrite=True)
    with pytest.raises(UserError, match="name a file that ends in .html"):
        report.report_on(written, written / "report.pdf")


def test_faults_are_told_in_one_line(written, tmp_path):
    for name in ("motion.npz", "observation.npz", "summary.json", "overlay.mp4"):
        folder = shutil.copytree(written, tmp_path / f"without_{name}")
        (folder / name).unlink()
        with pytest.raises(UserError, match=f"no {name}"):
            report.report_on(folder, tmp_path / "page.html")
    folder = shutil.copytree(written, tmp_path / "other")
    with np.load(folder / "observation.npz") as file:
        arrays = dict(file)
    np.savez(folder / "observation.npz", **arrays | {"frame_index": arrays["frame_index"] + 1})
    with pytest.raises(UserError, match="motion.npz and observation.npz are not of one run"):
        report.report_on(folder, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "cannot be read"), ("[" * 5000, "cannot be read"), ("[]", "lacks what this version writes"),
     ('{"description": {"text": "a"}}', "lacks what this version writes")],
)  # fmt: skip
def test_a_summary_that_is_none(tmp_path, text, words):
    (tmp_path / "summary.json").write_text(text)
    with pytest.raises(UserError, match=words):
        read_summary(tmp_path / "summary.json")


def test_the_summary_comes_back(written):
    summary = load_result(written).summary
    assert summary.description == DESCRIPTION and summary.share.tolist() == [1.0, 0.4]
    assert summary.after["foot_sliding"] is None and summary.before["jitter"] == 20.0
