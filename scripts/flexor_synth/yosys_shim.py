# SPDX-License-Identifier: Apache-2.0
"""Yosys from the pyosys package as a command.

usage: yosys_shim.py -V | yosys_shim.py SCRIPT      (one command a line, # comments)
"""
import importlib.metadata
import sys

from pyosys import libyosys


def main():
    if sys.argv[1:] == ["-V"]:
        print(f"Yosys {importlib.metadata.version('pyosys')} (pyosys)")
        return
    design = libyosys.Design()
    for line in open(sys.argv[1], encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            libyosys.run_pass(line.strip(), design)


if __name__ == "__main__":
    main()
