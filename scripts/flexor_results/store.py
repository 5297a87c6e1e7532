# SPDX-License-Identifier: Apache-2.0
"""docs/results.json: reading, checking, writing. Every figure carries the command that prints it and the rule that finds it there."""
from __future__ import annotations

import dataclasses
import json
import operator
import os
import pathlib
import re
import tempfile
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
JSON = ROOT / "docs" / "results.json"
PAGE = ROOT / "docs" / "results.md"
README = ROOT / "README.md"

_RELATIONS = {"==": operator.eq, "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}
_TARGET = re.compile(r"(==|<=|>=|<|>) (?:([0-9.]+) \* )?([a-z][\w.-]*|[0-9.]+)")


class Problem(Exception):
    """What is wrong and what to do, in one sentence."""


@dataclasses.dataclass
class Figure:
    """One number. `extract` is {"json": PATH}, {"regex": ONE GROUP} or {"exit": true} (the exit status), each with an optional `scale`
    (factor) or `subtract_from`. `tolerance` is relative; without it the value has to agree in the digits that are shown."""

    id: str
    topic: str
    figure: str
    value: float
    command: str
    extract: dict[str, Any]
    commit: str
    date: str
    machine: str
    configuration: str = ""
    network: str = ""
    unit: str = ""
    digits: int = 0
    target: str | None = None
    tolerance: float = 0.0
    cheap: bool = False
    note: str = ""

    def text(self, value: float | None = None) -> str:
        """The value with its digits, without its unit."""
        return f"{self.value if value is None else value:,.{self.digits}f}"

    def agrees(self, value: float) -> bool:
        """Whether a new measurement says the same."""
        return abs(value - self.value) <= self.tolerance * abs(self.value) if self.tolerance else self.text(value) == self.text()


@dataclasses.dataclass
class Results:
    """The whole file."""

    topics: dict[str, str]
    machines: dict[str, str]
    readme: list[dict[str, Any]]
    figures: list[Figure]

    def find(self, name: str) -> Figure:
        """The figure with this id."""
        for figure in self.figures:
            if figure.id == name:
                return figure
        raise Problem(f"there is no figure '{name}' in docs/results.json; scripts/results list shows all of them")

    def reference(self, figure: Figure) -> Figure | None:
        """The figure that a target names."""
        match = _TARGET.fullmatch(figure.target or "")
        return self.find(match[3]) if match and not match[3][0].isdigit() else None

    def limit(self, figure: Figure, reference: float | None = None) -> tuple[str, float] | None:
        """Relation and number of a target; a target may name another figure, or a multiple of it (its value is `reference`, if given)."""
        if figure.target is None:
            return None
        match = _TARGET.fullmatch(figure.target)
        if not match:
            raise Problem(f"{figure.id}: target '{figure.target}' is not RELATION [FACTOR *] NUMBER-or-ID, e.g. '<= 1.05 * other.id'")
        relation, factor, what = match.groups()
        base = float(what) if what[0].isdigit() else self.find(what).value if reference is None else reference
        return relation, base * float(factor or 1)

    def met(self, figure: Figure, value: float | None = None, reference: float | None = None) -> bool | None:
        """Whether the target is met (by `value`, if given); None without a target."""
        limit = self.limit(figure, reference)
        return None if limit is None else bool(_RELATIONS[limit[0]](figure.value if value is None else value, limit[1]))

    def chosen(self, names: list[str]) -> list[Figure]:
        """The figures of these topics and ids; all of them without a name. A name that ends in a dot is the beginning of ids."""
        known = set(self.topics) | {f.id for f in self.figures}
        for name in names:
            if name not in known and not any(name.endswith(".") and f.id.startswith(name) for f in self.figures):
                raise Problem(f"'{name}' is neither a topic nor a figure; topics are {', '.join(self.topics)}")
        return [f for f in self.figures if not names or any(n in (f.topic, f.id) or (n.endswith(".") and f.id.startswith(n)) for n in names)]


def _check(results: Results) -> None:
    seen: set[str] = set()
    for f in results.figures:
        if f.id in seen:
            raise Problem(f"{f.id}: stands twice in docs/results.json; give one of them another id")
        seen.add(f.id)
        for key, known in (("topic", results.topics), ("machine", results.machines)):
            if getattr(f, key) not in known:
                raise Problem(f"{f.id}: {key} '{getattr(f, key)}' is not one of {', '.join(known)}")
        if not f.command.strip():
            raise Problem(f"{f.id}: no command prints it; a figure without a command cannot be a row")
        rules = set(f.extract) & {"json", "regex", "exit"}
        if len(rules) != 1 or set(f.extract) - rules - {"scale", "subtract_from"}:
            raise Problem(f"{f.id}: extract wants exactly one of json, regex and exit, besides scale and subtract_from")
        if "regex" in rules and re.compile(f.extract["regex"], re.MULTILINE).groups != 1:
            raise Problem(f"{f.id}: the regular expression wants exactly one group, the number")
        if "json" in rules and "{json}" not in f.command:
            raise Problem(f"{f.id}: its command writes no JSON; add --json {{json}}")
        if not re.fullmatch(r"[0-9a-f]{7,40}", f.commit) or not re.fullmatch(r"\d{4}-\d\d-\d\d", f.date):
            raise Problem(f"{f.id}: commit and date say where and when it was measured, e.g. 5999d8d and 2026-11-30")
        results.limit(f)
    for row in results.readme:
        for name in row["ids"]:
            results.find(name)


def load(path: pathlib.Path = JSON) -> Results:
    """Reads and checks the file."""
    try:
        data = json.loads(path.read_text())
        results = Results(data["topics"], data["machines"], data["readme"], [Figure(**entry) for entry in data["figures"]])
    except OSError as error:
        raise Problem(f"{path.name}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(f"{path.name}: not a file of figures ({error})") from error
    _check(results)
    return results


def write(path: pathlib.Path, text: str) -> None:
    """Whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.chmod(name, 0o644)
    os.replace(name, path)


def dump(results: Results) -> str:
    """The text of the file: keys in order, no key with its default value."""
    defaults = {f.name: f.default for f in dataclasses.fields(Figure)}
    figures = [{k: v for k, v in dataclasses.asdict(f).items() if v != defaults[k] or k in ("value", "target")} for f in results.figures]
    return json.dumps({"schema": 1, "topics": results.topics, "machines": results.machines, "readme": results.readme, "figures": figures},
                      indent=1, ensure_ascii=False) + "\n"
