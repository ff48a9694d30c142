"""`vitrine outreach preview`: a message as a person would get it, as files to look at."""

import argparse
import webbrowser
from collections.abc import Iterator, Mapping
from pathlib import Path

from vitrine.cli.outreach_story import words_lines
from vitrine.outreach.handing import MailText, WebhookBody, Words
from vitrine.service.outreach import OutreachService
from vitrine.service.rehearsal import compose


def preview(service: OutreachService, arguments: argparse.Namespace) -> Iterator[str]:
    """Write the files and tell their paths.

    Raises:
        InvalidField: there is no such message, step or channel.
        DependencyFailed: something does not answer.
    """
    words = compose(service, arguments.person, arguments.message, arguments.step - 1, arguments.channel)
    written = write_files(words, arguments.out, f"{arguments.message}-{arguments.step}")
    yield from (str(path) for path in written)
    if arguments.open and written:
        webbrowser.open(written[0].resolve().as_uri())


def write_files(words: Words, folder: Path, name: str) -> list[Path]:
    """The words as files, the one to look at first."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for suffix, text in files_of(words).items():
        path = folder / f"{name}{suffix}"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def files_of(words: Words) -> Mapping[str, str]:
    """Contents by the ending of the file's name."""
    text = "\n".join(words_lines(words)) + "\n"
    match words:
        case MailText(html=html):
            return {".html": html, ".txt": text}
        case WebhookBody():
            return {".json": text}
    return {".txt": text}
