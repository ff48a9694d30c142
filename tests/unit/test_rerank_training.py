"""Training a re-ranker: it learns what there is to learn, and nothing where there is nothing."""

import json
from functools import cache

import numpy as np
import onnxruntime
import pytest

from tests.unit.reranked import event_lines, quiet, some_log
from vitrine.adapters.onnx_graph import inspect
from vitrine.cli import rerank_command
from vitrine.decisions.model import INPUT
from vitrine.errors import TooLittleData
from vitrine.refresh.network import Training, initialise, score
from vitrine.refresh.rerank_events import Rankings, read_log
from vitrine.refresh.rerank_examples import cross_fitted_rows, later_rows, split_by_time
from vitrine.refresh.rerank_features import prepare
from vitrine.refresh.rerank_items import item_traits
from vitrine.refresh.rerank_merge import merge
from vitrine.refresh.rerank_quality import judge_scores, random_quality
from vitrine.refresh.rerank_report import rerank_section
from vitrine.refresh.rerank_training import Reranker, train_reranker

QUICK = Training(hidden=(8, 4), epochs=5, seed=1)


@cache
def trained(signal: float = 1.0, n_visitors: int = 250) -> Reranker:
    """A small re-ranker of the invented log; it never changes."""
    return train_reranker(some_log(n_visitors, signal), quiet, training=QUICK, n_networks=2)


def one_list(clicked: list[bool]) -> Rankings:
    """A single list of items 0, 1, 2 and so on."""
    n, zero = len(clicked), np.zeros(1, np.int64)
    return Rankings(np.array([0, n]), np.arange(n), np.array(clicked), {}, zero, zero, zero)


def test_it_beats_the_items_own_rates():
    """Where visitors have tastes, knowing their earlier clicks orders better than what everybody likes, surely."""
    reranker = trained()
    low, _ = reranker.qualities["model"].gain10(reranker.qualities["item_quality"])
    assert low > 0.0
    assert reranker.qualities["item_quality"].ndcg10 > reranker.qualities["random"].ndcg10
    assert rerank_section(reranker).tone == "good"


def test_it_finds_nothing_where_there_is_nothing():
    """With clicks that look at neither item nor visitor it is within four standard errors of a random order."""
    qualities = trained(signal=0.0).qualities
    gain = qualities["model"].at_10 - qualities["random"].at_10
    assert abs(gain.mean()) < 4.0 * gain.std() / np.sqrt(len(gain))


def test_places_are_learned_and_hidden():
    """With nothing but position bias in the clicks, knowing the places helps; without them there is nothing."""
    qualities = trained(signal=0.0).qualities
    assert qualities["shown_order"].ndcg > qualities["random"].ndcg
    assert qualities["model_knowing_places"].ndcg > qualities["model"].ndcg


def test_the_file_scores_as_the_network_did():
    """The exported model is a plain perceptron over the manifest's features, and gives the same scores."""
    reranker = trained()
    assert set(inspect(reranker.model).ops) == {"Gemm", "Relu", "MatMul"}
    missing = np.array(list(reranker.manifest.missing.values()), np.float32)
    session = onnxruntime.InferenceSession(reranker.model, providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {INPUT: np.where(np.isnan(reranker.rows), missing, reranker.rows)})
    assert np.allclose(scores, reranker.scores, rtol=1e-3, atol=1e-3)


def test_training_repeats_itself():
    """The same log gives the same bytes."""
    first, second = (train_reranker(some_log(40), quiet, training=QUICK, n_networks=2) for _ in range(2))
    assert first.model == second.model


def test_merged_networks_give_the_mean():
    """One wide network scores as the mean of its parts."""
    rng = np.random.default_rng(0)
    networks = [initialise((5, 6, 3), rng) for _ in range(3)]
    rows = rng.standard_normal((20, 5)).astype(np.float32)
    mean = np.mean([score(network, rows) for network in networks], axis=0)
    assert np.allclose(score(merge(networks), rows), mean, atol=1e-5)


def test_ndcg_by_hand():
    """Clicked items on the first and third place of three, whose best order is first and second."""
    quality = judge_scores(one_list([True, False, True]), np.array([0]), np.array([3.0, 2.0, 1.0], np.float32))
    assert quality.ndcg == pytest.approx((1.0 + 0.5) / (1.0 + 1.0 / np.log2(3.0)))
    assert quality.ndcg10 == quality.ndcg


def test_only_the_first_ten_count():
    """A click on the eleventh place is worth nothing at 10, but something over the whole list."""
    quality = judge_scores(one_list([False] * 10 + [True]), np.array([0]), -np.arange(11, dtype=np.float32))
    assert quality.ndcg10 == 0.0
    assert quality.ndcg > 0.0


def test_random_order_is_what_shuffling_gives():
    """The expected quality of a random order lies within four standard errors of many shuffles."""
    rankings, rng = one_list([True, False, False, True, False] * 3), np.random.default_rng(2)
    drawn = [judge_scores(rankings, np.array([0]), rng.random(15).astype(np.float32)) for _ in range(2_000)]
    for name in ("ndcg", "ndcg10"):
        values = np.array([getattr(one, name) for one in drawn])
        expected = getattr(random_quality(rankings, np.array([0])), name)
        assert abs(values.mean() - expected) < 4.0 * values.std() / np.sqrt(len(values))


def test_split_is_by_time():
    """The earlier lists with a click train; nothing is in both."""
    rankings = some_log().rankings
    train, test = split_by_time(rankings)
    assert rankings.at_ms[train].max() < rankings.at_ms[test].min()
    assert len(train) == round(0.8 * (len(train) + len(test)))
    assert (rankings.clicks()[np.concatenate([train, test])] > 0).all()
    assert len(split_by_time(rankings, 60)[0]) == 60


def test_later_clicks_do_not_reach_back():
    """Turning all clicks of the last test lists around changes no feature of the training lists or earlier turns."""
    lines = list(event_lines())
    log = read_log(lines)
    train, test = split_by_time(log.rankings)
    late = {f"r{number}" for number in range(230, 240)}  # of 240
    kept = [line for line in lines if json.loads(line).get("ranking") not in late]
    extra = [
        json.dumps({"event": "interaction", "ranking": one, "item": item["id"], "timestamp": 10**9}).encode()
        for line in lines
        for one in [json.loads(line).get("id")]
        if one in late
        for item in json.loads(line)["items"][:1]
    ]
    changed = read_log([*kept, *extra])
    early = test[test < 200]
    assert len(early) > 5
    rows = []
    for some in (log, changed):
        described, traits = prepare(some.goods, some.rankings), item_traits(some.goods)
        rows.append(
            (
                cross_fitted_rows(described, traits, train, train, quiet),
                later_rows(described, traits, train, early, quiet),
            )
        )
    assert np.array_equal(rows[0][0], rows[1][0], equal_nan=True)
    assert np.array_equal(rows[0][1], rows[1][1], equal_nan=True)


def test_own_clicks_do_not_describe_a_training_list():
    """The clicks of a visitor's one list are in no feature of it: turned around, its row stays as it was."""
    lines = list(event_lines(100))
    lists = [json.loads(line) for line in lines if b'"ranking"' in line and b'"items"' in line]
    alone = json.dumps(lists[0] | {"user": "alone"}).encode()
    plain = [line for line in lines if json.loads(line).get("id") != "r0" and json.loads(line).get("ranking") != "r0"]
    rows = []
    for item in (0, 5):
        click = {"event": "interaction", "ranking": "r0", "item": lists[0]["items"][item]["id"], "timestamp": 1_000_500}
        log = read_log([*plain, alone, json.dumps(click).encode()])
        train, _ = split_by_time(log.rankings)
        assert train[0] == 0
        described = prepare(log.goods, log.rankings)
        rows.append(cross_fitted_rows(described, item_traits(log.goods), train, train[:1], quiet))
    assert np.array_equal(rows[0], rows[1], equal_nan=True)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "0 lists with a click"),
        (list(event_lines(5)), "lists with a click leave"),
        ([line.replace(b'"user": "v', b'"user": "w" , "was": "') for line in event_lines(40)], "more visitors"),
    ],
)
def test_too_little_is_said(lines, words):
    """No list, few lists, one visitor: a clear error."""
    with pytest.raises(TooLittleData, match=words):
        train_reranker(read_log(lines), quiet, training=QUICK, n_networks=1)


def test_lists_clicked_from_top_to_bottom_teach_nothing():
    """A log in which everything was clicked is refused."""
    lines = [line for line in event_lines(40) if b'"interaction"' not in line]
    clicks = [
        json.dumps({"event": "interaction", "ranking": event["id"], "item": item["id"], "timestamp": 1}).encode()
        for event in map(json.loads, lines)
        if event["event"] == "ranking"
        for item in event["items"]
    ]
    with pytest.raises(TooLittleData, match="all items were clicked"):
        train_reranker(read_log([*lines, *clicks]), quiet, training=QUICK, n_networks=1)


def test_the_command_writes_its_files(tmp_path, capsys, monkeypatch):
    """`vitrine rerank EVENTS --out DIR` leaves model, manifest and page, and ends with a JSON object."""
    events, out = tmp_path / "events.jsonl", tmp_path / "out"
    events.write_bytes(b"\n".join(event_lines(40)))
    parser = rerank_command.argparse.ArgumentParser()
    rerank_command.configure(parser)
    assert rerank_command.run(parser.parse_args([str(events), "--out", str(out)])) == 0
    printed = capsys.readouterr().out.splitlines()
    assert set(json.loads(printed[-1])) >= {"model", "random", "item_quality"}
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert manifest["features"][-2:] == ["place", "place_inverse"]
    assert (out / "model.onnx").stat().st_size < 1_000_000
    assert "NDCG@10" in (out / "report.html").read_text()
