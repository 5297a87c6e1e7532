# SPDX-License-Identifier: Apache-2.0
"""ECP5: copies of a LUT that enables or clears many flip-flops, so that each copy can stand among its own; nextpnr makes none."""
LIMIT = 32
_CONTROLS = ("CE", "LSR")


def _places(module):
    """Net bit -> (vector, index) in the widest named vector that holds it: neighbours there stand together in the device."""
    places = {}
    for name, net in sorted(module["netnames"].items(), key=lambda item: (len(item[1]["bits"]), item[0])):
        places.update({bit: (name, index) for index, bit in enumerate(net["bits"]) if isinstance(bit, int)})
    return places


def _loads(module):
    """Net bit -> [(cell, port)] of the flip-flop controls that it drives."""
    loads = {}
    for name, cell in module["cells"].items():
        if cell["type"] == "TRELLIS_FF":
            for port in _CONTROLS:
                for bit in cell["connections"].get(port, []):
                    loads.setdefault(bit, []).append((name, port))
    return loads


def split_controls(module, limit=LIMIT):
    """Copy every LUT4 that drives more than `limit` flip-flop controls; each copy drives at most `limit`. Returns how many copies were made."""
    loads, places = _loads(module), _places(module)
    free = 1 + max((b for cell in module["cells"].values() for bits in cell["connections"].values() for b in bits if isinstance(b, int)), default=1)
    made = 0
    for name, cell in list(module["cells"].items()):
        if cell["type"] != "LUT4":
            continue
        driven = sorted(loads.get(cell["connections"]["Z"][0], []),
                        key=lambda load: places.get(module["cells"][load[0]]["connections"]["Q"][0], ("", 0)))
        for start in range(limit, len(driven), limit):
            copy = f"{name}_copy_{start // limit}"
            module["cells"][copy] = {**cell, "connections": {**cell["connections"], "Z": [free]}}
            module["netnames"][f"{copy}_net"] = {"hide_name": 0, "bits": [free], "attributes": {}}
            for sink, port in driven[start:start + limit]:
                module["cells"][sink]["connections"][port] = [free]
            free += 1
            made += 1
    return made
