#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prove that the decryptors compute y = M x over GF(2), and that the AXI4 masters are legal on the bus.

examples:
  formal.py --codes codes.json     xor_decryptor with each code in the file against equations written from its rows
  formal.py --serial               slice_decryptor and tile_decryptor for every M and x, stored_slice, by induction
  formal.py --bus                  axi_reader and axi_writer against any memory, by induction
The JSON is a list of {"name", "n_in", "n_out", "rows": [integers, bit j of row i is M[i][j]]}; build/bin/list_codes prints the shipped ones.
Exit code 0: everything proved; 1: something does not hold; 2: it could not be tried.
"""
import argparse
import json
import os
import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from flexor_synth import process, proofs  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.problem import Problem  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.tools import ROOT, Tools  # noqa: E402  pylint: disable=wrong-import-position


def read_codes(path):
    """Codes of a JSON file, checked."""
    try:
        codes = json.loads(pathlib.Path(path).read_text())
        for code in codes:
            if len(code["rows"]) != code["n_out"] or not all(0 <= r < 1 << code["n_in"] for r in code["rows"]):
                raise Problem(f"--codes {path}: the rows of {code['name']} do not fit its size")
    except OSError as error:
        raise Problem(f"--codes {path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(f"--codes {path}: not a list of codes; make it with list_codes") from error
    return codes


def _main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", metavar="FILE", help="prove xor_decryptor with these codes")
    parser.add_argument("--serial", action="store_true", help="prove the decryptors, word by word")
    parser.add_argument("--bus", action="store_true", help="prove the AXI4 masters")
    parser.add_argument("--out", default=str(ROOT / "build" / "formal"), help="work folder (default build/formal)")
    parser.add_argument("--yosys", help="a yosys with read_slang, instead of the locked one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="proofs side by side")
    args = parser.parse_args(argv)
    if not args.codes and not args.serial and not args.bus:
        raise Problem("nothing to prove; give --codes FILE, --serial or --bus")
    tools = Tools.find(yosys=args.yosys)
    tools.identity()
    tasks = []
    if args.codes:
        codes = read_codes(args.codes)
        tasks.append(lambda: proofs.prove_codes(tools, args.out, codes))
    inductions = (proofs.SERIAL + proofs.FIXED if args.serial else ()) + (proofs.BUS if args.bus else ())
    tasks += [lambda p=p: [proofs.prove_induction(tools, args.out, *p)] for p in inductions]
    with ThreadPoolExecutor(max(args.jobs, 1)) as pool:
        results = [r for part in pool.map(lambda task: task(), tasks) for r in part]
    for result in results:
        print(f"{'proved' if result.holds else 'FAILED'}  {result.name}{': ' + result.why if result.why else ''}")
    return 0 if all(r.holds for r in results) else 1


def main(argv=None):
    """Exit code 0, 1 or 2."""
    process.stop_on_signals()
    try:
        return _main(argv)
    except Problem as problem:
        print(f"formal: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        process.stop_all()
        print("formal: interrupted", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
