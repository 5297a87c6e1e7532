# SPDX-License-Identifier: Apache-2.0
"""Proofs that decryption is y = M x over GF(2), and that the bus masters are legal."""
import dataclasses
import pathlib
import re

from . import process
from .rtl import Sources
from .tools import ROOT

PROOFS = ROOT / "testbench" / "formal"
_SUCCESS = "SUCCESS!"


@dataclasses.dataclass
class Result:
    """One proof: its name, whether it holds, and what refutes it."""
    name: str
    holds: bool
    why: str = ""


def _equation(row):
    """Row of M as plain XORs of stored bits."""
    taps = [f"x[{j}]" for j in range(row.bit_length()) if row >> j & 1]
    return " ^ ".join(taps) or "1'b0"


def _matrix(code):
    """The flat parameter Matrix of the RTL, bit i*n_in + j is row i, column j: an expression that the code brings, or its rows."""
    value = sum(row << (i * code["n_in"]) for i, row in enumerate(code["rows"]))
    return code.get("matrix", f"{code['n_out'] * code['n_in']}'h{value:x}")


def _miter(index, rtl_code, code):
    """Module whose output bit i is 1 where the RTL and row i's own XORs differ."""
    n_in, n_out = code["n_in"], code["n_out"]
    lines = [f"module miter_{index} (input logic [{n_in - 1}:0] x, output logic [{n_out - 1}:0] differs);",
             f"  logic [{n_out - 1}:0] y;",
             f"  xor_decryptor #(.NIn({n_in}), .NOut({n_out}), .Matrix({_matrix(rtl_code)})) i_dut (.stored_i(x), .weight_o(y));"]
    lines += [f"  assign differs[{i}] = y[{i}] ^ ({_equation(row)});" for i, row in enumerate(code["rows"])]
    return "\n".join(lines + ["endmodule"])


def corrupted(code, row=7, column=0):
    """`code` with one entry of M flipped."""
    rows = list(code["rows"])
    rows[row] ^= 1 << column
    return {**code, "rows": rows}


def prove_codes(tools, out, codes, rtl_codes=None):
    """xor_decryptor elaborated with each of `rtl_codes` (default `codes`) against the equations of `codes`, for every x."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    sources = Sources(out)
    text = "\n\n".join(_miter(i, rtl, code) for i, (rtl, code) in enumerate(zip(rtl_codes or codes, codes)))
    (out / "miters.sv").write_text(text + "\n")
    lines = ["read_slang --keep-hierarchy " + " ".join(f"--top miter_{i}" for i in range(len(codes))) +
             f" {' '.join(str(p) for p in sources.packages)} {sources.modules['xor_decryptor']} {out / 'miters.sv'}", "proc", "setattr -mod -unset top *", "flatten -noscopeinfo"]
    lines += [f"sat -prove differs 0 -show differs miter_{i}" for i in range(len(codes))]
    log = _run(tools, out, "codes", lines)
    parts = re.split(r"-- Running command `sat ", log)[1:]
    results = []
    for code, part in zip(codes, parts):
        name = f"xor_decryptor = M x, {code['name']} n={code['n_in']}"
        if f"no model found: {_SUCCESS}" in part:
            results.append(Result(name, True))
        else:
            found = re.search(r"\\differs\s+(\d+)", part)
            rows = [i for i in range(code["n_out"]) if found and int(found[1]) >> i & 1]
            results.append(Result(name, False, f"row {', '.join(map(str, rows))} of M differs" if rows else "no verdict; see codes.log"))
    return results


# Induction proofs: module, parameters, what holds.
SERIAL = (
    ("slice_decryptor_proof", {"NOut": 20, "NMax": 20}, "slice_decryptor holds M x after every word, every M, x, n <= 20"),
    ("slice_decryptor_proof", {"NOut": 20, "NMax": 16, "Xc7": 1}, "xc7_slice_decryptor holds M x after every word, every M, x, n <= 16"),
    ("tile_decryptor_proof", {"WeightBuffers": 2, "NMax": 12}, "tile_decryptor, two weight buffers, every M, x, n <= 12, any pauses"),
    ("tile_decryptor_proof", {"WeightBuffers": 1, "NMax": 8}, "tile_decryptor, one weight buffer, every M, x, n <= 8, any pauses"),
    ("tile_decryptor_proof", {"WeightBuffers": 2, "NMax": 8, "Xc7": 1}, "tile_decryptor in cells of Xilinx 7, two weight buffers, every M, x, n <= 8, any pauses"),
)
FIXED = (("stored_slice_proof", {"NMax": 12, "Words": 20}, "stored_slice holds the lowest 12 stored bits, last one first, every x, n <= 20, any pauses"),)
BUS = (
    ("axi_reader_proof", {"MaxBurst": 4}, "axi_reader is legal on the bus, two bursts of 4 beats outstanding, any memory, commands, aborts"),
    ("axi_writer_proof", {"MaxBurst": 4}, "axi_writer is legal on the bus, two bursts of 4 beats outstanding, any memory, commands, aborts"),
)
INDUCTIONS = SERIAL + FIXED + BUS


def prove_induction(tools, out, module, parameters, what, replaced=None):
    """One induction proof of testbench/formal; `replaced` names RTL files that stand in for those of rtl/ (tests of the proof)."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    sources = Sources(out)
    overrides = " ".join(f"-G {k}={v}" for k, v in parameters.items())
    instead = " ".join(str(p) for p in replaced or ())
    packages = " ".join(str(p) for p in sources.packages)
    tag = "-".join([module, *(f"{k}{v}" for k, v in parameters.items())])
    log = _run(tools, out, tag, [
        f"read_slang --top {module} {overrides} {packages} {instead} -y {ROOT / 'rtl' / 'decrypt'} -y {ROOT / 'rtl' / 'bus'} -y {ROOT / 'testbench' / 'primitives'} "
        f"--libext .sv "
        f"{PROOFS / module}.sv", "prep -flatten -nordff", "memory_map", "async2sync", "dffunmap", "chformal -lower",
        "sat -prove-asserts -set-assumes -tempinduct -maxsteps 1"])
    holds = f"Induction step proven: {_SUCCESS}" in log
    return Result(what, holds, "" if holds else f"not proved; see {tag}.log")


def _run(tools, out, tag, lines):
    script = out / f"{tag}.ys"
    script.write_text("\n".join(lines) + "\n")
    log = out / f"{tag}.log"
    process.run(tools.yosys + [script], log, f"the proof {tag}")
    return log.read_text(errors="replace")
