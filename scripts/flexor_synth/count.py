# SPDX-License-Identifier: Apache-2.0
"""Cells of a mapped module by kind, from Yosys' JSON netlist."""
import re

# Slice LUTs that a Xilinx distributed memory or shift register occupies.
_XILINX_LUT_MEMORY = {"RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM32X1S": 1, "RAM64X1S": 1,
                      "RAM128X1S": 2, "RAM256X1S": 4, "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1}
_RULES = {
    "ice40": {"lut": r"SB_LUT4", "ff": r"SB_DFF\w*", "ram": r"SB_RAM40_4K\w*|SB_SPRAM256KA", "dsp": r"SB_MAC16", "carry": r"SB_CARRY"},
    "ecp5": {"lut": r"LUT4", "ff": r"TRELLIS_FF", "ram": r"DP16KD|PDPW16KD", "dsp": r"MULT18X18D|ALU54B", "carry": r"CCU2C",
             "lut_memory": r"TRELLIS_DPR16X4"},
    "xc7": {"lut": r"LUT[1-6](_2)?", "ff": r"FD[RSCP]E(_1)?", "ram": r"RAMB(18|36)E1", "dsp": r"DSP48E1", "carry": r"CARRY4"},
}


def count(module, family):
    """{lut, ff, ram, dsp, carry, lut_memory}: lut are logic LUTs, lut_memory the LUTs (xc7) or cells (ECP5) used as memory."""
    result = dict.fromkeys(("lut", "ff", "ram", "dsp", "carry", "lut_memory"), 0)
    for cell in module["cells"].values():
        for kind, pattern in _RULES[family].items():
            if re.fullmatch(pattern, cell["type"]):
                result[kind] += 1
        if family == "xc7":
            result["lut_memory"] += _XILINX_LUT_MEMORY.get(cell["type"], 0)
    return result
