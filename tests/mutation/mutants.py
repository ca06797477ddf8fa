# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mutants of one module: small changes of its syntax tree, one at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
}
FUNCTIONS = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "list"}
METHODS = {
    "startswith": "endswith",
    "endswith": "startswith",
    "find": "rfind",
    "partition": "rpartition",
    "rpartition": "partition",
    "union": "intersection",
    "issubset": "issuperset",
}
"""What is called in place of a function or a method."""
NORMALISING = ("lower", "upper", "casefold", "strip", "lstrip", "rstrip", "copy", "resolve")
"""Methods that may be forgotten: `name.lower()` becomes `name`."""
WHOLE_OR_PART = ("startswith", "endswith", "removeprefix", "removesuffix", "replace", "split")
"""Methods where an empty text means something else than a wrong one."""
TYPE_FACTORIES = ("TypeVar", "NewType", "ParamSpec", "cast")
TYPES = (
    *("Optional", "Union", "Callable", "Literal", "Mapping", "Sequence", "Iterable", "Iterator"),
    *("Collection", "Type", "ClassVar", "dict", "list", "tuple", "set", "frozenset", "type"),
)
UNTOUCHED_NAMES = ("DOCUMENTATION", "EXAMPLES", "RETURN", "__all__", "__metaclass__")
LONGEST_CONTEXT = 90
"""Characters of source text around a change; beyond that, only the changed part is told."""

Function = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Slot:
    """A place in a tree that holds a node or something else."""

    parent: ast.AST
    field: str
    index: int | None = None

    def get(self) -> Any:
        content = getattr(self.parent, self.field)
        return content if self.index is None else content[self.index]

    def put(self, content: Any) -> None:
        if self.index is None:
            setattr(self.parent, self.field, content)
        else:
            getattr(self.parent, self.field)[self.index] = content


@dataclass(frozen=True)
class Mutant:
    """One change. `lines` are those of the statement: whoever runs one of them may notice."""

    number: int
    line: int
    lines: range
    function: str
    """Qualified name; empty at the level of the module."""
    runs_at_import: bool
    operator: str
    before: str
    after: str

    @property
    def change(self) -> str:
        return f"{self.before} -> {self.after}"


class Mutations:
    """All mutants of a source text, and the code of each."""

    def __init__(self, source: str, filename: str = "<mutant>") -> None:
        self.filename = filename
        self._tree = ast.parse(source, filename)
        self._edits: list[tuple[Slot, Any]] = []
        self.mutants: list[Mutant] = []
        self._collect()

    def code(self, mutant: Mutant) -> Any:
        """The compiled module with this change."""
        slot, replacement = self._edits[mutant.number]
        before = slot.get()
        slot.put(replacement)
        try:
            return compile(ast.fix_missing_locations(self._tree), self.filename, "exec")
        finally:
            slot.put(before)

    def _collect(self) -> None:
        known = set()
        for place, (operator, slot, replacement) in _Collector().all_of(self._tree):
            before_node = slot.get()
            before = _source(place.context)
            if isinstance(replacement, ast.AST) and isinstance(before_node, ast.AST):
                ast.copy_location(replacement, before_node)
            slot.put(replacement)
            after = _source(place.context) if place.context is not before_node else None
            slot.put(before_node)
            if after is None:
                after = _source(replacement)
            line = getattr(before_node, "lineno", getattr(slot.parent, "lineno", 0))
            if before == after or (line, before, after) in known:
                continue
            known.add((line, before, after))
            mutant = Mutant(
                len(self.mutants),
                line,
                place.lines,
                place.function,
                place.runs_at_import,
                operator,
                before,
                after,
            )
            self.mutants.append(mutant)
            self._edits.append((slot, replacement))


@dataclass(frozen=True)
class Place:
    """Where the collector is."""

    function: str
    runs_at_import: bool
    lines: range
    context: ast.AST
    """The smallest node around a change whose text tells it."""


Edit = tuple[str, Slot, Any]


class _Collector:
    """Walks through a tree in the order of its text."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._function_depth = 0
        self._lines = range(0)
        self._parents: list[ast.AST] = []

    def all_of(self, tree: ast.Module) -> Iterator[tuple[Place, Edit]]:
        yield from self._visit(tree)

    def _place(self, edit: Edit) -> Place:
        _operator, slot, _replacement = edit
        content = slot.get()
        return Place(
            ".".join(self._names),
            self._function_depth == 0,
            _header_lines(content) if isinstance(content, ast.stmt) else self._lines,
            _context([*self._parents, slot.parent], slot),
        )

    def _visit(self, node: ast.AST) -> Iterator[tuple[Place, Edit]]:
        if _is_untouched(node):
            return
        if isinstance(node, (ast.stmt, ast.ExceptHandler)):
            self._lines = _header_lines(node)
        is_named = isinstance(node, (*Function, ast.ClassDef))
        is_body = isinstance(node, (*Function, ast.Lambda))
        if is_body:
            yield from self._defaults(node.args)  # type: ignore[attr-defined]
        if is_named:
            self._names.append(node.name)  # type: ignore[attr-defined]
        self._function_depth += is_body
        for edit in _edits(node):
            yield self._place(edit), edit
        self._parents.append(node)
        for child in _children(node):
            lines = self._lines
            yield from self._visit(child)
            self._lines = lines
        self._parents.pop()
        self._function_depth -= is_body
        if is_named:
            self._names.pop()

    def _defaults(self, arguments: ast.arguments) -> Iterator[tuple[Place, Edit]]:
        """They are evaluated where the function is defined."""
        self._parents.append(arguments)
        for field in ("defaults", "kw_defaults"):
            for index, default in enumerate(getattr(arguments, field)):
                if default is None:
                    continue
                for edit in _default_edits(default, Slot(arguments, field, index)):
                    yield self._place(edit), edit
                yield from self._visit(default)
        self._parents.pop()


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What is below a node, without types, decorators and the texts that only people read."""
    for field, content in ast.iter_fields(node):
        if _is_untouched_field(node, field):
            continue
        if isinstance(content, ast.AST):
            yield content
        elif isinstance(content, list):
            for child in content:
                if isinstance(child, ast.AST):
                    yield child


def _is_untouched_field(node: ast.AST, field: str) -> bool:
    if field in ("annotation", "returns", "decorator_list"):
        return True
    if isinstance(node, (*Function, ast.Lambda)):
        return field == "args"
    if isinstance(node, ast.ClassDef):
        return field in ("bases", "keywords")
    return isinstance(node, ast.ExceptHandler) and field == "type"


def _is_untouched(node: ast.AST) -> bool:
    if isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id in UNTOUCHED_NAMES for target in targets):
            return True
        return node.value is not None and _is_type(node.value)
    return _is_type(node)


def _is_type(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id in TYPES
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in TYPE_FACTORIES[:3]
    return False


def _header_lines(statement: ast.stmt | ast.ExceptHandler) -> range:
    """The lines of a statement, of a compound one those before its body."""
    last = statement.end_lineno or statement.lineno
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body:
        last = max(statement.lineno, body[0].lineno - 1)
    return range(statement.lineno, last + 1)


def _edits(node: ast.AST) -> Iterator[Edit]:
    for field, content in ast.iter_fields(node):
        if isinstance(content, list) and field in ("body", "orelse", "finalbody"):
            for index, statement in enumerate(content):
                yield from _statement_edits(statement, Slot(node, field, index))
    own = _EDITS.get(type(node))
    if own:
        yield from own(node)
    for field, content in ast.iter_fields(node):
        if _is_untouched_field(node, field):
            continue
        if isinstance(content, ast.expr):
            yield from _expression_edits(content, Slot(node, field))
        elif isinstance(content, list):
            for index, child in enumerate(content):
                if isinstance(child, ast.expr):
                    yield from _expression_edits(child, Slot(node, field, index))


def _statement_edits(statement: ast.AST, slot: Slot) -> Iterator[Edit]:
    deleted = ast.Pass()
    if (
        isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant)
    ) or isinstance(statement, (ast.Raise, ast.Delete, ast.AugAssign)):
        yield "statement deleted", slot, deleted
    elif isinstance(statement, ast.Assign):
        if any(isinstance(target, (ast.Attribute, ast.Subscript)) for target in statement.targets):
            yield "statement deleted", slot, deleted
    elif isinstance(statement, ast.Return) and statement.value is None:
        yield "statement deleted", slot, deleted
    elif isinstance(statement, ast.Continue):
        yield "continue as break", slot, ast.Break()
        yield "statement deleted", slot, deleted
    elif isinstance(statement, ast.Break):
        yield "break as continue", slot, ast.Continue()


def _default_edits(default: ast.expr, slot: Slot) -> Iterator[Edit]:
    if isinstance(default, ast.Constant):
        yield from _constant_edits(default, slot)


def _expression_edits(node: ast.expr, slot: Slot) -> Iterator[Edit]:
    """Changes that replace an expression by another one."""
    if isinstance(node, ast.Constant) and _may_change(node, slot):
        yield from _constant_edits(node, slot)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "boolean", slot, ast.BoolOp(other, node.values)
        for index in range(len(node.values)):
            left = [value for number, value in enumerate(node.values) if number != index]
            kept = left[0] if len(left) == 1 else ast.BoolOp(node.op, left)
            yield "operand dropped", slot, copy.copy(kept)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield "sign dropped", slot, copy.copy(node.operand)
    elif isinstance(node, ast.IfExp):
        yield "condition forced", slot, copy.copy(node.body)
        yield "condition forced", slot, copy.copy(node.orelse)
    elif isinstance(node, ast.Call):
        yield from _call_edits(node, slot)


def _may_change(node: ast.Constant, slot: Slot) -> bool:
    if isinstance(slot.parent, ast.Expr):
        return False
    if node.value is None:
        return isinstance(slot.parent, (ast.keyword, ast.Return, ast.Assign, ast.IfExp, ast.Call))
    return True


def _constant_edits(node: ast.Constant, slot: Slot) -> Iterator[Edit]:
    value = node.value
    changed: tuple[Any, ...] = ()
    if isinstance(value, bool):
        changed = (not value,)
    elif isinstance(value, (int, float)):
        changed = (value + 1, value - 1) if value else (value + 1,)
    elif value is None:
        changed = (0,)
    elif isinstance(value, str):
        changed = _changed_texts(value, "", "X", slot)
    elif isinstance(value, bytes):
        changed = _changed_texts(value, b"", b"X", slot)
    for other in changed:
        yield "constant", slot, ast.Constant(other)


def _changed_texts(value: Any, empty: Any, other: Any, slot: Slot) -> tuple[Any, ...]:
    if not value:
        return (other,)
    blank = " " if isinstance(value, str) else b" "
    if blank in value.strip():
        return ()  # a sentence for people
    parent = slot.parent
    means_more = isinstance(parent, ast.Compare) or (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Attribute)
        and parent.func.attr in WHOLE_OR_PART
    )
    return (value + other, empty) if means_more else (value + other,)


def _call_edits(node: ast.Call, slot: Slot) -> Iterator[Edit]:
    function = node.func
    if isinstance(function, ast.Name) and function.id in FUNCTIONS:
        other = ast.Name(FUNCTIONS[function.id], ast.Load())
        keywords = [] if other.id == "list" else node.keywords
        yield "function", slot, ast.Call(other, node.args, keywords)
    elif isinstance(function, ast.Attribute):
        if function.attr in METHODS:
            method = ast.Attribute(function.value, METHODS[function.attr], ast.Load())
            yield "method", slot, ast.Call(method, node.args, node.keywords)
        if function.attr in NORMALISING and not isinstance(slot.parent, ast.Expr):
            yield "call dropped", slot, copy.copy(function.value)
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            left = [other for number, other in enumerate(node.keywords) if number != index]
            yield "argument dropped", slot, ast.Call(function, node.args, left)


def _compare_edits(node: ast.Compare) -> Iterator[Edit]:
    for index, comparison in enumerate(node.ops):
        for other in COMPARISONS[type(comparison)]:
            yield "comparison", Slot(node, "ops", index), other()


def _binary_edits(node: ast.BinOp) -> Iterator[Edit]:
    sides = (node.left, node.right)
    if isinstance(node.op, ast.Add) and any(map(_is_text_or_list, sides)):
        return
    if isinstance(node.op, ast.Mod) and _is_text_or_list(node.left):
        return
    for other in ARITHMETIC.get(type(node.op), ()):
        yield "arithmetic", Slot(node, "op"), other()


def _is_text_or_list(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes))
    return isinstance(node, (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp))


def _augmented_edits(node: ast.AugAssign) -> Iterator[Edit]:
    if _is_text_or_list(node.value):
        return
    for other in ARITHMETIC.get(type(node.op), ()):
        yield "arithmetic", Slot(node, "op"), other()


def _if_edits(node: ast.If) -> Iterator[Edit]:
    yield "condition forced", Slot(node, "test"), ast.Constant(True)
    yield "condition forced", Slot(node, "test"), ast.Constant(False)


def _while_edits(node: ast.While) -> Iterator[Edit]:
    if not isinstance(node.test, ast.Constant):
        yield "condition forced", Slot(node, "test"), ast.Constant(False)


def _comprehension_edits(node: ast.comprehension) -> Iterator[Edit]:
    for index in range(len(node.ifs)):
        yield "condition forced", Slot(node, "ifs", index), ast.Constant(True)
        yield "condition forced", Slot(node, "ifs", index), ast.Constant(False)


def _return_edits(node: ast.Return) -> Iterator[Edit]:
    value = node.value
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return
    slot = Slot(node, "value")
    if not isinstance(value, ast.Constant) or value.value:
        yield "return value", slot, ast.Constant(None)
    if isinstance(value, (ast.BoolOp, ast.Call)):
        yield "return value", slot, ast.UnaryOp(ast.Not(), value)


def _handler_edits(node: ast.ExceptHandler) -> Iterator[Edit]:
    if isinstance(node.type, ast.Tuple):
        for index in range(len(node.type.elts)):
            left = [other for number, other in enumerate(node.type.elts) if number != index]
            yield "exception", Slot(node, "type"), ast.Tuple(left, ast.Load())
    elif node.type is not None:
        yield "exception", Slot(node, "type"), ast.Tuple([], ast.Load())


def _slice_edits(node: ast.Slice) -> Iterator[Edit]:
    for field in ("lower", "upper", "step"):
        if getattr(node, field) is not None:
            yield "slice", Slot(node, field), None


_EDITS: dict[type[ast.AST], Any] = {
    ast.Compare: _compare_edits,
    ast.BinOp: _binary_edits,
    ast.AugAssign: _augmented_edits,
    ast.If: _if_edits,
    ast.While: _while_edits,
    ast.comprehension: _comprehension_edits,
    ast.Return: _return_edits,
    ast.ExceptHandler: _handler_edits,
    ast.Slice: _slice_edits,
}


def _context(parents: list[ast.AST], slot: Slot) -> ast.AST:
    """The largest expression or simple statement around the slot that is still short to read."""
    chosen: ast.AST | None = None
    if isinstance(slot.parent, ast.arguments):
        return slot.parent
    for node in reversed(parents):
        if isinstance(node, (ast.Module, ast.ClassDef, *Function, ast.arguments, ast.Lambda)):
            break
        if isinstance(node, ast.ExceptHandler) and chosen is None:
            return node
        if isinstance(node, (ast.Return, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Raise)):
            pass
        elif isinstance(node, ast.stmt):
            break
        if len(_source(node)) > LONGEST_CONTEXT:
            break
        chosen = node
    if chosen is not None:
        return chosen
    content = slot.get()
    if isinstance(content, (ast.expr, ast.stmt)):
        return cast(ast.AST, content)
    return slot.parent


def _source(node: Any) -> str:
    """The text of a node on one line; of a compound statement its first line."""
    if node is None:
        return "nothing"
    if isinstance(node, ast.ExceptHandler):
        return f"except {ast.unparse(node.type) if node.type else ''}"
    text = ast.unparse(node)
    if isinstance(node, ast.stmt) and hasattr(node, "body"):
        return text.partition("\n")[0]
    return " ".join(text.split())
