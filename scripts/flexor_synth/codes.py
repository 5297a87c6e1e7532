# SPDX-License-Identifier: Apache-2.0
"""The code that variant `fixed` is built with: the nested code at 12 of 20 bits, recoded for the PE style as the compiler does it."""

STORED = 12
# Rows of the nested code (docs/decisions/0401-nested-code.md), column j at bit j. A test compares them with the model library's.
_NESTED = (0x00001, 0x00003, 0x00007, 0x00009, 0x0001E, 0x00027, 0x00052, 0x000B8, 0x001A1, 0x00238,
           0x00411, 0x008A4, 0x01094, 0x020E0, 0x04068, 0x08032, 0x10049, 0x20084, 0x400C2, 0x8002A)
_ROW = 10


def nested(stored):
    """The nested code with `stored` bits for 20 weights."""
    return {"name": f"nested-{stored}", "n_in": stored, "n_out": len(_NESTED), "rows": [row & ((1 << stored) - 1) for row in _NESTED]}


def _ecp5_row(w):
    """Ten weights of a row of a slice: fours (w0, w1, w2, w3) become (w0^w2, w0^w1, w2, w2^w3), the last pair (w0, w0^w1)."""
    fours = [bit for f in (0, 4) for bit in (w[f] ^ w[f + 2], w[f] ^ w[f + 1], w[f + 2], w[f + 2] ^ w[f + 3])]
    return fours + [w[8], w[8] ^ w[9]]


def recoded(code, style):
    """`code` with what the PE style `style` (a name of engine.json) takes in place of the weights: T M (docs/blocks/pe_array.md)."""
    if style != "ecp5":
        return code
    return code | {"rows": [row for r in range(0, code["n_out"], _ROW) for row in _ecp5_row(code["rows"][r:r + _ROW])]}


def literal(code):
    """The flat parameter Matrix of the RTL: bit i*n_in + j is row i, column j."""
    value = sum(row << (i * code["n_in"]) for i, row in enumerate(code["rows"]))
    return f"{code['n_out'] * code['n_in']}'h{value:x}"
