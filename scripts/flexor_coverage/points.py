# SPDX-License-Identifier: Apache-2.0
"""Coverage points of Verilator: a point of a source is reached if any instance of any elaboration in any test reached it."""
from __future__ import annotations

import dataclasses
import pathlib
import re
from collections.abc import Iterable

_LINE = re.compile(r"C '(.*)' (\d+)")


@dataclasses.dataclass
class Module:
    """Points of one source file: place -> reached."""

    lines: dict[int, bool] = dataclasses.field(default_factory=dict)
    toggles: dict[str, bool] = dataclasses.field(default_factory=dict)


def _fields(point: str) -> dict[str, str]:
    """\\x01 begins a key, \\x02 its value."""
    return dict(part.split("\x02", 1) for part in point.split("\x01") if "\x02" in part)


def _lines_of(fields: dict[str, str]) -> list[int]:
    """Lines of a block: S holds them as 12,14-16; without it the line of the point."""
    found: list[int] = []
    for part in filter(None, fields.get("S", fields["l"]).split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def read(texts: Iterable[str], root: pathlib.Path, folder: str = "rtl") -> dict[str, Module]:
    """Points of the sources below a folder of the repository, by path."""
    modules: dict[str, Module] = {}
    for text in texts:
        for point, count in _LINE.findall(text):
            fields = _fields(point)
            path = pathlib.Path(fields.get("f", ""))
            if not path.is_relative_to(root / folder):
                continue
            module = modules.setdefault(str(path.relative_to(root)), Module())
            if fields.get("page", "").startswith("v_toggle"):
                name = f"{fields['l']}:{fields['o']}"
                module.toggles[name] = module.toggles.get(name, False) or count != "0"
            else:
                for line in _lines_of(fields):
                    module.lines[line] = module.lines.get(line, False) or count != "0"
    return modules


def share(points: dict) -> tuple[int, int]:
    """Points that were reached, and all."""
    return sum(points.values()), len(points)


def percent(reached: int, of: int) -> float:
    """100 where there is nothing to reach."""
    return 100 * reached / of if of else 100.0


def table(modules: dict[str, Module]) -> list[str]:
    """A line a source, the least covered first, then the sums."""
    rows = []
    for name, module in modules.items():
        lines, toggles = share(module.lines), share(module.toggles)
        rows.append((percent(*lines), percent(*toggles), name, lines, toggles))
    rows.sort()
    out = [f"{'source':44} {'lines':>16} {'toggles':>18}"]
    out += [f"{name:44} {f'{l[0]}/{l[1]}':>9} {a:5.1f}% {f'{t[0]}/{t[1]}':>11} {b:5.1f}%" for a, b, name, l, t in rows]
    sums = [tuple(sum(row[k][i] for row in rows) for i in (0, 1)) for k in (3, 4)]
    out.append(f"{'all':44} {f'{sums[0][0]}/{sums[0][1]}':>9} {percent(*sums[0]):5.1f}% {f'{sums[1][0]}/{sums[1][1]}':>11} {percent(*sums[1]):5.1f}%")
    return out


def missed(modules: dict[str, Module], root: pathlib.Path) -> list[str]:
    """Lines that no test reached, with their text."""
    out = []
    for name, module in sorted(modules.items()):
        text = (root / name).read_text().splitlines()
        out += [f"{name}:{line}: {text[line - 1].strip()}" for line, reached in sorted(module.lines.items()) if not reached]
    return out
