"""Templates of the pages, in the subset of Jinja's language that they use.

Tags: extends, block, macro, for with else and a condition, if with elif and else, set. Expressions
are Jinja's, with `~`, tests for `none` and `defined`, and the filters of `FILTERS`. One difference:
a filter binds like Python's `|`, so `a|length - 1` is written `(a|length) - 1`. Every value is
escaped, an unknown name is an error, and the white space of a line with only a tag is removed.

A library for it would be one more dependency, half as large as the whole sandbox.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

Values = dict[str, Any]
Node = Callable[[Values, list[str]], None]
_TOKEN = re.compile(r"(\{%.*?%\}|\{\{.*?\}\})", re.DOTALL)
_MACRO = re.compile(r"(\w+)\((.*)\)")
_FOR = re.compile(r"(.+?) in (.+?)(?: if (.+))?")
_NOTHING = object()
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;"}


class Safe(str):
    """Text that is already HTML."""

    __slots__ = ()


def escape(value: Any) -> str:
    """The value as HTML shows it."""
    if isinstance(value, Safe):
        return value
    return re.sub("[&<>'\"]", lambda found: _ESCAPES[found[0]], str(value))


# ---- Expressions ---------------------------------------------------------------------------------


def part_of(value: Any, name: str) -> Any:
    """`value.name`: the attribute, otherwise the item. KeyError or TypeError if neither exists."""
    found = getattr(value, name, _NOTHING)
    return value[name] if found is _NOTHING else found


def item_of(value: Any, key: Any) -> Any:
    """`value[key]`: the item, otherwise the attribute."""
    if isinstance(value, Mapping | list | tuple):
        return value[key]
    return getattr(value, key)


def url_encoded(value: Any) -> str:
    """A text for a path, or a mapping for a query."""
    if isinstance(value, Mapping):
        return "&".join(f"{quote_plus(str(k))}={quote_plus(str(v))}" for k, v in value.items())
    return quote(str(value), safe="/")


def as_json(value: Any) -> Safe:
    """JSON that can stand in HTML."""
    text = json.dumps(value, sort_keys=True)
    for letter in "<>&'":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Safe(text)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "format": lambda text, *values: text % values,
    "int": int,
    "join": lambda values, between="": between.join(map(str, values)),
    "length": len,
    "replace": lambda text, old, new: str(text).replace(old, new),
    "sort": sorted,
    "string": str,
    "tojson": as_json,
    "urlencode": url_encoded,
}
_HELP: Values = {
    "__builtins__": {},
    "_part": part_of,
    "_item": item_of,
    "_text": lambda *values: "".join(map(str, values)),
    "range": range,
    **{f"_filter_{name}": work for name, work in FILTERS.items()},
}
_WORDS = {"none": None, "true": True, "false": False}


class _Python(ast.NodeTransformer):
    """An expression of a template as a Python expression."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return called("_part", self.visit(node.value), ast.Constant(node.attr))

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return called("_item", self.visit(node.value), self.visit(node.slice))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Constant(_WORDS[node.id]) if node.id in _WORDS else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        right = node.comparators[0]
        if (
            isinstance(right, ast.Name)
            and right.id == "defined"
            and isinstance(node.left, ast.Name)
        ):
            return called("_defined", ast.Constant(node.left.id))
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, ast.MatMult):
            return called("_text", self.visit(node.left), self.visit(node.right))
        if not isinstance(node.op, ast.BitOr):
            return self.generic_visit(node)
        call = node.right if isinstance(node.right, ast.Call) else ast.Call(node.right, [], [])
        assert isinstance(call.func, ast.Name), "a filter is a name"
        values = [self.visit(one) for one in call.args]
        if call.func.id == "default" and isinstance(node.left, ast.Name):
            return called("_default", ast.Constant(node.left.id), *values)
        return called(f"_filter_{call.func.id}", self.visit(node.left), *values)


def called(name: str, *values: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(values), [])


def expression(text: str) -> Callable[[Values], Any]:
    """The value of an expression, with the names that it may use."""
    tree = ast.parse(re.sub(r"\s~\s", " @ ", text.strip()), mode="eval")
    code = compile(ast.fix_missing_locations(_Python().visit(tree)), f"<{text.strip()}>", "eval")

    def value(values: Values) -> Any:
        here = {
            **_HELP,
            "_defined": values.__contains__,
            "_default": values.get,
        }
        return eval(code, here, values)  # noqa: S307 - the templates are files of this package

    return value


# ---- Templates -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Template:
    """One file: its parent template, its blocks, and its own nodes."""

    parent: str = ""
    blocks: dict[str, Node] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)


class Reader:
    """Reads one template, tag by tag."""

    def __init__(self, source: str) -> None:
        source = re.sub(r"(?m)^[ \t]+(?=\{%)", "", source.removesuffix("\n"))
        self.tokens = iter(_TOKEN.split(source.replace("%}\n", "%}")))
        self.template = Template()

    def read(self) -> Template:
        self.template.nodes, _ = self.until()
        return self.template

    def until(self, *ends: str) -> tuple[list[Node], str]:
        """The nodes up to one of these tags, and that tag."""
        nodes: list[Node] = []
        for token in self.tokens:
            if token.startswith("{{"):
                nodes.append(output(expression(token[2:-2])))
            elif not token.startswith("{%"):
                nodes.append(constant(token))
            else:
                kind, _, rest = (inside := token[2:-2].strip()).partition(" ")
                if kind in ends:
                    return nodes, inside
                if made := getattr(self, f"read_{kind}")(rest):
                    nodes.append(made)
        assert not ends, f"{' or '.join(ends)} is missing"
        return nodes, ""

    def read_extends(self, name: str) -> None:
        self.template.parent = ast.literal_eval(name)

    def read_block(self, name: str) -> Node | None:
        """If a template extends another, its blocks replace those of the other."""
        nodes, _ = self.until("endblock")
        self.template.blocks[name] = sequence(nodes)
        if self.template.parent:
            return None
        return lambda values, out: values["_blocks"][name](values, out)

    def read_set(self, text: str) -> Node:
        name, _, right = text.partition("=")
        wanted = expression(right)

        def act(values: Values, out: list[str]) -> None:
            values[name.strip()] = wanted(values)

        return act

    def read_if(self, condition: str) -> Node:
        branches: list[tuple[Callable[[Values], Any], Node]] = []
        test: Callable[[Values], Any] = expression(condition)
        while True:
            nodes, end = self.until("elif", "else", "endif")
            branches.append((test, sequence(nodes)))
            if end == "endif":
                break
            test = expression(end.removeprefix("elif")) if end != "else" else always

        def act(values: Values, out: list[str]) -> None:
            for test, body in branches:
                if test(values):
                    body(values, out)
                    return

        return act

    def read_for(self, text: str) -> Node:
        found = _FOR.fullmatch(text)
        assert found is not None, text
        names = [name.strip() for name in found[1].split(",")]
        things, keep = expression(found[2]), expression(found[3]) if found[3] else always
        nodes, end = self.until("else", "endfor")
        body, otherwise = sequence(nodes), sequence([])
        if end == "else":
            otherwise = sequence(self.until("endfor")[0])

        def rows(values: Values) -> Iterator[Values]:
            for thing in things(values):
                row = {
                    **values,
                    **dict(zip(names, thing if len(names) > 1 else [thing], strict=True)),
                }
                if keep(row):
                    yield row

        def act(values: Values, out: list[str]) -> None:
            there = list(rows(values))
            for number, row in enumerate(there):
                last = number == len(there) - 1
                row["loop"] = {
                    "index": number + 1,
                    "index0": number,
                    "first": number == 0,
                    "last": last,
                }
                body(row, out)
            if not there:
                otherwise(values, out)

        return act

    def read_macro(self, text: str) -> Node:
        found = _MACRO.fullmatch(text)
        assert found is not None, text
        parts = [part.partition("=") for part in found[2].split(",") if part]
        names = [name.strip() for name, _, _ in parts]
        others = {name.strip(): expression(other) for name, sign, other in parts if sign}
        nodes, _ = self.until("endmacro")
        body, called_as = sequence(nodes), found[1]

        def act(values: Values, out: list[str]) -> None:
            def macro(*given: Any) -> Safe:
                said: list[str] = []
                defaults = {name: other(values) for name, other in others.items()}
                body({**values, **defaults, **dict(zip(names, given, strict=False))}, said)
                return Safe("".join(said))

            values[called_as] = macro

        return act


def always(values: Values) -> bool:
    """The condition of `else`."""
    return True


def constant(text: str) -> Node:
    return lambda values, out: out.append(text)


def output(value: Callable[[Values], Any]) -> Node:
    return lambda values, out: out.append(escape(value(values)))


def sequence(nodes: list[Node]) -> Node:
    def act(values: Values, out: list[str]) -> None:
        for node in nodes:
            node(values, out)

    return act


class Templates:
    """The templates of a folder. Each is read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, Template] = {}

    def get(self, name: str) -> Template:
        if name not in self.known:
            self.known[name] = Reader((self.folder / name).read_text("utf-8")).read()
        return self.known[name]

    def render(self, name: str, values: Values) -> str:
        """The page."""
        template, out = self.get(name), list[str]()
        here = {**values, "_blocks": template.blocks}
        while template.parent:
            # Of a template that extends another, only blocks, macros and sets are used.
            sequence(template.nodes)(here, [])
            template = self.get(template.parent)
            here["_blocks"] = {**template.blocks, **here["_blocks"]}
        sequence(template.nodes)(here, out)
        return "".join(out)
