# SPDX-License-Identifier: Apache-2.0
"""Draws small faults in C++ and SystemVerilog. Relies on the formatters: binary operators have a space on both sides, nothing else has."""
from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True)
class Fault:
    """`old` at `offset` of a file becomes `new`."""

    kind: str
    offset: int
    old: str
    new: str

    def apply(self, text: str) -> str:
        """The file with the fault."""
        assert text.startswith(self.old, self.offset)
        return text[:self.offset] + self.new + text[self.offset + len(self.old):]

    def line(self, text: str) -> int:
        """Number of its line, from 1."""
        return text.count("\n", 0, self.offset) + 1


_OPERATORS = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "==": "!=", "!=": "==", "<": "<=", ">": ">=", ">=": ">", "&&": "||", "||": "&&",
              "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<", ">>>": ">>", "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "^=": "|="}
_OPERATOR = re.compile(r"(?<= )(?:>>>|<<|>>|==|!=|>=|<=|&&|\|\||[-+*|&^]=|[-+*/%<>&|^])(?= )")
_NUMBER = re.compile(r"(?<![\w'.])\d+(?![\w'.])")
_BIT = re.compile(r"(?<=1'b)[01]\b|(?<![\w'])'[01]\b|\btrue\b|\bfalse\b")
_OTHER_BIT = {"0": "1", "1": "0", "'0": "'1", "'1": "'0", "true": "false", "false": "true"}
_NOT = re.compile(r"(?<![\w)\]])[!~](?=[\w(])")
_NAME = r"[A-Za-z_]\w*(?:\.\w+)*"
_SWAP = re.compile(rf"(?<![\w.])({_NAME}) (-|<<|>>|<|/|%) ({_NAME})\b(?![(\[.]|::|->)")
_MIN_MAX = re.compile(r"(?<=std::)(?:min|max)\b")
_STATEMENT = re.compile(r"^[ \t]+(?:if \([^()]*(?:\([^()]*\)[^()]*)*\) )?([\w.\[\]:]+ (?:<=|=|[-+|&^]=) [^;{}]*;)$", re.MULTILINE)
# Lines without logic: what they say is seen by a compiler, or only by a person.
_IDLE = re.compile(r"^\s*(?:#|import |package |static_assert|parameter |localparam type|`|using |namespace |template|typedef |enum |\$error|\$fatal|"
                   r"(?:input|output|inout) |EXPECT|throw |fmt::print)|\$error\(|\$fatal\(|InputError\(")


def masked(text: str) -> str:
    """The text with comments and strings blanked, character for character."""
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', lambda m: re.sub(r"[^\n]", "\x01", m[0]), text, flags=re.DOTALL)


def _idle_spans(code: str) -> list[tuple[int, int]]:
    """Lines without logic, and in SystemVerilog the ranges of declarations."""
    spans = [m.span() for m in re.finditer(r"[^\n]*\n", code) if _IDLE.search(m[0])]
    spans += [m.span() for m in re.finditer(r"\bif \([^;]*?\) begin : gen_check\w*\n[^;]*;", code)]  # checks of parameters
    return spans + [m.span() for m in re.finditer(r"\b(?:logic|bit|int|signed)(?: signed)? (?:\[[^\]]*\] ?)+", code)]


def _assignment(code: str, offset: int) -> bool:
    """Whether the `<=` of SystemVerilog at this place assigns: it is the first one of its statement, outside parentheses."""
    begin = max(code.rfind(c, 0, offset) for c in ";\n")
    before = code[begin + 1:offset]
    before = re.sub(r"^\s*(?:else )?(?:if \(.*\) |\w+: )+", "", before)
    return before.count("(") <= before.count(")") and " = " not in before and "<= " not in before and "?" not in before


def _closing(code: str, opening: int) -> int:
    """Place of the parenthesis that closes the one at `opening`."""
    depth = 0
    for i in range(opening, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return i
    return len(code)


def _all(text: str, hardware: bool) -> Iterator[Fault]:
    code = masked(text)
    for m in _OPERATOR.finditer(code):
        if m[0] == "<=":
            if not hardware or not _assignment(code, m.start()):
                yield Fault("operator", m.start(), "<=", "<")
        else:
            yield Fault("operator", m.start(), m[0], _OPERATORS[m[0]])
    for m in _NUMBER.finditer(code):
        yield Fault("constant", m.start(), m[0], str(int(m[0]) + 1))
        if int(m[0]) > 1:
            yield Fault("off by one", m.start(), m[0], str(int(m[0]) - 1))
    for m in _BIT.finditer(code):
        yield Fault("constant", m.start(), m[0], _OTHER_BIT[m[0]])
    for m in _NOT.finditer(code):
        yield Fault("condition", m.start(), m[0], "")
    for m in re.finditer(r"\bif \((?!!rst_ni\))", code):
        end = _closing(code, m.end() - 1)
        condition = text[m.end():end]
        if ";" not in condition and "\n" not in condition:
            yield Fault("condition", m.end(), condition, f"!({condition})")
    for m in re.finditer(r"\bif \(!rst_ni\)", code):
        yield Fault("dropped reset", m.start(), m[0], "if (1'b0)")
    for m in _SWAP.finditer(code):
        yield Fault("swapped operands", m.start(), m[0], f"{m[3]} {m[2]} {m[1]}")
    for m in _MIN_MAX.finditer(code):
        yield Fault("operator", m.start(), m[0], "max" if m[0] == "min" else "min")
    for m in _STATEMENT.finditer(code):
        if "\x01" not in m[1] and not re.match(r"(?:assign|return|const|auto|int|logic|localparam)\b", m[1]):
            yield Fault("dropped statement", m.start(1), text[m.start(1):m.end(1)], ";")


def candidates(text: str, hardware: bool) -> list[Fault]:
    """Every fault that can be drawn, in the order of the file."""
    idle = _idle_spans(masked(text))
    found = {f for f in _all(text, hardware) if not any(begin <= f.offset < end for begin, end in idle)}
    return sorted(found, key=lambda f: (f.offset, f.kind, f.new))


def draw(text: str, hardware: bool, count: int, seed: int) -> list[Fault]:
    """`count` of them, the same for the same seed, in the order of the file."""
    every = candidates(text, hardware)
    return sorted(random.Random(seed).sample(every, min(count, len(every))), key=lambda f: (f.offset, f.kind, f.new))
