# SPDX-License-Identifier: Apache-2.0
"""ECP5: drop carry-outs that go nowhere, so that nextpnr does not spend a cell to lead each out of its chain."""


def drop_unused_carry_out(module):
    """Set COUT of a CCU2C to "x" when nothing reads it; returns how many were dropped."""
    readers = set()
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) != "output":
                readers.update(b for b in bits if isinstance(b, int))
    for port in module["ports"].values():
        readers.update(b for b in port["bits"] if isinstance(b, int))
    dropped = 0
    for cell in module["cells"].values():
        if cell["type"] == "CCU2C" and cell["connections"].get("COUT", ["x"])[0] not in readers | {"x"}:
            cell["connections"]["COUT"] = ["x"]
            dropped += 1
    return dropped
