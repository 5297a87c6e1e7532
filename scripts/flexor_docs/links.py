# SPDX-License-Identifier: Apache-2.0
"""Links of the Markdown pages: to pages, to sources, and to lines of sources.

A link to a line carries a piece of that line as its title, [the shift](../rtl/a/b.sv#L12 "sum >>> Shift"): the title is what is meant,
the number follows it (`mended`).
"""
from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

LINK = re.compile(r'(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)(?: "([^"]*)")?\)')
_LINE = re.compile(r"(.+)#L(\d+)")


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """`change` applied to what is not in a fenced block."""
    parts = re.split(r"(^```.*?^```[^\n]*$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else change(part) for part in parts)


def resolved(page: str, target: str) -> str:
    """Path in the repository of a relative target on a page; both with forward slashes."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))


def _line_of(text: str, piece: str) -> list[int]:
    return [i for i, line in enumerate(text.splitlines(), 1) if piece in line]


def wrong_lines(page: str, text: str, read: Callable[[str], str | None]) -> list[str]:
    """Links to lines that do not hold what their title says. `read` gives the text of a file, None if there is none."""
    found = []
    for _, target, piece in LINK.findall(text):
        match = _LINE.fullmatch(target)
        if not match or "://" in target:
            continue
        source = read(resolved(page, match[1]))
        if source is None:
            found.append(f"{page}: {match[1]} does not exist")
        elif not piece:
            found.append(f'{page}: {target} wants a piece of its line as its title, e.g. ({target} "sum + 1")')
        elif int(match[2]) not in _line_of(source, piece):
            found.append(f'{page}: line {match[2]} of {match[1]} does not hold "{piece}"; run scripts/format, or mend the title')
    return found


def mended(page: str, text: str, read: Callable[[str], str | None]) -> str:
    """The page with numbers of lines as they are now, where the title tells exactly one line."""
    def one(match: re.Match[str]) -> str:
        line = _LINE.fullmatch(match[2])
        source = read(resolved(page, line[1])) if line and match[3] else None
        lines = _line_of(source, match[3]) if source else []
        if not line or len(lines) != 1:
            return match[0]
        return f'[{match[1]}]({line[1]}#L{lines[0]} "{match[3]}")'

    return LINK.sub(one, text)
