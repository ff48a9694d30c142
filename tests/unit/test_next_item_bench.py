"""The bench of the next item, on a made-up folder of its format."""

import gzip
import json

import pytest

from tests.bench import next_item
from tests.bench.harness import BenchFailed
from tests.unit.walks import quiet, walks


def write(path, lines) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / next_item.VISITS, walks(300))
    tests = [[0, 0, visit[:-1], visit[-1]] for visit in walks(60, seed=2)]
    write(tmp_path / next_item.TESTS, tests)
    return tmp_path


def test_the_bench_reports_better_figures_than_popularity(folder):
    """Rows of few visits already foresee more than the most viewed items; nothing is read beyond its limits."""
    *table, last = next_item.run(quiet, folder)
    summary = json.loads(last)
    popular = float(next(line for line in table if line.startswith("popular items")).split()[-1])
    assert summary["mrr20"] > 2 * popular
    assert summary["keys"] <= 8
    assert 0 < summary["bytes_p95"] <= 4096
    assert set(summary) == {"bench", "hr20", "mrr20", "keys", "bytes_p95", "compute_us_p50", "build_s"}


def test_an_answer_is_judged_by_its_place(folder):
    """The second place counts half; what is not among the first 20 counts nothing."""
    cases = [next_item.Case(["x"], "a"), next_item.Case(["x"], "b"), next_item.Case(["x"], "c")]
    figures = next_item.judge(lambda visit: ["a", "b"], cases, quiet)
    assert (figures.hr, figures.mrr) == (pytest.approx(2 / 3), pytest.approx(0.5))


def test_a_folder_of_another_form_is_refused(folder, tmp_path):
    """Missing and damaged files are named."""
    write(folder / next_item.TESTS, [{"visit": 1}])
    with pytest.raises(BenchFailed, match=next_item.TESTS):
        next_item.run(quiet, folder)
    with pytest.raises(FileNotFoundError):
        next_item.run(quiet, tmp_path / "nowhere")
