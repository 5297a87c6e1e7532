# SPDX-License-Identifier: Apache-2.0
"""Which test programs cover a source: read from the CMake lists of testbench/."""
from __future__ import annotations

import pathlib
import re


class Problem(Exception):
    """What is wrong and what to do, in one sentence."""


def programs(root: pathlib.Path) -> list[tuple[str, str | None, list[pathlib.Path]]]:
    """(target, top module or None, sources) of every test program, in the order of the lists."""
    found = []
    for page in sorted(root.glob("testbench/**/CMakeLists.txt")):
        text = re.sub(r"#[^\n]*", "", page.read_text())
        for body in re.findall(r"flexor_(?:rtl|model|sim)_test\(([^()]*)\)", text):
            words = body.split()
            if "NAME" not in words or "SOURCES" not in words:
                continue
            sources = []
            for word in words[words.index("SOURCES") + 1:]:
                if word.isupper():
                    break
                sources.append(page.parent / word)
            top = words[words.index("TOP") + 1] if "TOP" in words else None
            found.append((words[words.index("NAME") + 1], top, sources))
    return found


def _identifiers(path: pathlib.Path) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"//[^\n]*", "", path.read_text())))


def _reached(top: str, sources: dict[str, pathlib.Path]) -> set[str]:
    """Modules and packages below a top."""
    seen, waiting = set(), [top]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in sources:
            seen.add(name)
            waiting += _identifiers(sources[name]) & set(sources)
    return seen


def _of_module(root: pathlib.Path, file: pathlib.Path) -> list[str]:
    """The bench of the module itself, else the two smallest designs that contain it."""
    sources = {p.stem: p for p in root.glob("rtl/**/*.sv")}
    sizes = []
    for target, top, _ in programs(root):
        reached = _reached(top, sources) if top else set()
        if file.stem in reached:
            sizes.append((top != file.stem, len(reached), target))
    sizes.sort()
    own = [target for other, _, target in sizes if not other]
    return own or [target for _, _, target in sizes[:2]]


def _of_unit(root: pathlib.Path, file: pathlib.Path) -> list[str]:
    """Programs of the mirrored folder with a test of the unit's name, else those that include its header, else all of that folder."""
    folder = root / "testbench" / file.parent.relative_to(root)
    header = re.compile(rf'"(?:{file.parent.name}/)?{file.stem}\.hpp"')
    named, including, near = [], [], []
    for target, _, sources in programs(root):
        here = [s for s in sources if s.parent == folder]
        near += [target] if here else []
        named += [target] if any(s.stem == f"{file.stem}_test" for s in here) else []
        including += [target] if any(s.exists() and header.search(s.read_text()) for s in here) else []
    return named or including or near


def tests_of(root: pathlib.Path, file: pathlib.Path) -> list[str]:
    """Names of the programs in build/bin."""
    found = _of_module(root, file) if file.suffix == ".sv" else _of_unit(root, file)
    if not found:
        raise Problem(f"no test program of testbench/ covers {file.relative_to(root)}; name one with --tests")
    return found
