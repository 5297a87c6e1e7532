# SPDX-License-Identifier: Apache-2.0
"""The bars of the project, each beside the figure that this run measured."""
import json
import operator
import pathlib

from .problem import Problem
from .table import render

# target, block, key, relation, bar, what
_BARS = (
    ("ice40-up5k", "engine", "ratio_to_plain", "<=", 1.00, "engine with decryptor : plain engine, placed LC"),
    ("ecp5", "engine", "ratio_to_plain", "<=", 1.05, "engine with decryptor : plain engine, TRELLIS_COMB"),
    ("xc7", "engine", "ratio_to_plain", "<=", 1.05, "engine with decryptor : plain engine, LUT"),
    *((target, "engine:fixed", "ratio_to_plain", "<", 1.00, "engine with a code fixed at elaboration : plain engine") for target in ("ice40-up5k", "ecp5", "xc7")),
    ("xc7", "engine", "ratio_to_array", "<=", 1.35, "whole engine : its array, LUT"),
    ("ice40-hx8k", "array", "cells_per_mac", "<=", 14.2, "array, LC per MAC, double-buffered weights"),
    ("ice40-hx8k", "array:single", "cells_per_mac", "<=", 13.2, "array, LC per MAC, single-buffered weights"),
    ("ecp5", "array:pair", "cells_per_mac", "<=", 14.7, "array, TRELLIS_COMB per MAC, plain RTL"),
    ("ecp5", "array", "cells_per_mac", "<=", 11.5, "array, TRELLIS_COMB per MAC, tuned"),
    ("xc7", "array:pair", "cells_per_mac", "<=", 8.4, "array, LUT6 per MAC, plain RTL"),
    ("xc7", "array", "cells_per_mac", "<=", 6.8, "array, LUT6 per MAC, tuned"),
    ("ice40-hx8k", "array", "fmax_mhz", ">=", 180.0, "array, Fmax placed"),
    ("ecp5", "array", "fmax_mhz", ">=", 200.0, "array, Fmax placed"),
    ("ice40-up5k", "board", "fmax_mhz", ">=", 40.0, "whole engine with its SPI bridge fits, Fmax placed"),
    ("ecp5", "engine", "fmax_mhz", ">=", 80.0, "whole engine, Fmax placed"),
)
_RELATIONS = {"<": operator.lt, "<=": operator.le, ">=": operator.ge}
# target, blocks (the first that was measured counts), configuration whose cycles tell the frames a second unless another was placed
_FRAMES = (("ice40-up5k", ("board", "engine"), "nano"), ("ecp5", ("engine",), "small"))


def clock(target, block):
    """MHz that a bar asks of a placed block, 0 where none does."""
    return next((bar for t, b, key, _, bar, _ in _BARS if (t, b, key) == (target, block, "fmax_mhz")), 0.0)


def check(records, cycles_per_image=None, only_measured=False, config=None):
    """Rows {target, block, what, bar, found, met}; found is None when the run did not measure it, and the row is left out if `only_measured`.

    `cycles_per_image`: configuration to cycles of one image. `config`: the configuration of every record, if it is not each target's own."""
    by_name = {(r["target"], r["block"]): r for r in records}
    rows = []
    for target, block, key, relation, bar, what in _BARS:
        found = by_name.get((target, block), {}).get(key)
        met = "not measured" if found is None else "yes" if _RELATIONS[relation](found, bar) else "NO"
        if found is None and (only_measured or key == "ratio_to_array"):  # the array has a shape of its own unless a configuration is named
            continue
        rows.append({"target": target, "block": block, "what": what, "bar": f"{relation} {bar:g}", "found": found, "met": met})
    for target, blocks, own in _FRAMES:
        configuration = config or own
        placed = [by_name[target, b] for b in blocks if (target, b) in by_name and by_name[target, b]["fmax_mhz"]]
        if placed and (cycles_per_image or {}).get(configuration):
            rows.append({"target": target, "block": placed[0]["block"], "what": "frames/s at that clock of the network of --cycles", "bar": "printed",
                         "found": round(placed[0]["fmax_mhz"] * 1e6 / cycles_per_image[configuration], 1), "met": "yes"})
    return rows


def cycles_per_image(path):
    """(configuration, cycles of one image) from the JSON of `flexor sim` or `flexor compare`."""
    try:
        data = json.loads(pathlib.Path(path).read_text())
        return data["configuration"], data["cycles"] / data["images"]
    except OSError as error:
        raise Problem(f"--cycles {path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise Problem(f"--cycles {path}: not the JSON of flexor compare or sim (needs configuration, cycles and images)") from error


def table(rows):
    """The bars as text."""
    return render(rows, (("target", "target"), ("what", "bar"), ("bar", "limit"), ("found", "found"), ("met", "met")))
