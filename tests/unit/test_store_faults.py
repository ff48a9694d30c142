"""What is wrong in a store's files is named with file, line, place and remedy, all of it at once."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.store_folders import FILES, change, write, write_store
from vitrine.api.store_build import compile_words
from vitrine.api.store_compiled import load_store
from vitrine.api.store_faults import Fault
from vitrine.api.store_folder import check_store, compile_store, read_store_file
from vitrine.cli import main
from vitrine.errors import InvalidStore

MAIN = "campaigns/main.yaml"
PERSON = "personas.yaml"
RULES = "merchandising.yaml"
PLACES = "placements.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small store to spoil."""
    return write_store(tmp_path / "store")


def only_fault(folder: Path) -> Fault:
    """The one thing that is wrong."""
    (fault,) = check_store(folder)
    return fault


CASES = yaml.safe_load(Path("tests/fixtures/store_faults.yaml").read_text("utf-8"))
OF_THE_ISSUE = CASES["of the issue"]
ALL = OF_THE_ISSUE | CASES["others"]


@pytest.mark.parametrize("case", ALL)
def test_a_fault_is_named_with_file_line_and_remedy(folder: Path, case: str) -> None:
    """One thing is wrong, one thing is told, where it is."""
    spoilt = ALL[case]
    line = change(folder, spoilt["file"], spoilt["old"], spoilt["new"])
    fault = only_fault(folder)
    assert (fault.file, fault.place) == (str(folder / spoilt["file"]), spoilt["place"])
    assert spoilt["says"] in fault.message
    assert spoilt.get("hint", "") in fault.hint
    assert fault.hint or case == "not YAML"  # there the parser has nothing to advise
    after = spoilt.get("line", 0)
    assert after == "any" or fault.line == line + after


def test_every_fault_of_the_issue_has_its_own_message() -> None:
    """Nobody has to guess which of two things was meant."""
    messages = [spoilt["says"] for spoilt in OF_THE_ISSUE.values()]
    assert len(set(messages)) == len(messages)


def test_exclusive_ranges_may_not_overlap(folder: Path) -> None:
    """Two experiments of one namespace that could share a visitor are refused, with both names."""
    second = (
        (folder / MAIN)
        .read_text("utf-8")
        .partition("  banner-test:")[2]
        .replace("[banners, 0, 0.5]", "[banners, 0.4, 0.9]")
    )
    write(folder, "campaigns/second.yaml", f"campaigns:\n  second-test:{second}")
    fault = only_fault(folder)
    assert (fault.file, fault.place) == (
        str(folder / "campaigns/second.yaml"),
        "campaigns.second-test.experiment.namespace",
    )
    assert "banner-test (0.0-0.5) and second-test (0.4-0.9) overlap in namespace banners" in fault.message
    assert fault.line == 8


def test_protected_attributes_are_found_through_audiences_and_personas(folder: Path) -> None:
    """Hiding the age behind a name does not make an offer fair."""
    change(folder, "audiences.yaml", "time.daypart: evening", "crm.age: {$lt: 30}")
    change(folder, MAIN, "audience: heat", "audience: hot_evening\n    offer: true")
    assert "looks at crm.age" in only_fault(folder).message
    change(folder, "audiences.yaml", "crm.age: {$lt: 30}", "time.daypart: evening")
    change(folder, PERSON, "visitor.visits: {$gte: 5}", "crm.age: {$lt: 30}")
    change(folder, MAIN, "when: {place.region: {$in: [north, south]}}", "when: {persona: regular}")
    assert "looks at persona" in only_fault(folder).message


def test_protected_attributes_may_not_decide_an_offers_text(folder: Path) -> None:
    """A template is a condition, too."""
    change(folder, MAIN, "from: weather.temperature_c", "from: crm.age")
    change(folder, MAIN, "priority: 10", "offer: true")
    assert "a text of it looks at crm.age" in only_fault(folder).message


PRICED = """\
  priced:
    placements: [home.recs]
    when: {WHO: {$lt: 30}}
    products:
      size: 4
      title: {en: A, ru: Б}
      items: {discount: {gte: 0.1}}
      blend: {cheapness: 1, discount: 1}
      strategies:
        - {for: anyone, from: [discounted], order: discounted}
        - {for: anyone, from: [similar_page], order: model, price: cheaper}
"""
"""A campaign in which prices decide five times."""


def test_all_that_prices_decide_is_told_and_only_of_protected_attributes(folder: Path) -> None:
    """A campaign is mended in one go; whoever is chosen by what is not protected may see prices."""
    change(folder, MAIN, "  banner-test:", PRICED.replace("WHO", "crm.age") + "  banner-test:")
    assert [fault.place.removeprefix("campaigns.priced.products.") for fault in check_store(folder)] == [
        "items",
        "blend.cheapness",
        "blend.discount",
        "strategies.0.from.0",
        "strategies.1.price",
    ]
    change(folder, MAIN, "crm.age: {$lt: 30}", "visitor.visits: {$lt: 30}")
    assert check_store(folder) == []
    change(folder, MAIN, "visitor.visits: {$lt: 30}", "persona: {$ne: regular}")
    change(folder, PERSON, "visitor.visits: {$gte: 5}", "crm.age: {$lt: 30}")
    assert {fault.message.rpartition(" ")[2] for fault in check_store(folder)} == {"persona"}


def test_a_blend_of_nothing_and_of_margins_is_for_everybody(folder: Path) -> None:
    """Only terms that prices make count, and only with a weight."""
    terms = PRICED.replace("WHO", "crm.age").replace("cheapness: 1, discount: 1", "margin: 1, cheapness: 0")
    change(folder, MAIN, "  banner-test:", terms + "  banner-test:")
    assert not [fault for fault in check_store(folder) if "blend" in fault.place]


def test_a_season_of_cheap_goods_is_a_price(folder: Path) -> None:
    """The term of a blend counts where the goods of a season are selected by price, and not by category."""
    row = PRICED.replace("WHO", "crm.age").replace("cheapness: 1, discount: 1", "season: 1")
    change(folder, MAIN, "  banner-test:", row + "  banner-test:")
    for goods, told in (("category: [frozen]", False), ("price: {lte: 100}", True)):
        write(folder, RULES, f"seasons: {{summer: {{{goods}}}}}\nrules: {{}}\n")
        assert ("campaigns.priced.products.blend.season" in {fault.place for fault in check_store(folder)}) is told


def test_rules_by_price_are_for_everybody_who_is_not_chosen_by_a_protected_attribute(folder: Path) -> None:
    """Of every kind that selects."""
    effects = ("only: {SELECTED}", "exclude: {SELECTED}", "boost: {items: {SELECTED}, by: 1}")
    effects += ("bury: {items: {SELECTED}, by: 1}", "slots: {items: {SELECTED}, slots: [0]}")
    for effect in (each.replace("SELECTED", "discount: {gte: 0.1}, price: {lte: 900}") for each in effects):
        for who, faults in (("visitor.visits", 0), ("crm.age", 1)):
            write(folder, RULES, f"rules:\n  cheap:\n    when: {{{who}: {{$lt: 30}}}}\n    {effect}\n")
            assert len(check_store(folder)) == faults, effect


def test_a_floor_of_scores_binds_the_strategies_that_a_list_orders(folder: Path) -> None:
    """One of them is enough; and a release from before the check, in which none is, still loads."""
    row = "strategies:\n        - {for: known, from: [popular], order: model}"
    change(folder, PLACES, "strategies:", f"floor: {{min_score: 0.3}}\n      {row}")
    assert check_store(folder) == []
    carried = compile_store(folder).replace(b'"order":"popular"', b'"order":"model"')
    assert compile_words(carried).placements["home.recs"].action.row is not None


def test_all_faults_of_all_files_are_told(folder: Path) -> None:
    """A marketer mends a store in one go; several faults of one condition are told, too."""
    change(folder, "store.yaml", "[crm.age]", "[crm.aeg]")
    change(folder, PLACES, "from: [popular]", "from: [popular, best]")
    change(folder, "audiences.yaml", "{$gte: 28}", "{$gte: hot}")
    change(folder, PERSON, "name: regular", "name: everybody")
    change(
        folder,
        MAIN,
        "when: {place.region: {$in: [north, south]}}",
        "when: {place.regoin: north, $or: [{time.hour: x}, {time.huor: 1}]}",
    )
    change(folder, MAIN, "weights: {plain: 0.5, loud: 0.5}", "weights: {plain: 0.9, loud: 0.5}")
    change(folder, MAIN, "coverage: 0.8", "coverage: 8")
    change(folder, RULES, "by: 0.5", "by: -1")
    faults = check_store(folder)
    assert faults == sorted(faults)
    assert [(fault.file.removeprefix(f"{folder}/"), fault.place) for fault in faults] == [
        ("audiences.yaml", "audiences.heat.when.weather.temperature_c.$gte"),
        ("campaigns/main.yaml", "campaigns.ice-cream.when.$or.0.time.hour"),
        ("campaigns/main.yaml", "campaigns.ice-cream.when.$or.1.time.huor"),
        ("campaigns/main.yaml", "campaigns.ice-cream.when.place.regoin"),
        ("campaigns/main.yaml", "campaigns.banner-test.experiment.weights"),
        ("campaigns/main.yaml", "campaigns.banner-test.experiment.coverage"),
        ("merchandising.yaml", "rules.own-brand.boost.by"),
        ("personas.yaml", "personas.1.name"),
        ("placements.yaml", "placements.home.recs.products.strategies.0.from.1"),
        ("store.yaml", "protected.0"),
    ]


def test_a_wrong_store_file_does_not_hide_the_others(folder: Path) -> None:
    """What can be seen without it is told."""
    change(folder, "store.yaml", "currency: EUR", "currency: euro")
    change(folder, MAIN, "priority: 10", "priority: ten")
    assert [fault.place for fault in check_store(folder)] == ["campaigns.ice-cream.priority", "currency"]


def test_a_wrong_field_does_not_hide_the_others_of_its_campaign(folder: Path) -> None:
    """What does not depend on it is checked all the same; what might is not, so that no fault is made up."""
    change(folder, MAIN, "audience: heat", "audience: haet")
    change(folder, MAIN, "priority: 10", "prioriti: 10")
    change(folder, MAIN, "views: 100000", "views: none")
    change(folder, MAIN, "from: [popular@frozen/ice-cream]", "from: [populer]")
    assert [fault.place.removeprefix("campaigns.ice-cream.") for fault in check_store(folder)] == [
        "audience",
        "prioriti",
        "budget.views",
        "products.strategies.0.from.0",
        "products.strategies.0.order",
    ]
    change(folder, MAIN, "    variables:", "    varaibles:")
    assert [fault.place for fault in check_store(folder)] == [
        "campaigns.ice-cream.prioriti",
        "campaigns.ice-cream.budget.views",
        "campaigns.ice-cream.varaibles",
    ]


@pytest.mark.parametrize(
    ("stray", "hint"),
    [
        ("audience.yaml", "did you mean 'audiences.yaml'?"),
        ("offers.yml", "did you mean 'offers.yaml'?"),
        ("stores-west.geojson", "did you mean 'stores.geojson'?"),
        ("summer.yaml", "or move it to campaigns/"),
        ("campaigns/2026/june.yaml", "move it to campaigns/ itself"),
        ("campaigns/main.geojson", "let it end in .yaml"),
    ],
)
def test_a_file_that_nothing_reads_is_a_fault(folder: Path, stray: str, hint: str) -> None:
    """A marketer who misspells a file's name does not lose what it says; notes and an editor's own files are fine."""
    for name in (
        "README.md",
        "schema/store.schema.json",
        ".offers.yaml",
        "campaigns/.main.yaml.swp",
        "campaigns/b.yml",
    ):
        write(folder, name, "campaigns: {}")
    assert check_store(folder) == []
    write(folder, stray, "campaigns: {}")
    fault = only_fault(folder)
    assert (fault.file, fault.line, fault.message) == (
        str(folder / stray),
        1,
        "is no file of a store, and nothing reads it",
    )
    assert hint in fault.hint


def test_names_of_wrong_parts_are_known(folder: Path) -> None:
    """A placement and an audience with a fault of their own make no second fault where they are used."""
    change(folder, PLACES, "size: 4", "size: 400")
    change(folder, "audiences.yaml", "about: it is hot where they are", "abuot: hot")
    assert [fault.place for fault in check_store(folder)] == [
        "audiences.heat.abuot",
        "placements.home.recs.products.size",
    ]


def test_a_campaign_stands_in_one_file(folder: Path) -> None:
    """Two of one name would be one of them, by chance of the files' names."""
    write(
        folder, "campaigns/zz.yaml", "# more\ncampaigns:\n  ice-cream:\n    placements: [home.recs]\n    none: true\n"
    )
    fault = only_fault(folder)
    assert (fault.line, fault.message) == (3, "campaigns/main.yaml:2 has a campaign of this name")


@pytest.mark.parametrize("missing", ["store.yaml", "placements.yaml"])
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    """An empty folder is no store."""
    (folder / missing).unlink()
    assert f"{missing}:1: is missing" in str(only_fault(folder)).replace(f"{folder}/", "")
    with pytest.raises(InvalidStore, match="is missing"):
        compile_store(folder)


def test_nested_aliases_do_not_blow_up(folder: Path) -> None:
    """Nine lines that stand for a billion values are refused while they are read."""
    layers = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    write(folder, PERSON, "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *layers]))
    assert "comes to more than 200,000 values" in only_fault(folder).message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * 100_000, "nested deeper"),
        ("a: &a [*a]", "stands for nothing"),
        ("personas: [\0]", "is not YAML"),
        ("- 1", "has no list under"),
    ],
)
def test_hostile_files_are_refused(folder: Path, text: str, says: str) -> None:
    """However deep, circular or binary: one line says so."""
    write(folder, PERSON, text)
    assert says in only_fault(folder).message


def test_plain_words_stay_words(folder: Path) -> None:
    """The country code of Norway is no boolean, and a time of day is no number: YAML 1.2, as editors read it."""
    change(folder, PLACES, "none: true\n  home.popup", "content: {country: no, opens: 09:30, code: 007}\n  home.popup")
    assert check_store(folder) == []
    assert b'"content":{"country":"no","opens":"09:30","code":7}' in compile_store(folder)


def test_compiling_tells_the_first_faults(folder: Path) -> None:
    """A store with any fault is refused whole."""
    change(folder, MAIN, "priority: 10", "priority: ten")
    with pytest.raises(InvalidStore, match=r"main\.yaml:8: campaigns\.ice-cream\.priority: should be a valid integer"):
        compile_store(folder)
    change(folder, "store.yaml", "name: Test", "nmae: Test")
    with pytest.raises(InvalidStore, match=r"there is no field 'nmae' here \(did you mean 'name'\?\)"):
        read_store_file(folder)


def test_validate_prints_every_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """file:line: place: message, then what to do; the exit code is 1."""
    line = change(folder, MAIN, "audience: heat", "audience: haet")
    assert main(["validate", str(folder)]) == 1
    assert capsys.readouterr().out == (
        f"{folder}/campaigns/main.yaml:{line}: campaigns.ice-cream.audience: there is no audience 'haet'\n"
        "    did you mean 'heat'?\n"
        f"{folder}: 1 fault\n"
    )


def test_validate_counts_what_is_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody wonders whether the files were found."""
    assert main(["validate", str(folder)]) == 0
    assert "4 placements, 2 audiences, 2 personas, 2 campaigns, 3 rules" in capsys.readouterr().out


def test_anchors_spare_repetition(folder: Path) -> None:
    """An alias stands for what was marked before; a fault behind it is told where the alias is."""
    change(folder, PLACES, "{en: For you, ru: Для вас}", "&title {en: For you, ru: Для вас}")
    row = "products: {size: 2, title: *title, strategies: [{for: anyone, from: [new], order: new}]}"
    line = change(folder, PLACES, "none: true\n  home.popup", f"{row}\n  home.popup")
    assert check_store(folder) == []
    change(folder, PLACES, "en: For you", "fr: Pour vous")
    assert [(fault.line, fault.message) for fault in check_store(folder)][-2:] == [
        (line, "lacks the locale 'en'"),
        (line, "the store has no locale 'fr'"),
    ]


def test_files_of_any_editor_are_read(folder: Path) -> None:
    """A byte order mark and Windows' line ends change nothing."""
    before = compile_store(folder)
    path = folder / MAIN
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert compile_store(folder) == before


SCRAPS = (
    "null",
    "[]",
    "{}",
    "-1",
    "1e999",
    "0.5",
    "true",
    '""',
    "x",
    "{en: a}",
    "[[1]]",
    "{$or: [1]}",
    "*a",
    "20-13-01",
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_checking_is_total(folder: Path, data: st.DataObject) -> None:
    """Whatever stands in place of a value: faults are told or the store loads, and nothing is raised."""
    name = data.draw(st.sampled_from(sorted(FILES)))
    text = FILES[name]
    values = [found.span() for found in re.finditer(r"(?<=: )[^\n{}\[\],]+|\{[^{}]*\}|\[[^\[\]]*\]|[a-z_]+(?=:)", text)]
    start, end = data.draw(st.sampled_from(values))
    write(folder, name, text[:start] + data.draw(st.sampled_from(SCRAPS)) + text[end:])
    faults = check_store(folder)
    if not faults:
        load_store(compile_store(folder))
    write(folder, name, text)
    assert all(fault.line >= 1 and fault.message for fault in faults)
