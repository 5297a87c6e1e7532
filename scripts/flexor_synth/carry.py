# SPDX-License-Identifier: Apache-2.0
"""ECP5: drop carry-outs that go nowhere and carry-ins that nothing hears, so that nextpnr does not spend a cell on each."""


def _readers(module):
    """Nets that a cell or a port reads."""
    readers = set()
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) != "output":
                readers.update(b for b in bits if isinstance(b, int))
    for port in module["ports"].values():
        readers.update(b for b in port["bits"] if isinstance(b, int))
    return readers


def drop_unused_carry_out(module):
    """Set COUT of a CCU2C to "x" when nothing reads it; returns how many were dropped."""
    readers = _readers(module)
    dropped = 0
    for cell in module["cells"].values():
        if cell["type"] == "CCU2C" and cell["connections"].get("COUT", ["x"])[0] not in readers | {"x"}:
            cell["connections"]["COUT"] = ["x"]
            dropped += 1
    return dropped


def drop_ignored_carry_in(module):
    """Set a constant CIN of a CCU2C to "x" when its first half ignores it (ecp5_adder); returns how many were dropped.

    A carry passes a half only where its LUT4 is 1; with C0 = D0 = 1 that LUT4 is one of the upper four bits of INIT0."""
    readers = _readers(module)
    dropped = 0
    for cell in module["cells"].values():
        connections = cell["connections"]
        if cell["type"] != "CCU2C" or connections.get("CIN") not in (["0"], ["1"]):
            continue
        blocked = connections["C0"] == ["1"] and connections["D0"] == ["1"] and int(cell["parameters"]["INIT0"], 2) >> 12 == 0
        if blocked and connections.get("S0", ["x"])[0] not in readers:
            connections["CIN"] = ["x"]
            dropped += 1
    return dropped
