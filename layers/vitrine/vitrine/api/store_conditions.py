"""Conditions of a store's files: compiled each once, with the audiences they name, and every fault in them found."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vitrine.api.store_campaigns import AudienceFile
from vitrine.api.store_faults import Place, Refuse, suggest
from vitrine.decisions.facts import PERSONA
from vitrine.rules.combining import every_of
from vitrine.rules.conditions import Attribute, CompileRegex, Condition, InvalidCondition, compile_condition

NEVER: Final = Condition(lambda lookup: False)
"""Stands in for a condition that was refused, so that the check can go on."""


class Conditions:
    """Compiles conditions and remembers audiences. `audiences` None are those whose file part is wrong in itself."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        audiences: Mapping[str, AudienceFile | None],
        refuse: Refuse,
        regex: CompileRegex,
    ) -> None:
        self._attributes = attributes
        self._regex = regex
        self._files = audiences
        self._refuse = refuse
        self._known: dict[str, Condition] = {}
        self._under_way: list[str] = []
        self._told: dict[int, tuple[Condition, Any]] = {}  # by id, with the condition, so that no other takes the id

    def tell(self, condition: Condition) -> Any:  # noqa: ANN401 - any JSON
        """The condition that was compiled here, as JSON describes it."""
        return self._told[id(condition)][1]

    def audiences(self) -> dict[str, Condition]:
        """All audiences by name."""
        return {name: self._audience(name) or NEVER for name in self._files}

    def of_many(self, plain: Mapping[str, Any], at: Place) -> Condition:
        """The condition of an audience or a persona, which may not look at the persona: that would ask itself."""
        condition = self._note(self._compile(plain, at), plain)
        if PERSONA in condition.paths:
            said = "looks at the persona, and personas are made of such conditions"
            self._refuse(at, said, "look at what makes the persona instead")
        return condition

    def of_one(self, audiences: list[str] | None, plain: Mapping[str, Any] | None, at: Place) -> Condition | None:
        """The condition of a campaign or a rule: all of its audiences and its `when`; None where it has neither."""
        parts = [] if plain is None else [self._compile(plain, (*at, "when"))]
        told = [*([] if plain is None else [plain]), *({"$audience": name} for name in audiences or ())]
        for name in audiences or ():
            audience = self._audience(name)
            if audience is None:
                said = f"there is no audience {name!r}"
                self._refuse((*at, "audience"), said, suggest(name, self._files, "audiences"))
            parts.append(audience or NEVER)
        if not parts:
            return None
        return self._note(parts[0], told[0]) if len(parts) == 1 else self._note(every_of(parts), {"$and": told})

    def _note(self, condition: Condition, told: Any) -> Condition:  # noqa: ANN401 - any JSON
        self._told[id(condition)] = condition, told
        return condition

    def _audience(self, name: str) -> Condition | None:
        if name in self._known or name not in self._files:
            return self._known.get(name)
        if name in self._under_way:
            circle = [*self._under_way[self._under_way.index(name) :], name]
            said = f"the audiences {' -> '.join(circle)} go round in a circle"
            self._refuse(("audiences", name, "when"), said, "one of them has to do without the others")
            return NEVER
        file = self._files[name]
        self._under_way.append(name)
        self._known[name] = NEVER if file is None else self.of_many(file.when, ("audiences", name, "when"))
        self._under_way.pop()
        return self._known[name]

    def _named(self, name: str) -> Condition:
        """The audience that a condition names; see compile_condition."""
        audience = self._audience(name)
        if audience is None:
            raise InvalidCondition(f"there is no audience {name!r}", (), suggest(name, self._files, "audiences"))
        return audience

    def _compile(self, plain: Mapping[str, Any], at: Place) -> Condition:
        try:
            return compile_condition(plain, self._attributes, self._regex, self._named)
        except InvalidCondition as error:
            first = error
        # A condition stops at its first fault; its parts, one by one, show the others.
        faults = dict.fromkeys((fault.at, fault.message, fault.hint) for fault in self._faults(plain, ()))
        for place, message, hint in faults or {(first.at, first.message, first.hint): None}:
            self._refuse((*at, *place), message, hint)
        return NEVER

    def _faults(self, plain: Any, at: Place) -> Iterator[InvalidCondition]:  # noqa: ANN401 - any YAML
        """The faults of every key of a condition, with places that start at the whole condition's root."""
        for key, operand in plain.items() if isinstance(plain, dict) else ():
            place = (*at, key)
            if key in ("$and", "$or", "$nor") and isinstance(operand, list) and operand:
                for index, part in enumerate(operand):
                    yield from self._faults(part, (*place, index)) if isinstance(part, dict) else ()
            try:
                compile_condition({key: operand}, self._attributes, self._regex, self._named)
            except InvalidCondition as error:
                yield InvalidCondition(error.message, (*at, *error.at), error.hint)
