"""Train the ranker on the past, choose on what came after, and compare it with its baselines on what came last.

Snapshots of the lists are taken at the end of some weeks; what each visitor bought first in the weeks that follow is
what the ranker should put on top. Training, choosing and testing use disjoint weeks in this order of time, and nothing
but the final comparison looks at the test weeks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeAlias

import numpy as np

from vitrine.catalog.packed import code
from vitrine.decisions.features import FEATURES
from vitrine.decisions.golden import GOLDEN, golden_vectors
from vitrine.decisions.model import RankerManifest
from vitrine.decisions.release import Part
from vitrine.errors import TooLittleData
from vitrine.ports import Progress, Ranker
from vitrine.refresh.drift import DRIFT, drift_facts, measure_drift
from vitrine.refresh.evaluation import BASELINES, Results, Scorer, evaluate, judge, summarise
from vitrine.refresh.examples import SITUATIONS, Basket, PageView, Snapshot, page_views, sample_negatives, stack
from vitrine.refresh.export import OPSET, to_onnx
from vitrine.refresh.network import Floats, Groups, Network, Scaling, Training, fit, measure_scaling, score
from vitrine.refresh.weeks import Plan, Span, Weeks
from vitrine.values import dataclass

NAME: Final = "ranker"
NEGATIVES: Final = 60
SAMPLE_ROWS: Final = 200
GOLDEN_ROWS: Final = 7
RECENT_VIEWS: Final = 2_000
MAX_TRAINED_ROWS: Final = 200_000
"""Enough to tell shares of a tenth to a tenth of a percent."""

LIBRARIES: Final = ("numpy", "onnx", "duckdb")

LoadRanker = Callable[[bytes, bytes], Ranker]
"""Checks and loads a model with its manifest; raises InvalidModel."""


class History(Protocol):
    """What happened, as seen from any instant of the past."""

    def snapshot(self, as_of_ms: int) -> Snapshot:
        """The lists made of nothing but what happened before the instant."""
        ...

    def first_baskets(self, from_ms: int, to_ms: int) -> Sequence[Basket]:
        """Each visitor's first basket with from_ms <= at_ms < to_ms, sorted by visitor."""
        ...

    def week_start_ms(self, week: int) -> int:
        """Instant at which a week of the data starts; its first week is week 1."""
        ...

    def last_week(self) -> int:
        """The last whole week of the data."""
        ...


@dataclass(frozen=True, slots=True)
class TrainedRanker:
    """Files of a ranker and its comparisons: `choose` holds visitors of the choose weeks who did not choose it.

    `sample` is float32 [n, d] with n <= 200: candidates of these visitors, to try the ranker on.
    """

    model: bytes
    manifest: RankerManifest
    choose: Results
    test: Results
    sample: Floats


def train_ranker(
    history: History,
    plan: Plan,
    load: LoadRanker,
    progress: Progress,
    training: Training | None = None,
    champion: Ranker | None = None,
) -> TrainedRanker:
    """A ranker trained, exported, loaded again as serving does, and compared with the baselines.

    Half of the visitors of the choose weeks choose the epoch. The other half compares it with the baselines and with a
    `champion`, under that name: that is what may replace it.

    Raises:
        TooLittleData: the data holds too few weeks, or no page view to learn from or to choose on.
    """
    training = training or Training()
    weeks = plan.weeks(history.last_week())
    with _Replay(history, weeks, training.seed, progress) as replay:
        train = replay.training_groups()
        tuning, held_out = _halves(replay.views(weeks.choose(), "simulate the choose weeks"))
        chosen = stack((view.rows, view.bought) for view in tuning)
        if not len(train) or not len(chosen) or not held_out:
            raise TooLittleData(
                "not enough data yet: every span of weeks needs baskets of two items or of known visitors"
            )
        scaling = measure_scaling(train.rows)
        network = fit(train, scaling, training, lambda network: _mean_ndcg(network, scaling, chosen), progress)
        model = to_onnx(network, scaling, NAME)
        manifest = _manifest(model, scaling, history, weeks, training, len(train))
        ranker = load(model, manifest.to_bytes())
        manifest = _with_checks(manifest, ranker, train.rows, _recent(held_out, training.seed))
        scorers = {"model": _by_ranker(ranker), **BASELINES}
        contenders = {"champion": _by_ranker(champion)} if champion is not None else {}
        on_choose = evaluate(held_out, {**scorers, **contenders})
        on_test = evaluate(replay.views(weeks.test(), "simulate the test weeks"), scorers)
    metrics = {"choose": _summaries(on_choose, training.seed), "test": _summaries(on_test, training.seed)}
    sample = np.concatenate([view.rows for view in held_out[:SAMPLE_ROWS]])[:SAMPLE_ROWS]
    return TrainedRanker(model, replace(manifest, metrics=metrics), on_choose, on_test, sample)


_Past: TypeAlias = tuple[Snapshot, Sequence[Basket]]


class _Replay:
    """Page views of the weeks in their order; while one week is simulated, the next snapshot is already being built.

    Every week draws from a random stream of its own.
    """

    def __init__(self, history: History, weeks: Weeks, seed: int, progress: Progress) -> None:
        self._history = history
        self._weeks = weeks
        self._seed = seed
        self._progress = progress
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="snapshots")
        self._order = iter([*weeks.train(), *weeks.choose(), *weeks.test()])
        self._coming: Future[_Past] | None = None
        self._look_ahead()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)

    def training_groups(self) -> Groups:
        """Candidates of the training weeks with sampled negatives."""
        rng = np.random.default_rng([self._seed, 0])
        views = self.views(self._weeks.train(), "simulate the training weeks")
        return stack(sample_negatives(view, NEGATIVES, rng) for view in views)

    def views(self, spans: Sequence[Span], stage: str) -> Iterator[PageView]:
        """All page views of the given spans, which must be the next ones in order."""
        self._progress(stage, 0, len(spans))
        for done, span in enumerate(spans, 1):
            snapshot, baskets = self._await_past()
            yield from page_views(snapshot, baskets, SITUATIONS, np.random.default_rng([self._seed, span.snapshot]))
            self._progress(stage, done, len(spans))

    def _await_past(self) -> _Past:
        if self._coming is None:
            raise RuntimeError("all weeks have been simulated")
        past = self._coming.result()
        self._look_ahead()
        return past

    def _look_ahead(self) -> None:
        span = next(self._order, None)
        self._coming = None if span is None else self._pool.submit(self._past, span)

    def _past(self, span: Span) -> _Past:
        """The lists of a span's snapshot, and the baskets that followed."""
        from_ms, to_ms = (self._history.week_start_ms(week + 1) for week in span)
        return self._history.snapshot(from_ms), self._history.first_baskets(from_ms, to_ms)


def _halves(views: Iterable[PageView]) -> tuple[list[PageView], list[PageView]]:
    """Page views of one half of the visitors and of the other, told apart by the visitor's id."""
    halves: tuple[list[PageView], list[PageView]] = ([], [])
    for view in views:
        halves[code(view.visitor) % 2].append(view)
    return halves


def _recent(views: Sequence[PageView], seed: int) -> Floats:
    """Rows of some of the page views [n, d], sampled as those of training were."""
    rng = np.random.default_rng([seed, 1])
    some = views[:: max(1, len(views) // RECENT_VIEWS)]
    rows = stack(sample_negatives(view, NEGATIVES, rng) for view in some).rows
    return rows if len(rows) else views[0].rows


def _with_checks(manifest: RankerManifest, ranker: Ranker, trained: Floats, recent: Floats) -> RankerManifest:
    """The manifest with golden vectors, one of them of nothing but missing values, and how far features have moved."""
    some = recent[np.linspace(0, len(recent) - 1, GOLDEN_ROWS).astype(int)]
    rows = np.concatenate([some, np.full((1, some.shape[1]), np.nan, np.float32)])
    thinned = trained[:: max(1, len(trained) // MAX_TRAINED_ROWS)]
    facts = {
        **manifest.training,
        DRIFT: drift_facts(measure_drift(list(manifest.missing), thinned, recent)),
        GOLDEN: golden_vectors(rows, ranker.score(rows)),
    }
    return replace(manifest, training=facts)


def _mean_ndcg(network: Network, scaling: Scaling, groups: Groups) -> float:
    scores = score(network, scaling.apply(groups.rows))
    spans = zip(groups.starts[:-1], groups.starts[1:], strict=True)
    values = [
        judge(scores[start:end], groups.bought[start:end], int(groups.bought[start:end].sum()))[0]
        for start, end in spans
    ]
    return float(np.mean(values))


def _by_ranker(ranker: Ranker) -> Scorer:
    return lambda view: ranker.score(view.rows)


def _summaries(results: Results, seed: int) -> dict[str, Any]:
    return {situation: summarise(results.of(situation), "model", seed) for situation in SITUATIONS}


def _manifest(
    model: bytes, scaling: Scaling, history: History, weeks: Weeks, training: Training, n_groups: int
) -> RankerManifest:
    first, last = weeks.train()[0].snapshot, weeks.train_to
    facts: Mapping[str, Any] = {
        "from": _iso_date(history.week_start_ms(first + 1)),
        "to": _iso_date(history.week_start_ms(last + 1) - 1),
        "weeks": {
            purpose: [list(span) for span in spans]
            for purpose, spans in (("train", weeks.train()), ("choose", weeks.choose()), ("test", weeks.test()))
        },
        "groups": n_groups,
        "negatives": NEGATIVES,
        "hidden": list(training.hidden),
        "seed": training.seed,
        "versions": {library: version(library) for library in LIBRARIES},
    }
    missing = {name: float(value) for name, value in zip(FEATURES, scaling.missing, strict=True)}
    return RankerManifest(NAME, Part.of(model).sha256, OPSET, missing, facts, {})


def _iso_date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
