# SPDX-License-Identifier: Apache-2.0
"""Put a mapped module in a device that has fewer pins than the module has ports.

Every input bit comes from one flip-flop of a shift register; the output bits go through a pipelined tree of 3-input XORs
to one pin. The module is mapped alone before, so the harness cannot change it, and it is built so that the packer
cannot merge the two: each harness flip-flop is fed by a pin, a flip-flop or a harness LUT, and each output bit
ends at a harness LUT. What the harness costs is therefore known exactly and is subtracted.
"""
from .problem import Problem

CLOCK = "clk_i"


class _Family:
    """Primitive cells of one device family."""

    def __init__(self, family):
        self.ice40 = family == "ice40"

    def flip_flop(self, clock, d, q):
        """A plain D flip-flop."""
        if self.ice40:
            return _cell("SB_DFF", {}, {"C": clock, "D": d}, {"Q": q})
        parameters = {"GSR": "DISABLED", "CEMUX": "1 ", "CLKMUX": "CLK", "LSRMUX": "LSR", "REGSET": "RESET", "SRMODE": "LSR_OVER_CE"}
        return _cell("TRELLIS_FF", parameters, {"CLK": clock, "DI": d, "LSR": "0", "CE": "1"}, {"Q": q})

    def xor3(self, bits, y):
        """A LUT that is the XOR of up to three bits."""
        bits = list(bits) + ["0"] * (4 - len(bits))
        table = format(0x9696, "016b")
        if self.ice40:
            return _cell("SB_LUT4", {"LUT_INIT": table}, dict(zip(("I0", "I1", "I2", "I3"), bits)), {"O": y})
        return _cell("LUT4", {"INIT": table}, dict(zip("ABCD", bits)), {"Z": y})


def _cell(kind, parameters, inputs, outputs):
    return {"hide_name": 0, "type": kind, "parameters": parameters, "attributes": {},
            "port_directions": {**{p: "input" for p in inputs}, **{p: "output" for p in outputs}},
            "connections": {p: [b] for p, b in {**inputs, **outputs}.items()}}


def _largest_bit(module):
    bits = [b for n in module["netnames"].values() for b in n["bits"] if isinstance(b, int)]
    return max(bits, default=1)


def wrap(design, top, family):
    """Replace the ports of `top` by clock, one serial input and one serial output.

    Returns the harness' cells: {"lut": n, "ff": n}."""
    module = design["modules"][top]
    make = _Family(family)
    free = _largest_bit(module) + 1
    cells = {}
    count = {"lut": 0, "ff": 0}
    names = {}

    def new_bit():
        nonlocal free
        free += 1
        return free - 1

    def add(kind, name, cell):
        cells[name] = cell
        count[kind] += 1

    inputs, outputs, clock = [], [], None
    for name, port in module["ports"].items():
        if port["direction"] == "inout":
            raise Problem(f"block {top} has a bidirectional port {name}; only a board top can have one")
        if name == CLOCK:
            clock = port["bits"][0]
        elif port["direction"] == "input":
            inputs += port["bits"]
        else:
            outputs += [b for b in port["bits"] if isinstance(b, int)]
    clock = new_bit() if clock is None else clock
    used = {b for c in module["cells"].values() for bits in c["connections"].values() for b in bits}
    serial = new_bit()
    previous = serial
    for i, bit in enumerate(b for b in inputs if b in used):
        add("ff", f"harness_in_{i}", make.flip_flop(clock, previous, bit))
        previous = bit
    driven = set(inputs)
    level = list(dict.fromkeys(b for b in outputs if b not in driven)) or [previous]
    depth = 0
    while len(level) > 1 or depth == 0:
        following = []
        for i in range(0, len(level), 3):
            y, q = new_bit(), new_bit()
            add("lut", f"harness_xor_{depth}_{i}", make.xor3(level[i:i + 3], y))
            add("ff", f"harness_out_{depth}_{i}", make.flip_flop(clock, y, q))
            names[f"harness_net_{depth}_{i}"] = {"hide_name": 0, "bits": [y, q], "attributes": {}}
            following.append(q)
        level, depth = following, depth + 1
    module["cells"].update(cells)
    module["netnames"].update(names)
    module["ports"] = {CLOCK: {"direction": "input", "bits": [clock]}, "serial_i": {"direction": "input", "bits": [serial]},
                       "serial_o": {"direction": "output", "bits": [level[0]]}}
    for name, port in module["ports"].items():
        module["netnames"][name] = {"hide_name": 0, "bits": port["bits"], "attributes": {}}
    return count
