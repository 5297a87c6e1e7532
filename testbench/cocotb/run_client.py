#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build engine_top for cocotb, or draw a case and run client_test on it.

usage: run_client.py build --package FILE --root FOLDER --out FOLDER
       run_client.py test --draw PROGRAM --root FOLDER --out FOLDER [--seed N]
Exit code 0; 1 when a test fails.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import secrets
import subprocess
import sys
import warnings
import xml.etree.ElementTree

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # "experimental": the version is locked
    from cocotb.runner import get_runner

HERE = pathlib.Path(__file__).resolve().parent
TOP = "engine_top"


def build(root, package, out):
    """Verilate and compile."""
    folders = [root / "rtl", *sorted(path for path in (root / "rtl").iterdir() if path.is_dir())]
    packages = [package, *sorted((root / "rtl").glob("*/*_pkg.sv"))]
    search = [flag for folder in folders for flag in ("-y", str(folder))]
    get_runner("verilator").build(verilog_sources=[*packages, HERE / f"{TOP}.sv"], hdl_toplevel=TOP, build_dir=out,
                                  build_args=["--no-timing", "--x-assign", "fast", "-CFLAGS", "-O1", *search])


def registers(root):
    """The register map as JSON: what a client would make of registers.rdl."""
    sys.path.insert(0, str(root / "scripts"))
    import register_map
    found = register_map.load(root / "rtl" / "registers.rdl").registers
    return json.dumps({r.name: {"address": r.address, "access": r.access, "reset": r.reset,
                                "fields": {f.name: dataclasses.asdict(f) for f in r.fields}} for r in found})


def test(draw, root, out, seed):
    """Whether every test passed."""
    print(f"FLEXOR_SEED={seed}", flush=True)
    case = out / "case"
    case.mkdir(parents=True, exist_ok=True)
    subprocess.run([draw, case, str(seed)], check=True)
    (case / "registers.json").write_text(registers(root))
    results = get_runner("verilator").test(hdl_toplevel=TOP, hdl_toplevel_lang="verilog", test_module="client_test", build_dir=out,
                                           test_dir=case, seed=seed, results_xml=str(case / "results.xml"),
                                           extra_env={"FLEXOR_CASE": str(case), "FLEXOR_SEED": str(seed), "PYTHONPATH": str(HERE)})
    cases = list(xml.etree.ElementTree.parse(results).getroot().iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    print(f"FLEXOR_SEED={seed}: {len(cases)} tests, {len(failed)} failed")
    return bool(cases) and not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("build", "test"))
    for name in ("draw", "package", "root", "out"):
        parser.add_argument(f"--{name}", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--seed", type=int, default=int(os.environ.get("FLEXOR_SEED", secrets.randbelow(2**31))))
    a = parser.parse_args()
    if a.what == "build":
        build(a.root, a.package, a.out)
        return 0
    return 0 if test(a.draw, a.root, a.out, a.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
