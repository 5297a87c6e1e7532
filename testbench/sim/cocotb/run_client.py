#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build engine_top for cocotb, draw a case, run engine_client on it.

usage: run_client.py --draw PROGRAM --package FILE --root FOLDER --out FOLDER [--seed N]
Exit code 0, 1 when a test fails, 77 when cocotb is not installed.
"""
import argparse
import os
import pathlib
import secrets
import subprocess
import sys
import xml.etree.ElementTree


def main():
    parser = argparse.ArgumentParser()
    for name in ("draw", "package", "root", "out"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("FLEXOR_SEED", secrets.randbelow(2**31))))
    arguments = parser.parse_args()
    try:
        from cocotb.runner import get_runner
    except ImportError:
        print("cocotb is not installed; run scripts/setup")
        return 77
    root, out = arguments.root.resolve(), arguments.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    print(f"FLEXOR_SEED={arguments.seed}", flush=True)
    subprocess.run([arguments.draw, out, str(arguments.seed)], check=True)
    folders = sorted(path for path in (root / "rtl").iterdir() if path.is_dir())
    packages = [arguments.package.resolve()] + sorted((root / "rtl").glob("*/*_pkg.sv"))
    here = pathlib.Path(__file__).resolve().parent
    search = [flag for folder in [*folders, root / "rtl"] for flag in ("-y", str(folder))]
    runner = get_runner("verilator")
    runner.build(verilog_sources=[*packages, here / "engine_top.sv"], hdl_toplevel="engine_top", build_dir=out / "build",
                 build_args=["--no-timing", "-Wno-fatal", "--x-assign", "fast", *search])
    results = runner.test(hdl_toplevel="engine_top", test_module="engine_client", build_dir=out / "build", test_dir=here,
                          extra_env={"FLEXOR_CASE": str(out), "PYTHONPATH": str(here)}, results_xml=str(out / "results.xml"))
    tests = xml.etree.ElementTree.parse(results).getroot()
    failed = len(list(tests.iter("failure"))) + len(list(tests.iter("error")))
    print(f"{len(list(tests.iter('testcase')))} tests, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
