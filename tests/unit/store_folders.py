"""A small store in a folder, to be spoilt: every kind of file, each as short as it can be."""

from pathlib import Path
from typing import Final

STORE: Final = """\
name: Test
currency: EUR
locales: [en, ru]
timezone: Europe/Berlin
regions:
  - {id: north, name: {en: North, ru: Север}}
  - {id: south, name: {en: South, ru: Юг}}
default_region: north
margins: {Private: 0.3}
crm:
  age: {type: number, about: age in years}
  tier: {type: string, values: [gold, silver]}
protected: [crm.age]
holdout: {share: 0.05}
"""

PLACEMENTS: Final = """\
placements:
  home.recs:
    pages: [home]
    products:
      size: 4
      title: {en: For you, ru: Для вас}
      strategies:
        - {for: anyone, from: [popular], order: popular}
  home.banner:
    pages: [home, cart]
    none: true
  home.popup:
    pages: [home]
    none: true
  category.listing:
    pages: [category]
    sort: {order: model, position_weight: 1}
"""

AUDIENCES: Final = """\
audiences:
  heat:
    about: it is hot where they are
    when: {weather.temperature_c: {$gte: 28}}
  hot_evening:
    when:
      $audience: heat
      time.daypart: evening
"""

PERSONAS: Final = """\
personas:
  - {name: regular, when: {visitor.visits: {$gte: 5}}}
  - {name: everybody}
"""

CAMPAIGNS: Final = """\
campaigns:
  ice-cream:
    about: something cold when it is hot
    placements: [home.recs]
    audience: heat
    when: {place.region: {$in: [north, south]}}
    schedule: {from: 2026-06-01, until: 2026-08-31}
    priority: 10
    group: weather
    caps:
      - {views: 2, per: session}
      - {views: 5, per: 3d}
    budget: {views: 100000, per: day}
    control: 0.1
    products:
      size: 4
      title: {en: "It is {{ t }} degrees", ru: "Сейчас {{ t }} градусов"}
      strategies:
        - for: anyone
          from: [popular@frozen/ice-cream]
          order: popular@frozen/ice-cream
          items: {category: [frozen/ice-cream], price: {lte: 900}, but: {brand: [National]}}
    variables:
      t: {from: weather.temperature_c, default: 30}
  banner-test:
    placements: [home.banner]
    needs: [personalization]
    experiment:
      weights: {plain: 0.5, loud: 0.5}
      coverage: 0.8
      namespace: [banners, 0, 0.5]
      forced_for: {v1: loud}
    variations:
      plain:
        content:
          text: {en: Hello, ru: Привет}
          covers:
            - {category: frozen, image: ice.svg}
            - {image: any.svg}
      loud:
        overlay: {mechanic: exit_intent, content: {text: {en: HELLO, ru: ПРИВЕТ}}}
"""

RULES: Final = """\
rules:
  own-brand:
    placements: [home.recs]
    boost: {items: {brand: [Private]}, by: 0.5}
  coffee-ad:
    audience: [heat]
    sponsored:
      items: {ids: [i1, i2]}
      slots: [1]
      per_session: 3
      label: {en: Ad, ru: Реклама}
      sponsor: Coffee Inc
  first:
    pin: {items: [i3]}
"""

FILES: Final = {
    "store.yaml": STORE,
    "placements.yaml": PLACEMENTS,
    "audiences.yaml": AUDIENCES,
    "personas.yaml": PERSONAS,
    "campaigns/main.yaml": CAMPAIGNS,
    "merchandising.yaml": RULES,
}


def write_store(folder: Path) -> Path:
    """The folder, with the small store in it."""
    for name, text in FILES.items():
        write(folder, name, text)
    return folder


def write(folder: Path, name: str, text: str) -> None:
    """Write a file of the store."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def change(folder: Path, name: str, old: str, new: str) -> int:
    """Put `new` for the only `old` in a file; the line in which it begins."""
    text = (folder / name).read_text("utf-8")
    assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
    write(folder, name, text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1
