"""Checks of templates and their variables when a store is published. Rendering them is the business of templates."""

from collections.abc import Mapping
from typing import Any

from vitrine.api.store_actions import VariableFile
from vitrine.api.store_faults import Place, Refuse
from vitrine.api.store_scope import Scope, check_locales
from vitrine.api.templates import Variable, templates_in


def compile_variables(files: Mapping[str, VariableFile], scope: Scope, at: Place) -> dict[str, Variable]:
    """The variables by name; one whose attribute or default is wrong is refused and keeps what it has."""
    found = {}
    for name, file in files.items():
        place = (*at, name)
        attribute = scope.attributes.get(file.attribute)
        scope.known_attribute(file.attribute, (*place, "from"))
        if attribute is not None and attribute.encode is not None:
            scope.refuse((*place, "from"), f"{file.attribute} holds codes, not texts", "use another attribute")
        if isinstance(file.default, dict):
            check_locales(file.default, scope, (*place, "default"))
            defaults = {locale: file.default.get(locale, "") for locale in scope.locales}
        else:
            defaults = dict.fromkeys(scope.locales, file.default)
        found[name] = Variable(file.attribute, defaults)
    return found


def check_templates(parts: Mapping[Place, Any], variables: Mapping[str, Variable], refuse: Refuse, at: Place) -> None:
    """Refuse templates that cannot be used, variables that are not declared, and declared ones that none uses.

    `parts` are the payloads that share the variables, by their places; `at` is the place of the declaration.
    """
    used: set[str] = set()
    for place, source in (found for start, plain in parts.items() for found in templates_in(plain, start)):
        used |= _check_template(source, variables, refuse, place)
    for name in variables.keys() - used:
        refuse((*at, name), f"no template uses the variable {name!r}", "remove it, or write {{ " + name + " }}")


def _check_template(source: str, variables: Mapping[str, Variable], refuse: Refuse, place: Place) -> frozenset[str]:
    """The names that the template uses."""
    from vitrine.api.store_jinja import compile_template, template_faults, variables_of

    faults = list(template_faults(source))
    for message, hint in faults:
        refuse(place, message, hint)
    if faults:
        return frozenset(variables)  # what it would use is unknown, so none is called unused
    names = variables_of(source)
    unknown = sorted(names - variables.keys())
    for name in unknown:
        hint = f"declare it: variables: {{{name}: {{from: ATTRIBUTE, default: TEXT}}}}"
        refuse(place, f"the variable {name!r} is not declared", hint)
    if not unknown:
        for locale in next(iter(variables.values())).defaults if variables else ():
            try:
                compile_template(source)({name: variables[name].defaults[locale] for name in names})
            except (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
                refuse(place, f"does not render with the defaults of its variables: {error}", "change the default")
                break
    return names
