"""`vitrine why`: what a decision showed, and why, for a person to read."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from vitrine.adapters.s3 import S3Objects
from vitrine.cli.live_words import live_words
from vitrine.cli.target import add_target, find_settings
from vitrine.cli.why_names import Names, named, names_of
from vitrine.service.replay import Replayed
from vitrine.wiring.operate import build_replay

TITLE_WIDTH: Final = 34
NOBODY_NAMED: Final[Names] = {}

Told = Mapping[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("decision", metavar="DECISION", help="id of a decision, from its answer")
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Replay the decision with an explanation and print it; 0, or 1 when it cannot be explained any more."""
    settings = find_settings(arguments)
    replayed = build_replay(settings).replay(arguments.decision, explain=True)
    names = names_of(replayed.recorded["release"], S3Objects(settings.releases_bucket))
    print("\n".join(story(replayed, names)))
    return 0 if replayed.explanation is not None else 1


def story(replayed: Replayed, names: Names = NOBODY_NAMED) -> Iterator[str]:
    """The decision as lines of text, its categories by these names."""
    yield from heading(replayed)
    told = replayed.explanation
    if told is None:
        yield "It cannot be made again, so there is nothing more to tell."
        return
    if told["attributes"]:
        yield ""
        yield "Attributes that some condition looked at:"
        yield from aligned((path, shown(named(path, value, names))) for path, value in told["attributes"].items())
    for name, placement in told["placements"].items():
        yield ""
        yield from placement_lines(name, placement, names)


def heading(replayed: Replayed) -> Iterator[str]:
    """Who asked when for what, and whether the replay can be trusted."""
    record = replayed.recorded
    at = datetime.fromtimestamp(record["at_ms"] / 1000, UTC)
    request = record["request"]
    subject = request["page"].get("item") or request["page"].get("category") or request["page"].get("query") or ""
    yield f"Decision {replayed.decision}, {at:%Y-%m-%d %H:%M:%S} UTC"
    yield from aligned(
        [
            ("page", f"{request['page']['type']} {subject}".strip()),
            ("visitor", f"{record['visitor'] or 'not recognised'}{' (returning)' if record['returning'] else ''}"),
            ("region", f"{record['region']} (from {record['region_source']})"),
            ("release", record["release"]),
            ("model", record["model"] or "none: rank fusion"),
            ("skipped", ", ".join(record["skipped"]) or "nothing"),
            ("replay", "identical" if replayed.identical else "NOT identical: what follows may not be what was shown"),
        ]
    )
    yield from (f"  gone: {what}" for what in replayed.gone)
    yield from (f"  differs: {what}" for what in replayed.differs)


def placement_lines(name: str, placement: Told, names: Names) -> Iterator[str]:
    """One placement: what it shows, which campaigns wanted it, and each item with its reasons."""
    campaign = f", campaign {placement['campaign']}" if placement["campaign"] else ", the placement's own"
    variation = f" / {placement['variation']}" if placement["variation"] else ""
    control = " (control: held back for comparison)" if placement["control"] else ""
    fallback = f", fallback {placement['fallback']}" if placement["fallback"] else ""
    yield f"{name}: {placement['kind']}{campaign}{variation}{control}{fallback}{live(placement)}"
    if placement["reasons"]:
        yield f"  why empty: {', '.join(placement['reasons'])}"
    if placement["considered"]:
        yield "  campaigns:"
        yield from aligned(((one["campaign"], fate(one, names)) for one in placement["considered"]), indent=4)
    yield from item_lines(placement["items"])
    for row in placement["rows"]:
        yield f"  row {row['title']}:"
        yield from item_lines(row["items"])
    if placement["dropped"]:
        yield f"  dropped: {', '.join(f'{n} {reason}' for reason, n in placement['dropped'].items())}"


def fate(one: Told, names: Names) -> str:
    """What became of a campaign."""
    arm = f" [{one['variation']}]" if one.get("variation") else ""
    bucket = f", bucket {one['bucket']}" if "bucket" in one else ""
    looked_at = ", ".join(
        f"{path} = {shown(named(path, value, names))}" for path, value in one.get("attributes", {}).items()
    )
    return f"{one['outcome']}{arm}{bucket}{live(one)}" + (f": {looked_at}" if looked_at else "")


def live(told: Told) -> str:
    """When its countdown ends, or where its wheel stops; nothing where it has neither."""
    return f", {live_words(told['live'])}" if told.get("live") else ""


def item_lines(items: Sequence[Told]) -> Iterator[str]:
    """Each item in its place: where it came from, its score and what moved it."""
    for item in items:
        title = (item["title"] or "")[:TITLE_WIDTH].ljust(TITLE_WIDTH)
        reason = item["reason"]
        source = f"{reason['list']} of {reason['item']}" if reason["item"] else reason["list"]
        yield f"  {item['slot'] + 1:>3}. {item['item']:<12} {title} {source}, score {shown(item['score'])}"
        yield from (f"         {line}" for line in item_details(item))


def item_details(item: Told) -> Iterator[str]:
    """What moved an item, as far as there is anything to say."""
    if item["rules"]:
        yield f"rules: {', '.join(item['rules'])}"
    if item["sponsor"]:
        yield f"sponsored by {item['sponsor']}"
    if item["propensity"] != 1:
        yield f"propensity {shown(item['propensity'])}"
    if item["lists"]:
        yield f"lists: {', '.join(f'{name} {shown(score)}' for name, score in item['lists'].items())}"
    if item["stands_out"]:
        features = item["features"]
        told = (f"{name} {shown(features[name])} ({apart:+.1f} sd)" for name, apart in item["stands_out"].items())
        yield f"stands out by: {', '.join(told)}"


def aligned(pairs: Iterator[tuple[str, str]] | Sequence[tuple[str, str]], indent: int = 2) -> Iterator[str]:
    """Names and values in two columns."""
    told = list(pairs)
    width = max((len(name) for name, _ in told), default=0)
    return (f"{' ' * indent}{name:<{width}}  {value}".rstrip() for name, value in told)


def shown(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A value for people: short numbers, no quotes."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case list():
            return ", ".join(map(shown, value)) or "none"
    return str(value)
