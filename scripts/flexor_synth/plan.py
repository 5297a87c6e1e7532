# SPDX-License-Identifier: Apache-2.0
"""What to synthesise: configuration and style of each target, blocks, variants, and the sets behind --quick and --full."""
import dataclasses

from . import rtl
from .problem import Problem
from .targets import TARGETS

ENGINE, ARRAY, PE, BOARD = "engine", "array", "pe_array", "board"
# Short names of tops; every other block goes by its RTL name.
TOPS = {ENGINE: "flexor_engine", ARRAY: "array_top", BOARD: "flexor_up5k"}
BOARDS = ("flexor_up5k", "stream_up5k")  # tops that have pins
# Named configuration and PE style that suit each target.
CONFIG = {"ice40-up5k": "nano", "ice40-hx8k": "tiny", "ecp5": "small", "xc7": "base"}
TECH = {"ice40-up5k": "ice40"}  # rtl/tech: vendor cells, where not the generic ones
STYLE = {"ice40-up5k": "ice40", "ice40-hx8k": "ice40", "ecp5": "ecp5", "xc7": "xc7"}
# The array alone: a shape that fits the device at a utilisation that routes; a quarter of the slices is decrypted at a time where
# LUTs are dear (docs/decisions/0702-what-is-counted.md).
_ARRAY = {"AccWidth": 20, "PMax": 256, "AccBuffers": 1, "Digits": 1, "Windows": 0}
ARRAY_SHAPE = {"ice40-up5k": {"K": 20, "M": 12, "D": 12, **_ARRAY}, "ice40-hx8k": {"K": 30, "M": 14, "D": 21, **_ARRAY},
               "ecp5": {"K": 30, "M": 16, "D": 6, **_ARRAY, "PMax": 16}, "xc7": {"K": 50, "M": 16, "D": 10, **_ARRAY}}
# block:variant -> parameters that it sets.
VARIANTS = {
    "": {},
    "plain": {"Decryption": rtl.DATA["decryption"]["plain"]},
    "fixed": {"Decryption": rtl.DATA["decryption"]["fixed"]},
    "single": {"WeightBuffers": 1},
    **{style: {"PeStyle": number} for style, number in rtl.DATA["pe_styles"].items()},
}

# The quick set shows the flow on the smallest engine; the bars are measured on the configurations above, by --bars and --full.
QUICK_CONFIG = "tiny"
QUICK_SET = {"Digits": 1, "SumBits": 0, "ResidualWords": 0, "Windows": 0, "AxiBytes": 0}  # what residual networks need takes minutes more to route
QUICK_PLACED = "ice40-up5k"
_QUICK = ["engine", "engine:plain", "pe_array", "pe_array:addsub", "pe_array:andtree"]
QUICK = {"ice40-up5k": _QUICK, "ecp5": _QUICK, "xc7": _QUICK}
BARS = {"ice40-up5k": ["board", "engine", "engine:plain", "engine:fixed"],
        "ice40-hx8k": ["array", "array:single"],
        "ecp5": ["array", "array:pair", "engine", "engine:plain", "engine:fixed"],
        "xc7": ["array", "array:pair", "engine", "engine:plain", "engine:fixed"]}
# Of the bars only the cells count here, and packing gives them: placing would double the time of --bars.
_BARS_PACKED = {("ice40-up5k", "engine"), ("ice40-up5k", "engine:plain"), ("ecp5", "engine:plain"), ("ice40-up5k", "engine:fixed"), ("ecp5", "engine:fixed")}
BASELINES = ["pe_array", "pe_array:addsub", "pe_array:andtree"]


@dataclasses.dataclass(frozen=True)
class Job:
    """One module on one target."""
    target: str
    block: str
    top: str
    parameters: tuple
    instance: str = ""
    pack_only: bool = False
    clock: float = 0.0  # MHz; a placement below it is tried again with other seeds

    @property
    def macs(self):
        """Multiply-accumulates per cycle, None for a block that holds no whole array."""
        p = dict(self.parameters)
        return p["K"] * p["M"] if "K" in p and self.block.split(":")[0] in (ENGINE, ARRAY, PE, BOARD) else None


def parameters(target, block, config=None, overrides=None):
    """Parameters of `block` (with its variant) on `target`."""
    name, _, variant = block.partition(":")
    if variant not in VARIANTS:
        raise Problem(f"block {block}: there is no variant {variant}; there are {', '.join(v for v in VARIANTS if v)}")
    if TOPS.get(name, name) in rtl.STREAM_BLOCKS:
        return {"Tech": TECH.get(target, "generic"), **(overrides or {})}
    result = rtl.configuration(config or CONFIG[target])
    result["PeStyle"] = rtl.DATA["pe_styles"][STYLE[target]]
    result["Tech"] = TECH.get(target, "generic")
    result["Xc7"] = int(STYLE[target] == "xc7")  # of blocks alone: the engine sets it by PeStyle
    if name == BOARD:
        result["Index"] = list(rtl.DATA["configurations"]).index(config or CONFIG[target])
    if name == ARRAY and not config:
        result |= ARRAY_SHAPE[target]
    return result | VARIANTS[variant] | (overrides or {})


def packed(mode, target, block):
    """Whether `mode` (quick, full, bars) packs the block and does not place it."""
    if mode == "quick":
        return target != QUICK_PLACED
    return mode == "bars" and (target, block) in _BARS_PACKED


def chosen(targets, blocks, mode):
    """target -> names of blocks, from the user's lists or the set of `mode` (quick, full, bars)."""
    for target in targets or ():
        if target not in TARGETS:
            raise Problem(f"there is no target {target}; there are {', '.join(TARGETS)}")
    result = {}
    for target in targets or (QUICK if mode == "quick" else TARGETS):
        if blocks:
            result[target] = list(blocks)
        elif mode == "quick":
            result[target] = _QUICK
        elif mode == "bars":
            result[target] = BARS[target]
        else:
            result[target] = list(dict.fromkeys(BARS[target] + BASELINES + ["blocks"]))
    return result
