# SPDX-License-Identifier: Apache-2.0
"""Figures as a table of fixed columns."""

_COLUMNS = (("target", "target"), ("block", "block"), ("shape", "K x M"), ("lut", "LUT"), ("ff", "FF"), ("ram", "RAM"), ("dsp", "DSP"),
            ("cells", "cells"), ("device", "device"), ("fmax_mhz", "Fmax MHz"), ("macs_per_cycle", "MAC/cycle"), ("cells_per_mac", "cells/MAC"),
            ("ratio_to_plain", "of plain"), ("ratio_to_array", "of array"))


def _text(value):
    if not isinstance(value, float):
        return "-" if value is None else str(value)
    return f"{value:.4f}" if 0.9 < value < 1.1 else f"{value:.2f}"  # ratios near one: every cell shows


def render(rows, columns):
    """Rows of dictionaries as text; numbers to the right."""
    cells = [[title for _, title in columns]] + [[_text(row.get(key)) for key, _ in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    numeric = [all(isinstance(row.get(key), (int, float, type(None))) for row in rows) for key, _ in columns]
    lines = ["  ".join(t.rjust(w) if n else t.ljust(w) for t, w, n in zip(line, widths, numeric)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(lines)


def figures(records):
    """The table of `flexor synth`, and below it the Fmax of every placement seed where more than one was tried."""
    lines = [f"{r['target']} {r['block']}, Fmax of each placement seed: " +
             ", ".join(f"{seed}: {'-' if f is None else f}" for seed, f in r["fmax_tried"].items()) + f"; kept: {r['seed']}"
             for r in records if len(r["fmax_tried"] or ()) > 1]
    return "\n".join([render(records, _COLUMNS), *lines])
