"""What the shop's pages say: texts per language, names of categories, money."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import yaml

from vitrine.values import dataclass

TEXTS: Final = "texts.yaml"
NAMES: Final = "names.yaml"
LOCALES: Final = ("en", "ru")
SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "RUB": "₽"}
SPACE: Final = "\u00a0"


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language. `names` are those of category slugs that do not read well by themselves."""

    locale: str
    texts: Mapping[str, str | Sequence[str]]
    names: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """A text with its {places} filled."""
        text = self.texts[key]
        return (text if isinstance(text, str) else text[0]).format(**values)

    def count(self, key: str, n: int) -> str:
        """A text whose form depends on a number, which stands in it as {n}."""
        return self.texts[key][plural(n, self.locale)].format(n=n)

    def category(self, path: str) -> str:
        """What the last level of a category path is called."""
        slug = path.rpartition("/")[2]
        return self.names.get(slug) or slug.replace("-", " ").capitalize()

    def trail(self, path: str) -> list[tuple[str, str]]:
        """Path and name of each level of a category path, the widest first."""
        parts = path.split("/")
        above = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        return [(one, self.category(one)) for one in above]

    def money(self, cents: int, currency: str) -> str:
        """An amount in minor units as it is written in this language."""
        sign, amount = SIGNS.get(currency, currency), f"{cents // 100:,}.{cents % 100:02}"
        if self.locale == "ru":
            return f"{amount.replace(',', SPACE).replace('.', ',')}{SPACE}{sign}"
        return f"{sign}{amount}" if len(sign) == 1 else f"{sign}{SPACE}{amount}"


def plural(n: int, locale: str) -> int:
    """Which of a text's forms goes with a number: https://cldr.unicode.org/index/cldr-spec/plural-rules."""
    if locale != "ru":
        return 0 if n == 1 else 1
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in {2, 3, 4} and n % 100 not in {12, 13, 14} else 2


def read_words(folder: Path) -> Mapping[str, Words]:
    """The words of all languages, from texts.yaml and names.yaml of a folder."""
    texts, names = (
        yaml.safe_load((folder / name).read_text(encoding="utf-8")) for name in ("texts.yaml", "names.yaml")
    )
    english = names["en"]
    return {locale: Words(locale, texts[locale], {**english, **names[locale]}) for locale in LOCALES}
