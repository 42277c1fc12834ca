"""Where a rule is written, and every smallest damage to its source.

A damage replaces one node of the syntax tree: a sum by one of its terms, a call by its argument.  The
damaged rule is compiled among the names of its module, so that it reads the same rows as the right one.
A rule may call private functions of its module, or functions that the modules of its subpackage share; a
damage to one of them is a damage to the rule.
"""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import combinations
from types import FunctionType
from typing import Any, NamedTuple

Rule = Callable[..., Any]
Definition = ast.Lambda | ast.FunctionDef


class Damage(NamedTuple):
    """One damage: its kind, what it does in words, and the damaged definition."""

    kind: str
    text: str
    tree: Definition


# ---------------------------------------------------------------------- finding and compiling


@cache
def _parsed(path: str) -> ast.Module:
    with open(path, encoding="utf-8") as file:
        return ast.parse(file.read())


@cache
def definition(function: FunctionType) -> Definition:
    """The node that a function was compiled from."""
    code = function.__code__
    places = set(code.co_positions())
    for node in ast.walk(_parsed(code.co_filename)):
        if isinstance(node, ast.FunctionDef):
            if (node.name, node.lineno) == (code.co_name, code.co_firstlineno):
                return node
        elif isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
            body = node.body
            if (body.lineno, body.end_lineno, body.col_offset, body.end_col_offset) in places:
                return node
    raise LookupError(f"{function.__qualname__}: no definition at line {code.co_firstlineno} of {code.co_filename}")


@cache
def helpers(rule: FunctionType) -> dict[str, FunctionType]:
    """The functions that are there for a rule and its like, and that it or one of them calls."""
    found: dict[str, FunctionType] = {}
    waiting = [rule]
    while waiting:
        caller = waiting.pop()
        names = [node.id for node in ast.walk(definition(caller)) if isinstance(node, ast.Name)]
        for name in dict.fromkeys(names):
            called = caller.__globals__.get(name)
            if isinstance(called, FunctionType) and _helps(called, rule) and called is not rule and name not in found:
                found[name] = called
                waiting.append(called)
    return found


def _helps(function: FunctionType, rule: FunctionType) -> bool:
    if function.__module__ == rule.__module__:
        return function.__name__.startswith("_")
    package, others = rule.__module__.rpartition(".")[0], function.__module__.rpartition(".")[0]
    return package == others and package.count(".") > 1


def _compiled(tree: Definition, names: dict[str, Any]) -> Any:
    if isinstance(tree, ast.Lambda):
        return eval(compile(ast.Expression(tree), "<damaged>", "eval"), names)
    exec(compile(ast.Module([tree], []), "<damaged>", "exec"), names)
    return names[tree.name]


def _with(name: str, tree: Definition, rule: FunctionType) -> Rule:
    """The rule with the damaged definition in place of its own, or of its helper of that name."""
    names: dict[str, Any] = {}
    for helper in helpers(rule).values():
        names |= helper.__globals__
    names |= rule.__globals__
    for helper in helpers(rule).values():
        names[helper.__name__] = _moved(helper, names)
    if name != rule.__name__:
        _compiled(tree, names)
        return _moved(rule, names)
    made: Rule = _compiled(tree, names)
    return made


def _moved(function: FunctionType, names: dict[str, Any]) -> FunctionType:
    """The same function among other names."""
    moved = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    moved.__kwdefaults__ = function.__kwdefaults__
    return moved


# ---------------------------------------------------------------------- damages to one node

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
REPEATING = {"broadcast_to", "expand_dims", "insert_axes", "reshape", "sum_", "unbroadcast"}
"""What undoes broadcasting, or does it."""
CHOOSING = {"choose", "where"}
SUMS = (ast.Add, ast.Sub)
ARITHMETIC = (*SUMS, ast.Mult, ast.Div, ast.Pow, ast.MatMult, ast.BitAnd, ast.BitOr)
ONE_SIDED = (ast.Sub, ast.Div, ast.Pow, ast.MatMult)
"""Operators whose operands must not be exchanged."""
OPPOSITE: dict[type[ast.operator], tuple[str, type[ast.operator]]] = {
    ast.Add: ("sign", ast.Sub), ast.Sub: ("sign", ast.Add),
    ast.Mult: ("factor", ast.Div), ast.Div: ("factor", ast.Mult),
    ast.BitAnd: ("operands", ast.BitOr), ast.BitOr: ("operands", ast.BitAnd),
}  # fmt: skip


def _of_binary(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    """Either side alone; the sides exchanged; the opposite operator."""
    if not isinstance(node.op, ARITHMETIC):
        return
    yield "term", node.left
    yield "term", node.right
    if isinstance(node.op, ONE_SIDED):
        yield "operands", ast.BinOp(node.right, node.op, node.left)
    if type(node.op) in OPPOSITE:
        kind, operator = OPPOSITE[type(node.op)]
        yield kind, ast.BinOp(node.left, operator(), node.right)


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    """The first argument alone; two arguments exchanged; a setting left out."""
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    first, *others = node.args or [None]
    if first is not None and not isinstance(first, ast.Starred):
        yield "broadcast" if name in REPEATING else "term", first
    if name in CHOOSING:
        condition, yes, no = node.args
        yield from (("term", yes), ("term", no))
        yield "operands", ast.Call(node.func, [condition, no, yes], [])
    elif others and not any(isinstance(x, ast.Starred) for x in node.args):
        yield "operands", ast.Call(node.func, [others[0], first, *others[1:]], node.keywords)
    for setting in node.keywords:
        if setting.arg not in (None, "strict"):
            rest = [k for k in node.keywords if k is not setting]
            yield "dtype" if setting.arg == "dtype" else "axis", ast.Call(node.func, node.args, rest)


def _of_number(value: Any) -> Iterator[tuple[str, ast.AST]]:
    """A flag turned round, a whole number moved by one, another number doubled."""
    if isinstance(value, bool):
        yield "axis", ast.Constant(not value)
    elif isinstance(value, int):
        yield from (("axis", ast.Constant(value + step)) for step in (1, -1))
    elif isinstance(value, float):
        yield "factor", ast.Constant(2 * value if value else 1.0)


def _of_node(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.BinOp():
            yield from _of_binary(node)
        case ast.Call():
            yield from _of_call(node)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            yield from _of_number(-value)
        case ast.UnaryOp(op=ast.USub() | ast.Invert(), operand=operand):
            yield "sign", operand
        case ast.Constant(value=value):
            yield from _of_number(value)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            yield "operands", ast.Compare(left, [TURNED[type(operator)]()], [right])
        case ast.BoolOp(values=values):
            yield from (("term", value) for value in values)
        case ast.IfExp(test=test, body=yes, orelse=no):
            yield "operands", ast.IfExp(test, no, yes)
            yield from (("term", yes), ("term", no))


# ---------------------------------------------------------------------- damages to a definition


def _rebuilt(node: Any, change: Callable[[ast.AST], ast.AST | None]) -> Any:
    """The tree with other nodes wherever `change` gives one."""
    if isinstance(node, list):
        return [_rebuilt(x, change) for x in node]
    if not isinstance(node, ast.AST):
        return node
    changed = change(node)
    if changed is not None:
        return changed
    return type(node)(**{name: _rebuilt(value, change) for name, value in ast.iter_fields(node)})


def _replaced(tree: Definition, old: ast.AST, new: ast.AST) -> Definition:
    """The definition with another node in the place of one."""
    return ast.fix_missing_locations(_rebuilt(tree, lambda node: new if node is old else None))


def _computing(tree: Definition) -> Iterator[ast.AST]:
    """The nodes that compute: neither defaults nor annotations nor texts nor what checks and is raised."""
    waiting: list[ast.AST] = [tree.body] if isinstance(tree, ast.Lambda) else list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, (ast.Raise, ast.Assert)) or (isinstance(node, ast.Expr) and _is_text(node.value)):
            continue
        if isinstance(node, ast.keyword) and node.arg == "strict":
            continue
        yield node
        if not (isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)):
            waiting += ast.iter_child_nodes(node)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _exchanged(tree: Definition, one: str, other: str) -> Definition:
    """The definition with two names exchanged wherever its body reads them."""
    names = {one: other, other: one}

    def change(node: ast.AST) -> ast.AST | None:
        return ast.Name(names[node.id], node.ctx) if isinstance(node, ast.Name) and node.id in names else None

    fields = {name: value for name, value in ast.iter_fields(tree) if name != "body"}
    return ast.fix_missing_locations(type(tree)(**fields, body=_rebuilt(tree.body, change)))


def _of_names(tree: Definition, names: list[str]) -> Iterator[Damage]:
    """Two of the operands exchanged in the whole definition, if it reads one of them."""
    read = {node.id for node in _computing(tree) if isinstance(node, ast.Name)}
    for one, other in combinations(names, 2):
        if {one, other} & read:
            yield Damage("operands", f"{one} and {other} exchanged", _exchanged(tree, one, other))


def damages(tree: Definition, operands: list[str]) -> Iterator[Damage]:
    """Every smallest damage to a definition; `operands` are the parameters to exchange.  None comes twice."""
    seen, counts = {ast.unparse(tree)}, Counter[str]()
    for kind, text, damaged_tree in _all_damages(tree, operands):
        whole = ast.unparse(damaged_tree)
        if whole not in seen:
            seen.add(whole)
            counts[text] += 1
            yield Damage(kind, text if counts[text] == 1 else f"{text} ({counts[text]})", damaged_tree)


def _all_damages(tree: Definition, operands: list[str]) -> Iterator[Damage]:
    yield from _of_names(tree, operands)
    for node in _computing(tree):
        for kind, new in _of_node(node):
            yield Damage(kind, f"{ast.unparse(node)} → {ast.unparse(new)}", _replaced(tree, node, new))
        if isinstance(node, ast.If):
            turned = ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
            yield Damage("operands", f"if {ast.unparse(node.test)} → if not", _replaced(tree, node, turned))


def damages_of_rule(rule: FunctionType, operands: list[str]) -> Iterator[tuple[str, str, Callable[[Rule], Rule]]]:
    """Every smallest damage to a rule or to a helper of it: its kind, its text, and what makes the damaged rule."""
    for function in (rule, *helpers(rule).values()):
        inside = "" if function is rule else f"{function.__name__}: "
        names = operands if function is rule else []
        for damage in damages(definition(function), names):
            yield damage.kind, inside + damage.text, partial(_with, function.__name__, damage.tree)


def parameters(rule: Rule) -> list[str]:
    """The names of the parameters that a rule takes by place and that have no default."""
    return [
        p.name
        for p in inspect.signature(rule).parameters.values()
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty
    ]
