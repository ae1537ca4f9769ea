"""What a template may say: its syntax tree is read before it is compiled, and everything not listed is refused.

Values reach a card only through `{{ }}`, where `slots.slot` takes them out of the text. A template could still carry
one into the YAML by joining it to a macro's result (`~`, `+`, `%`), by a method of that result (`.format`, `.join`),
or by a filter over it; so none of these exist here. What is left is loops, ifs, macros, includes and set blocks.
"""

from collections.abc import Callable, Iterator

from jinja2 import nodes

from templates.fault import TemplateError

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.For,
    nodes.If,
    nodes.Macro,
    nodes.CallBlock,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Assign,
    nodes.AssignBlock,
    nodes.With,
    nodes.Name,
    nodes.Const,
    nodes.Tuple,
    nodes.List,
    nodes.Dict,
    nodes.Pair,
    nodes.Keyword,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Call,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.CondExpr,
)

_NAMES: dict[type[nodes.Node], str] = {
    nodes.Concat: "~",
    nodes.Add: "+",
    nodes.Mod: "%",
    nodes.Mul: "*",
    nodes.Sub: "-",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Pow: "**",
    nodes.FilterBlock: "a filter block",
    nodes.Scope: "an autoescape block",
    nodes.ScopedEvalContextModifier: "an autoescape block",
    nodes.EvalContextModifier: "an autoescape block",
    nodes.Extends: "extends",
    nodes.Block: "block",
}


def check(tree: nodes.Template, name: str, filters: frozenset[str], parse: Callable[[str], nodes.Template]) -> None:
    """Raise `TemplateError` with template and line for anything that is not allowed.

    `parse` gives the tree of another template by name: an imported one may hold nothing but macros, because Jinja
    keeps its text from one rendering to the next.
    """
    macros = _macros(tree)
    aliases = {node.target for node in tree.find_all(nodes.Import)}
    for node in _walk(tree):
        fault = _fault(node, filters, macros, aliases)
        if fault:
            raise TemplateError(name, fault, line=node.lineno)
        if isinstance(node, (nodes.Import, nodes.FromImport)):
            _check_imported(node, name, parse)


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _macros(tree: nodes.Template) -> set[str]:
    names = {node.name for node in tree.find_all(nodes.Macro)}
    for node in tree.find_all(nodes.FromImport):
        names |= {name if isinstance(name, str) else name[1] for name in node.names}
    return names | {"caller", "loop"}


def _fault(node: nodes.Node, filters: frozenset[str], macros: set[str], aliases: set[str]) -> str | None:
    if not isinstance(node, _ALLOWED):
        return f"{_NAMES.get(type(node), type(node).__name__)} is not allowed in templates"
    if isinstance(node, nodes.Filter):
        return _filter_fault(node, filters)
    if isinstance(node, nodes.Call):
        return None if _calls_macro(node, macros, aliases) else "only macros can be called, no methods and no values"
    if isinstance(node, nodes.AssignBlock) and node.filter is not None:
        return "a set block takes no filter"
    if isinstance(node, (nodes.Include, nodes.Import, nodes.FromImport)):
        return _other_template_fault(node)
    return None


def _other_template_fault(node: nodes.Include | nodes.Import | nodes.FromImport) -> str | None:
    if not (isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)):
        return "the name of an included or imported template is written out"
    if isinstance(node, nodes.Include) and node.ignore_missing:
        return "an include does not ignore a missing file"
    return None


def _filter_fault(node: nodes.Filter, filters: frozenset[str]) -> str | None:
    if node.name not in filters:
        return f"the filter {node.name} is not one of {', '.join(sorted(filters))}"
    if node.node is None or any(isinstance(inner, nodes.Call) for inner in _walk(node.node)):
        return f"the filter {node.name} is for values, not for what a macro returns"
    return None


def _calls_macro(call: nodes.Call, macros: set[str], aliases: set[str]) -> bool:
    called = call.node
    if call.dyn_args is not None or call.dyn_kwargs is not None:
        return False
    if isinstance(called, nodes.Name):
        return called.name in macros
    return isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name) and called.node.name in aliases


def _check_imported(node: nodes.Import | nodes.FromImport, name: str, parse: Callable[[str], nodes.Template]) -> None:
    imported = node.template.as_const()
    for top in parse(imported).body:
        blank = isinstance(top, nodes.Output) and all(
            isinstance(part, nodes.TemplateData) and not part.data.strip() for part in top.nodes
        )
        if not blank and not isinstance(top, (nodes.Macro, nodes.Import, nodes.FromImport)):
            raise TemplateError(
                name, f"{imported} is imported, so it may hold only macros (its line {top.lineno} is none)", node.lineno
            )
