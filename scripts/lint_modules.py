#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every RTL module is reached from the top of some bench. Prints what is not; exit code 1."""
import pathlib
import re
import sys

# Wiring that only the synthesis flow elaborates: the measured array, and the board around an engine.
SYNTHESIS_TOPS = {"array_top", "flexor_up5k"}
ROOT = pathlib.Path(__file__).resolve().parent.parent


def words(path):
    """Every identifier of a file, without comments."""
    return set(re.findall(r"\w+", re.sub(r"//.*", "", path.read_text())))


def main():
    """Walk from the tops of the benches through the instances."""
    sources = {p.stem: p for p in ROOT.glob("rtl/**/*.sv") if not p.stem.endswith("_pkg")}
    parts = {name: (words(path) & set(sources)) - {name} for name, path in sources.items()}
    lists = [p.read_text() for p in ROOT.glob("testbench/**/CMakeLists.txt")]
    waiting = [top for text in lists for top in re.findall(r"\bTOP(?:_MODULE)?\s+(\w+)", text) if top in sources]
    reached = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += parts[name]
    missing = [f"{name}: no bench elaborates it" for name in sorted(set(sources) - reached - SYNTHESIS_TOPS)]
    print("\n".join(missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
