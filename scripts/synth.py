#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Synthesise the engine and its blocks for real devices and print what they cost.

examples:
  synth.py --quick                              engine, plain engine and the PE baselines, a few minutes
  synth.py --full --json area.json              every block, every target, every bar
  synth.py --bars --cycles sim-nano.json        only what the bars need, and the bars
  synth.py --targets ice40-up5k --blocks engine,engine:plain --config nano

A block is `engine`, `board` (UP5K, with its SPI bridge), `array`, any RTL module, or `blocks` (every block of the engine); a variant follows a colon:
plain (1-bit weights without XOR), fixed, single (one weight buffer), pair, addsub, andtree, ice40, ecp5, xc7 (PE styles).
Cells are placed logic cells: iCE40 LC, ECP5 TRELLIS_COMB; Xilinx LUTs as Yosys maps them.
"""
import argparse
import json
import os
import pathlib
import shlex
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from flexor_synth import bars, plan, process, table  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.cache import write_atomic  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.problem import Problem  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.runner import Runner, add_ratios  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.tools import ROOT, Tools  # noqa: E402  pylint: disable=wrong-import-position


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Problem(f"{message}; synth.py --help shows what there is")


def _arguments(argv):
    parser = _Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", help=f"comma-separated, from {', '.join(plan.TARGETS)}")
    parser.add_argument("--blocks", help="comma-separated blocks, each with an optional :variant")
    parser.add_argument("--config", help="named configuration; without it each target has its own")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override one engine parameter")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--quick", action="store_true", help="a few minutes: the smallest engine (tiny) and PE baselines; routed on UP5K, packed elsewhere; no bars")
    mode.add_argument("--full", action="store_true", help="every block on every target, and the bars")
    mode.add_argument("--bars", action="store_true", help="only what the bars need, and the bars; blocks of which only cells count are packed")
    parser.add_argument("--pack-only", action="store_true", help="pack without placing: cells, no Fmax")
    parser.add_argument("--seeds", type=int, metavar="N", help="place with each of the seeds 1 to N and keep the highest Fmax; all are printed (without: the target's own, then up to three others while a bar's clock is missed)")
    parser.add_argument("--cycles", action="append", default=[], metavar="FILE",
                        help="JSON of flexor compare or sim with nano (UP5K) or small (ECP5): prints frames per second; may be given for each")
    parser.add_argument("--json", metavar="FILE", help="write the figures, one object per target and block")
    parser.add_argument("--out", default=str(ROOT / "build" / "synth"), help="work folder and cache (default build/synth)")
    parser.add_argument("--yosys", help="a yosys with read_slang, instead of the locked one")
    parser.add_argument("--nextpnr-ice40", help="another nextpnr-ice40")
    parser.add_argument("--nextpnr-ecp5", help="another nextpnr-ecp5")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="jobs side by side")
    return parser.parse_args(argv)


def _overrides(items):
    result = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or name not in plan.rtl.generate.RTL_PARAMETERS or not value.lstrip("-").isdigit():
            raise Problem(f"--set {item}: wants NAME=VALUE with NAME one of {', '.join(plan.rtl.generate.RTL_PARAMETERS)}")
        result[name] = int(value)
    return result


def _split(text):
    return [item for item in text.split(",") if item] if text else None


def _main(argv):
    args = _arguments(argv)
    cycles = dict(bars.cycles_per_image(file) for file in args.cycles)
    mode = "quick" if args.quick else "bars" if args.bars else "full"
    chosen = plan.chosen(_split(args.targets), _split(args.blocks), mode)
    config = args.config or (plan.QUICK_CONFIG if args.quick else None)
    overrides = {**(plan.QUICK_SET if args.quick else {}), **_overrides(args.set)}
    if args.jobs < 1:
        raise Problem("--jobs must be at least 1")
    if args.seeds is not None and args.seeds < 1:
        raise Problem("--seeds must be at least 1")
    tools = Tools.find(args.yosys, args.nextpnr_ice40, args.nextpnr_ecp5)
    runner = Runner(tools, args.out, args.jobs, args.seeds)
    records = add_ratios(runner.run(runner.jobs(chosen, config, overrides, args.pack_only, mode)), config)
    print(table.figures(records))
    rows = [] if args.quick else bars.check(records, cycles, only_measured=bool(args.blocks), config=config)
    if rows:
        print("\n" + bars.table(rows))
    if args.json:
        write_atomic(args.json, json.dumps({"command": shlex.join(["flexor", "synth", *argv]), "versions": runner.versions(),
                                            "results": records}, indent=1) + "\n")
    if runner.refused:
        raise Problem(runner.refused[0])


def main(argv=None):
    """Exit code 0, or 2 with one sentence."""
    program = os.environ.get("FLEXOR_PROGRAM", "synth")
    process.stop_on_signals()
    try:
        _main(sys.argv[1:] if argv is None else argv)
        return 0
    except Problem as problem:
        print(f"{program}: {problem}", file=sys.stderr)
    except OSError as error:
        print(f"{program}: {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        process.stop_all()
        print(f"{program}: interrupted; nothing half-written is left, finished parts are kept", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
