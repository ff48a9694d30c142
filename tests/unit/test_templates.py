"""Content per locale with variables: it renders whatever the attributes are, and nothing else than text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.api.store_jinja import MAX_TEMPLATE_BYTES, template_faults, variables_of
from vitrine.api.store_templates import check_templates
from vitrine.api.templates import Variable, compile_payload
from vitrine.decisions.actions import Fixed, Payload

LOCALES = ("en", "ru")
CART = Variable("cart.value", dict.fromkeys(LOCALES, 0))
NAME = Variable("crm.name", {"en": "friend", "ru": "друг"})


def unfaulty(*fault: Any) -> None:
    """Nothing may be refused."""
    raise AssertionError(fault)


def payload(plain: Any, **variables: Variable) -> Payload:
    """A payload of a store with two locales."""
    return compile_payload(plain, LOCALES, variables, unfaulty, ())


def text(source: str, values: dict[str, Any], **variables: Variable) -> Any:
    """One template rendered in English."""
    return payload(source, **variables).render("en", values.get)


def test_content_without_variables_is_finished_when_compiled() -> None:
    """A choice by locale is made at every depth, also of lists; other mappings are content."""
    plain = {"text": {"en": "Hi", "ru": "Да"}, "list": [{"en": [1], "ru": [2]}, {"en": 1, "href": "/"}], "n": None}
    assert payload(plain) == Fixed(
        {
            "en": {"text": "Hi", "list": [[1], {"en": 1, "href": "/"}], "n": None},
            "ru": {"text": "Да", "list": [[2], {"en": 1, "href": "/"}], "n": None},
        }
    )


def test_variables_fill_in_and_fall_back() -> None:
    """What is unknown has the locale's default; whole numbers go without their zero; nothing is escaped."""
    content = payload({"text": {"en": "Hi {{ name }}", "ru": "Привет, {{ name }}"}}, name=NAME)
    assert content.render("en", {"crm.name": "<Ann>"}.get) == {"text": "Hi <Ann>"}
    assert content.render("ru", {}.get) == {"text": "Привет, друг"}
    assert text("{{ v }} {{ v / 100 }} {{ v > 3 }}", {"cart.value": 250.0}, v=CART) == "250 2.5 True"


def test_blocks_are_conditional() -> None:
    """If and else, comparisons, filters and arithmetic of numbers are there."""
    source = "{% if v >= 5000 %}Free delivery{% else %}{{ ((5000 - v) / 100) | round(2) }} to go{% endif %}"
    assert text(source, {"cart.value": 5_000}, v=CART) == "Free delivery"
    assert text(source, {"cart.value": 4_210}, v=CART) == "7.9 to go"
    assert text("{{ name | upper if name in ['ann'] else name | trim }}", {"crm.name": "ann"}, name=NAME) == "ANN"


def test_a_value_that_does_not_fit_gives_the_defaults() -> None:
    """A text where a number was: the page shows what was checked when the store was published."""
    assert text("{{ 100 - v }}", {"cart.value": "many"}, v=CART) == "100"
    assert text("{{ 100 / v }}", {"cart.value": 0}, v=Variable("cart.value", dict.fromkeys(LOCALES, 4))) == "25"
    assert text("{{ 100 / v }}", {"cart.value": 0}, v=CART) == ""  # such a default is refused by a check


@given(st.none() | st.text() | st.integers() | st.floats() | st.booleans() | st.lists(st.text()) | st.just("\ud800"))
def test_rendering_is_total(value: Any) -> None:
    """Whatever the attribute is, there is a text."""
    content = payload("{{ v }}{% if v > 1 %}{{ v * 2 }}{% endif %}{{ v | round(1) | int }}{{ v | first }}", v=CART)
    assert isinstance(content.render("en", {"cart.value": value}.get), str)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{% for i in v %}{{ i }}{% endfor %}", "a loop (for) is not allowed"),
        ("{{ range(10**9) }}", "a call, such as range(), is not allowed"),
        ("{{ 9**9**9 }}", "a power (**) is not allowed"),
        ("{% macro m() %}{% endmacro %}", "a macro is not allowed"),
        ("{% import 'x' as x %}", "an import is not allowed"),
        ("{% from 'x' import y %}", "an import is not allowed"),
        ("{% include 'x' %}", "an include is not allowed"),
        ("{% extends 'x' %}", "an extends is not allowed"),
        ("{% block b %}{% endblock %}", "a block is not allowed"),
        ("{% set x = 1 %}", "a set is not allowed"),
        ("{{ v.__class__ }}", "a look into a value (a.b) is not allowed"),
        ("{{ v['x'] }}", "a look into a value (a[b]) is not allowed"),
        ("{{ v is defined }}", "a test (is) is not allowed"),
        ("{{ v % 2 }}", "is not allowed"),
        ("{{ v // 2 }}", "is not allowed"),
        ("{{ {'a': 1} }}", "is not allowed"),
        ("{{ v | center(10) }}", "there is no filter 'center'"),
        ("{{ v | round(1000000) }}", "the filter 'round' takes short texts and numbers up to 20"),
        ("{{ v | round(v) }}", "the filter 'round' takes short texts"),
        ("{% if v %}", "is no template"),
        ("{{ v", "is no template"),
        ("{{ " + "(" * 2_000 + "v" + ")" * 2_000 + " }}", "the template is nested too deeply"),
        ("{{ " + "not " * 900 + "v }}", "the template is nested too deeply"),
        ("{% if v %}" * 150 + "{% endif %}" * 150, "the template is nested too deeply"),
        ("{{ v" + "|trim" * 700 + " }}", "the template is nested too deeply"),
        ("{{ " + "v + " * 900 + "v }}", "the template is nested too deeply"),
        ("x" * MAX_TEMPLATE_BYTES + "{{ v }}", "the template is larger than 4,096 bytes"),
        ("{% autoescape true %}{% endautoescape %}", "is no"),
        ("{% call v() %}{% endcall %}", "is not allowed"),
        ("{% filter upper %}{% endfilter %}", "is not allowed"),
        ("{% with a = 1 %}{% endwith %}", "is not allowed"),
    ],
)
def test_what_templates_may_not_do(source: str, says: str) -> None:
    """No loops, calls or looks inside; each has its own message and a remedy."""
    faults = list(template_faults(source))
    assert any(says in message for message, _ in faults), faults
    assert all(hint for _, hint in faults)


@pytest.mark.parametrize("source", ["{{ 'a' * 1000000000 }}", "{{ v * 1000000000 }}", "{{ v + v }}", "{{ [v] * 9 }}"])
def test_texts_cannot_be_multiplied(source: str) -> None:
    """Arithmetic is for numbers, so a template of a few letters cannot fill the memory."""
    assert text(source, {"cart.value": "long"}, v=NAME) == ""


def test_names_are_found() -> None:
    """Also those in a branch that the defaults do not take."""
    assert variables_of("{% if a %}{{ b }}{% else %}{{ c | upper }}{% endif %}") == {"a", "b", "c"}


def test_a_faulty_template_makes_no_variable_unused() -> None:
    """One mistake is told once."""
    told: list[str] = []
    check_templates({("t",): "{{ v"}, {"v": CART}, lambda place, message, hint: told.append(message), ("variables",))
    assert len(told) == 1
