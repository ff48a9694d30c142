"""The Server-Timing header (W3C Server Timing): a page's developer tools show what each stage of its answer took."""

from collections.abc import Mapping


def server_timing(timings_ms: Mapping[str, float]) -> str:
    """The header's value from stages and their milliseconds, in order: `read;dur=4.21, rank;dur=0.30`.

    Names of stages are tokens (letters, digits, `-`, `_`), as the header wants them.
    """
    return ", ".join([f"{stage};dur={took_ms:.2f}" for stage, took_ms in timings_ms.items()])


def timing_headers(timings_ms: Mapping[str, float], origins: str) -> dict[str, str]:
    """The headers of an answer that may be looked into by pages of these origins, separated by commas.

    `Access-Control-Expose-Headers` (template.yaml) lets their scripts read it from the answer, `Timing-Allow-Origin`
    from the browser's Resource Timing. Without origins nobody elsewhere may.
    """
    headers = {"Server-Timing": server_timing(timings_ms)}
    return headers | {"Timing-Allow-Origin": origins.replace(",", ", ")} if origins else headers
