#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the engine of a named configuration as one plain Verilog file, for tools with little SystemVerilog.

examples:
  release_verilog.py --config small                 build/release/flexor_engine_small.v
  release_verilog.py --config tiny --netlist        build/release/flexor_engine_tiny_ice40.v, mapped to iCE40 cells
"""
import argparse
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from flexor_synth import process, rtl  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.cache import write_atomic  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.problem import Problem  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.tools import ROOT, Tools  # noqa: E402  pylint: disable=wrong-import-position

TOP = "flexor_engine"


def _plain_names(modules):
    """Module of the elaborated design -> a name without a path, numbered where one block has several shapes."""
    count, names = {}, {}
    for module in modules:
        block = module.split("$")[0]
        count[block] = count.get(block, 0) + 1
        names[module] = block if block == TOP else f"{TOP}_{block}_{count[block]}"
    return names


def _with_plain_names(elaborated, result):
    """Write the elaborated design with plain module names to `result`."""
    names = _plain_names(rtl.modules(elaborated))

    def renamed(match):
        return f"{match[1]} \\{names.get(match[2], match[2])}"

    result.write_text(re.sub(r"^(module|  cell) \\(\S+)", renamed, elaborated.read_text(), flags=re.MULTILINE))
    return result


def _header(config, parameters, netlist):
    what = "mapped to iCE40 cells" if netlist else "plain Verilog"
    values = ", ".join(f"{k}={v}" for k, v in sorted(parameters.items()))
    return (f"// SPDX-License-Identifier: Apache-2.0\n// {TOP}, configuration {config}, {what}. "
            f"Made by scripts/release_verilog.py: do not edit.\n// {values}\n")


def release(tools, config, out, netlist=False):
    """Write the file into `out`; returns its path."""
    out = pathlib.Path(out)
    work = out / "work" / config
    work.mkdir(parents=True, exist_ok=True)
    parameters = rtl.configuration(config)
    elaborated = rtl.Sources(work).elaborate(tools, TOP, parameters, work)
    written = work / ("netlist.v" if netlist else "plain.v")
    lines = [f"read_rtlil {_with_plain_names(elaborated, work / 'plain.il')}", f"hierarchy -top {TOP}"]
    if netlist:
        lines += ["flatten -noscopeinfo", f"synth_ice40 -top {TOP}"]
    lines.append(f"write_verilog -noattr {written}")
    script = written.with_suffix(".ys")
    script.write_text("\n".join(lines) + "\n")
    process.run(tools.yosys + [script], script.with_suffix(".log"), f"writing {config}")
    result = out / f"{TOP}_{config}{'_ice40' if netlist else ''}.v"
    body = written.read_text().split("\n", 1)[1]
    write_atomic(result, _header(config, parameters, netlist) + body)
    return result


def main(argv=None):
    """Exit code 0, or 2 with one sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, help="named configuration of rtl/engine.json")
    parser.add_argument("--netlist", action="store_true", help="map to iCE40 cells first")
    parser.add_argument("--out", default=str(ROOT / "build" / "release"), help="folder (default build/release)")
    parser.add_argument("--yosys", help="a yosys with read_slang, instead of the locked one")
    args = parser.parse_args(argv)
    process.stop_on_signals()
    try:
        print(release(Tools.find(yosys=args.yosys), args.config, args.out, args.netlist))
        return 0
    except Problem as problem:
        print(f"release_verilog: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        process.stop_all()
        print("release_verilog: interrupted; nothing was written", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
