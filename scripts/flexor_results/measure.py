# SPDX-License-Identifier: Apache-2.0
"""Runs the command of a figure and finds the number in what it wrote."""
from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
from typing import Any, TextIO

from .store import ROOT, Figure, Problem

_SELECTOR = re.compile(r"(\w+)(?:\[([^\]]+)\])?")


def at(data: Any, path: str) -> Any:
    """The value at `a.b[key=value,key=value].c`; a selector chooses the one object of a list that has these values."""
    for step in re.findall(r"[^.\[]+(?:\[[^\]]*\])?", path):
        match = _SELECTOR.fullmatch(step)
        if not match or not isinstance(data, dict) or match[1] not in data:
            raise Problem(f"the JSON has no '{step}' of the path {path}")
        data = data[match[1]]
        if match[2]:
            wanted = dict(pair.split("=", 1) for pair in match[2].split(","))
            found = [item for item in data if all(str(item.get(key)) == value for key, value in wanted.items())]
            if len(found) != 1:
                raise Problem(f"{len(found)} objects of the JSON suit '{step}' of the path {path}, not one")
            data = found[0]
    return data


class Run:
    """What one command left: exit status, text, JSON."""

    def __init__(self, status: int, text: str, file: str):
        self.status, self.text, self.file = status, text, file

    def number(self, figure: Figure) -> float:
        """The figure, by its rule. Everything but an `exit` rule wants exit status 0 or, of a comparison that differs, 1."""
        rule = figure.extract
        if "exit" in rule:
            return float(self.status)
        if self.status not in (0, 1):
            raise Problem(f"its command failed with exit status {self.status}: {self._last_line()}")
        if "json" in rule:
            try:
                value = float(at(json.loads(self.file), rule["json"]))
            except (ValueError, TypeError) as error:
                raise Problem(f"its command wrote no number at {rule['json']} ({self._last_line()})") from error
        else:
            match = re.search(rule["regex"], self.text, re.MULTILINE)
            if not match:
                raise Problem(f"what its command printed does not match {rule['regex']!r}: {self._last_line()}")
            value = float(match[1].replace(",", ""))
        value *= rule.get("scale", 1)
        return rule["subtract_from"] - value if "subtract_from" in rule else value

    def _last_line(self) -> str:
        lines = self.text.strip().splitlines()
        return lines[-1] if lines else "it printed nothing"


class Runner:
    """Runs every command once, however many figures it prints."""

    def __init__(self, root: pathlib.Path = ROOT, timeout: float | None = None, log: TextIO | None = None):
        self._root, self._timeout, self._log, self._runs = root, timeout, log, {}

    def run(self, command: str) -> Run:
        """The command's outcome; refuses one whose data or program is missing."""
        if command not in self._runs:
            self._runs[command] = self._start(command)
        return self._runs[command]

    def _start(self, command: str) -> Run:
        if "$FLEXOR_DATA" in command and not os.environ.get("FLEXOR_DATA"):
            raise Problem("FLEXOR_DATA is not set; scripts/get_data fetches the data and says what to set")
        for program in re.findall(r"(?:^|&& )(?:\w+=\S+ )*((?:build[\w-]*|scripts)/\S+)", command):
            if not (self._root / program).exists():
                raise Problem(f"{program} is not there; build it first")
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "figures.json"
            words = command.replace("{json}", str(file)).replace("{out}", str(pathlib.Path(folder) / "out"))
            if self._log:
                print(f"  running: {command}", file=self._log, flush=True)
            with subprocess.Popen(["bash", "-c", words], cwd=self._root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  start_new_session=True) as process:
                stopped = threading.Timer(self._timeout, os.killpg, (process.pid, 9)) if self._timeout else None
                if stopped:
                    stopped.start()
                try:
                    text, _ = process.communicate()
                except KeyboardInterrupt:
                    os.killpg(process.pid, 15)
                    raise
                finally:
                    if stopped:
                        stopped.cancel()
            if process.returncode == -9 and self._timeout:
                return Run(2, f"stopped after {self._timeout:g} s (--timeout)", "")
            return Run(process.returncode, text, file.read_text() if file.exists() else "")
