# SPDX-License-Identifier: Apache-2.0
"""RTL sources, configurations, and the elaborated design (RTLIL) that every target starts from."""
import pathlib
import re
import subprocess
import sys

from . import process
from .cache import digest
from .problem import Problem
from .tools import ROOT, venv_python

sys.path.insert(0, str(ROOT / "scripts"))
import generate  # noqa: E402  pylint: disable=wrong-import-position

DATA = generate.load(ROOT / "rtl" / "engine.json")
PRIMITIVES = ROOT / "testbench" / "primitives"
TECH = ROOT / "rtl" / "tech"  # a folder for each technology, modules of equal names
STREAM_BLOCKS = {p.stem for p in (ROOT / "rtl" / "stream").glob("*.sv")}  # their defaults are the configuration micro16
_PARAMETER = re.compile(r"^\s*parameter\s+(?:[\w\s]*?(?:\[[^\]]*\]\s*)?)(\w+)\s*=", re.MULTILINE)


def configuration(name):
    """Parameters of a named configuration."""
    try:
        return {k: v for k, v in DATA["configurations"][name].items() if k != "about"}
    except KeyError:
        raise Problem(f"there is no configuration {name}; rtl/engine.json has {', '.join(DATA['configurations'])}") from None


def _write_package(path):
    """The generated package; the Python of the locked tools reads the register map."""
    done = subprocess.run([venv_python() or sys.executable, generate.__file__, "--package", str(path)], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise Problem(done.stderr.strip())


class Sources:
    """Every RTL file: the generated package, written packages, then modules."""

    def __init__(self, out, extra=()):
        package = pathlib.Path(out) / "flexor_pkg.sv"
        _write_package(package)
        files = sorted(p for p in (ROOT / "rtl").rglob("*.sv"))
        packages = [p for p in files if p.name.endswith("_pkg.sv")]
        self.packages = [package] + packages
        self.files = self.packages + [p for p in files if p not in packages] + list(extra)
        self.hash = digest(*(p.read_bytes() for p in self.files))
        self.modules = {p.stem: p for p in self.files if not p.name.endswith("_pkg.sv") and TECH not in p.parents}

    def parameters(self, module):
        """Names of the parameters that `module` declares."""
        if module not in self.modules:
            raise Problem(f"there is no RTL block {module} in rtl/")
        text = self.modules[module].read_text()
        head = re.search(rf"\bmodule\s+{module}\b(.*?)\)\s*\(", text, re.DOTALL)
        return _PARAMETER.findall(head.group(1)) if head else []

    def search(self, tech="generic"):
        """read_slang options that find modules by name, those of a technology first; vendor cells stay black boxes."""
        folders = [TECH / tech, *sorted({p.parent for p in self.files[1:] if TECH not in p.parents}), TECH / "generic", PRIMITIVES]
        cells = " ".join(f"--blackboxed-module {p.stem}" for p in sorted(PRIMITIVES.glob("*.sv")))
        return " ".join(f"-y {folder}" for folder in folders) + f" --libext .sv {cells}"

    def elaborate(self, tools, top, parameters, out):
        """Elaborate `top` with those of `parameters` that it declares; returns an RTLIL file that keeps the hierarchy."""
        known = self.parameters(top)
        chosen = {k: v for k, v in parameters.items() if k in known}
        folder = pathlib.Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        search = self.search(parameters.get("Tech", "generic"))
        result = folder / f"{top}-{digest(self.hash, chosen, top, search)}.il"
        if result.exists():
            return result
        overrides = " ".join(f"-G {k}={v}" for k, v in chosen.items())
        temporary = result.with_suffix(".part")
        script = result.with_suffix(".ys")
        files = " ".join(str(p) for p in [*self.packages, self.modules[top]])
        script.write_text("\n".join([
            f"read_slang --keep-hierarchy --top {top} {overrides} {search} {files}",
            f"hierarchy -check -top {top}", "proc", "opt_clean", f"write_rtlil {temporary}"]) + "\n")
        process.run(tools.yosys + [script], result.with_suffix(".log"), f"elaborating {top}")
        text = "".join(line for line in open(temporary, encoding="utf-8") if "attribute \\src" not in line)
        temporary.write_text(text)
        temporary.rename(result)
        return result


_MODULE = re.compile(r"^module \\(\S+)$", re.MULTILINE)


def modules(rtlil):
    """Modules of an elaborated design, black boxes left out."""
    return [n for n in _MODULE.findall(pathlib.Path(rtlil).read_text()) if not (PRIMITIVES / f"{n}.sv").exists()]


def blocks(rtlil):
    """RTL block name -> module of the elaborated design, one instance of each, in the order of elaboration."""
    found = {}
    for name in modules(rtlil):
        found.setdefault(name.split("$")[0], name)
    return found
