"""The part of Jinja2 that content may use: output, if and else, comparisons, arithmetic of numbers, some filters.

No loops, calls, attributes or imports, so a template of 4 KB ends after as many steps as it has letters. Imported only
where templates are checked or rendered.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEMPLATE_BYTES: Final = 4_096
MAX_DEPTH: Final = 40  # of the syntax tree; a chain of sums is as deep as it is long
MAX_ARGUMENT: Final = 20  # of a filter: `round(10**9)` would compute that power
FILTERS: Final = (
    "abs",
    "capitalize",
    "first",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "round",
    "title",
    "trim",
    "upper",
)

_TOO_DEEP: Final = ("the template is nested too deeply", "make it simpler: several short expressions")
_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.Concat,
    nodes.Filter,
)
_NAMED: Final[Mapping[type[nodes.Node], str]] = {
    nodes.For: "a loop (for)",
    nodes.Macro: "a macro",
    nodes.Import: "an import",
    nodes.FromImport: "an import",
    nodes.Include: "an include",
    nodes.Extends: "an extends",
    nodes.Block: "a block",
    nodes.Call: "a call, such as range(),",
    nodes.CallBlock: "a call",
    nodes.Getattr: "a look into a value (a.b)",
    nodes.Getitem: "a look into a value (a[b])",
    nodes.Assign: "a set",
    nodes.AssignBlock: "a set",
    nodes.Pow: "a power (**)",
    nodes.Test: "a test (is)",
}


class _Sandbox(ImmutableSandboxedEnvironment):
    """Arithmetic is for numbers: 'a' * 10**9 would be a gigabyte."""

    intercepted_binops = frozenset({"+", "-", "*", "/"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - Jinja2's types
        """The sum, difference, product or quotient of two numbers.

        Raises:
            SecurityError: an operand is something else.
        """
        if not all(isinstance(side, int | float) and not isinstance(side, bool) for side in (left, right)):
            raise SecurityError(f"{operator!r} is for numbers; use ~ to join texts")
        return super().call_binop(context, operator, left, right)


@cache
def _environment() -> _Sandbox:
    environment = _Sandbox(
        undefined=StrictUndefined,
        autoescape=False,  # the texts become strings of a JSON answer; see templates
        finalize=_shown,
        keep_trailing_newline=True,
        cache_size=0,
    )
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.globals.clear()
    return environment


def _shown(value: Any) -> Any:  # noqa: ANN401 - any attribute
    """Whole numbers without their zero: 33 °C, not 33.0 °C."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def compile_template(source: str) -> Callable[[Mapping[str, Any]], str]:
    """A function from values of the variables to the text. Its errors and those of compiling are RuntimeErrors,
    LookupErrors or those of Python's operators."""
    try:
        template = _environment().from_string(source)
    except TemplateError as error:
        raise RuntimeError(str(error)) from error

    def render(values: Mapping[str, Any]) -> str:
        try:
            return template.render(values)
        except TemplateError as error:
            raise RuntimeError(str(error)) from error

    return render


def template_faults(source: str) -> Iterator[tuple[str, str]]:
    """What keeps a template from being used, each with a remedy. Nothing for a good one."""
    if len(source.encode()) > MAX_TEMPLATE_BYTES:
        yield f"the template is larger than {MAX_TEMPLATE_BYTES:,} bytes", "shorten it"
        return
    try:
        tree = _environment().parse(source)
    except TemplateSyntaxError as error:
        yield f"is no template: {error.message}", "write {{ name }} or {% if ... %} ... {% else %} ... {% endif %}"
        return
    except RecursionError:
        yield _TOO_DEEP
        return
    yield from dict.fromkeys(_tree_faults(tree))


def variables_of(source: str) -> frozenset[str]:
    """Names of the variables in a template without faults."""
    return frozenset(find_undeclared_variables(_environment().parse(source)))


def _tree_faults(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    """Faults of all nodes. No recursion: how deep it goes is for the template to say."""
    left: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while left:
        node, depth = left.pop()
        if depth > MAX_DEPTH:
            yield _TOO_DEEP
            return
        yield from _node_faults(node)
        left += [(child, depth + 1) for child in node.iter_child_nodes()]


def _node_faults(node: nodes.Node) -> Iterator[tuple[str, str]]:
    if not isinstance(node, _ALLOWED):
        known = next((name for kind, name in _NAMED.items() if isinstance(node, kind)), None)
        if known is not None or isinstance(node, nodes.Expr | nodes.Stmt):
            what = known or f"{type(node).__name__.lower()}"
            yield f"{what} is not allowed in a template", "use output, if and else, and filters"
    if isinstance(node, nodes.Filter):
        if node.name not in FILTERS:
            yield f"there is no filter {node.name!r}", f"filters: {', '.join(FILTERS)}"
        arguments = [*node.args, *(keyword.value for keyword in node.kwargs)]
        if node.dyn_args or node.dyn_kwargs or not all(_is_small(argument) for argument in arguments):
            yield f"the filter {node.name!r} takes short texts and numbers up to {MAX_ARGUMENT}", "use a constant"


def _is_small(node: nodes.Node) -> bool:
    if not isinstance(node, nodes.Const):
        return False
    value = node.value
    return len(value) <= MAX_ARGUMENT if isinstance(value, str) else value is None or abs(value) <= MAX_ARGUMENT
