# SPDX-License-Identifier: Apache-2.0
"""The devices: how each maps, places and counts one module."""
import dataclasses
import json
import pathlib
import re

from . import carry, fanout, flip_flops, process
from .cache import write_atomic
from .count import count
from .harness import wrap
from .problem import Problem

SEED = 1  # the placement seed
# Critical nets weigh three times what nextpnr gives them by default (10): a few per cent more Fmax for the same run time.
_TIMING = ("--placer-heap-timingweight", "30")
_CONTROL_PS = 2000  # UP5K: the wire to an enable, set or reset


@dataclasses.dataclass(frozen=True)
class Target:
    """One device: mapping command, place-and-route arguments (none: Yosys only), clock to aim for in MHz."""
    name: str
    family: str
    about: str
    synth: str
    place: tuple = ()
    freq: int = 0
    pack: str = ""
    seed: int = SEED  # of the placement, unless several are tried
    devices: tuple = ()  # (name, argument), smallest first: the first that has room is taken
    wire_ps: int = 0  # iCE40: delay of a wire that the mapper counts with, 0 for Yosys' own figure
    script: str = ""  # of abc9, where it is not the default one

    def _synthesis(self, folder, hide):
        """Commands that map the module `dut`. `hide`: multiply-adders of the RTL go by another name while Yosys infers its own: it would
        rewrite them."""
        synth = self.synth + " -top dut"
        script = [f"scratchpad -copy abc9.script.{self.script} abc9.script"] if self.script else []
        if not self.wire_ps:
            return [*script, synth]
        models = folder / "flip_flops.v"
        models.write_text(flip_flops.models(_CONTROL_PS))
        # Step map_luts of synth_ice40, with another wire delay, with flip-flops whose controls are late, and with two rounds of restructuring.
        hidden = ["rename SB_MAC16 HIDDEN_MAC16", "chtype -set HIDDEN_MAC16 t:SB_MAC16"] if hide else []
        shown = ["chtype -set SB_MAC16 t:HIDDEN_MAC16"] if hide else []
        return [*hidden, f"{synth} -run begin:map_luts", *shown, "techmap -map +/ice40/ff_map.v", "clean", f"read_verilog -lib -specify -overwrite {models}",
                "read_verilog -D ICE40_U -icells -lib -specify +/ice40/abc9_model.v",
                *script, f"abc9 -W {self.wire_ps}",
                "ice40_wrapcarry -unwrap", "clean", "opt_lut -tech ice40", f"{synth} -run map_cells:"]

    def map(self, tools, rtlil, module, folder, drop_trace=True):
        """Map `module` of an elaborated design alone; returns Yosys' JSON netlist, one flat module called `dut`."""
        netlist = pathlib.Path(folder) / "mapped.json"
        script = pathlib.Path(folder) / "map.ys"
        lines = [f"read_rtlil {rtlil}", f"hierarchy -top {module}", f"rename {module} dut"]
        if drop_trace:
            lines.append("delete -output dut/trace_*")
        lines += ["flatten -noscopeinfo", "opt_clean", *self._synthesis(pathlib.Path(folder), "module \\SB_MAC16" in pathlib.Path(rtlil).read_text()), f"write_json {netlist}"]
        script.write_text("\n".join(lines) + "\n")
        process.run(tools.yosys + [script], script.with_suffix(".log"), f"mapping {module} for {self.name}")
        return json.loads(netlist.read_text())

    def measure(self, tools, design, folder, what, pins=False, pack_only=False, seed=SEED):
        """Count, place and route a mapped design in `folder`, placement seeded with `seed`; returns the figures. `pack_only`: cells as packed, no Fmax."""
        module = design["modules"]["dut"]
        figures = count(module, self.family)
        figures["fmax_mhz"] = None
        if not self.place:
            figures["cells"] = figures["lut"] + figures["lut_memory"]
            return figures
        if self.family == "ecp5":
            carry.drop_unused_carry_out(module)
            carry.drop_ignored_carry_in(module)
            fanout.split_controls(module)
        harness = {"lut": 0, "ff": 0} if pins else wrap(design, "dut", self.family)
        folder = pathlib.Path(folder)
        write_atomic(folder / "placed_input.json", json.dumps(design))
        routed = "routed.asc" if self.family == "ice40" else "routed.cfg"
        # The wasm build of nextpnr sees relative paths best: it runs inside the folder.
        command = [tools["nextpnr-" + self.family], *self.place, "", "--json", "placed_input.json", "--freq", str(self.freq),
                   "--seed", str(seed), "--timing-allow-fail", "--top", "dut"]
        command += ["--pack-only"] if pack_only else ["--asc" if self.family == "ice40" else "--textcfg", routed]
        log = folder / "place.log"
        slot = command.index("")
        for device, argument in self.devices:
            command[slot] = argument
            try:
                process.run(command, log, f"placing {what} on {device}", cwd=folder)
                break
            except Problem as problem:
                # Too large for the device: the packed size is known all the same.
                if process.stopping() or not self._utilisation(log):
                    raise
                if device == self.devices[-1][0] or "no BELs remaining" not in str(problem):
                    return figures | self._read_log(log, harness, what) | {"fmax_mhz": None, "device": device, "refused": str(problem)}
        figures |= self._read_log(log, harness, what) | {"device": None if pack_only else device}
        if not pack_only:
            self._pack(tools, folder, folder / routed)
        return figures

    def _utilisation(self, log):
        kind = "ICESTORM_LC" if self.family == "ice40" else "TRELLIS_COMB"
        return re.findall(rf"{kind}:\s*(\d+)/\s*(\d+)", log.read_text(errors="replace"))

    def _read_log(self, log, harness, what):
        text = log.read_text(errors="replace")
        used = self._utilisation(log)
        if not used:
            raise Problem(f"placing {what} on {self.name} printed no device utilisation; see {log}")
        clocks = dict(re.findall(r"Max frequency for clock\s+'([^']*)':\s*([\d.]+) MHz", text))
        # On iCE40 a harness LUT shares the cell of the flip-flop that it feeds: one cell a harness flip-flop.
        cells = int(used[-1][0]) - (harness["ff"] if self.family == "ice40" else harness["lut"])
        return {"cells": cells, "available": int(used[-1][1]),
                "fmax_mhz": round(min(float(f) for f in clocks.values()), 1) if clocks else None}

    def _pack(self, tools, folder, routed):
        if self.pack == "icepack" and tools.programs["icepack"]:
            process.run([tools["icepack"], routed, folder / "bitstream.bin"], folder / "pack.log", f"packing for {self.name}")
        elif self.pack == "ecppack":
            process.run([tools["ecppack"], "--compress", routed.name, "bitstream.bit"], folder / "pack.log",
                        f"packing for {self.name}", cwd=folder)


TARGETS = {t.name: t for t in (
    Target("ice40-up5k", "ice40", "Lattice iCE40 UP5K, placed", "synth_ice40 -device u -dsp -spram -dffe_min_ce_use 8",
           ("--package", "sg48", "--pcf-allow-unconstrained", *_TIMING), 48, "icepack", seed=2, devices=(("UP5K", "--up5k"),), wire_ps=1500,
           script="flow2"),
    Target("ice40-hx8k", "ice40", "Lattice iCE40 HX8K, placed", "synth_ice40 -device hx",
           ("--package", "ct256", "--pcf-allow-unconstrained", *_TIMING), 200, "icepack", devices=(("HX8K", "--hx8k"),)),
    Target("ecp5", "ecp5", "Lattice ECP5 LFE5U-25F-6, or the next larger one with room, placed", "synth_ecp5 -nowidelut",
           ("--package", "CABGA381", "--speed", "6", "--lpf-allow-unconstrained", *_TIMING), 220, "ecppack",
           devices=(("LFE5U-25F", "--25k"), ("LFE5U-45F", "--45k"), ("LFE5U-85F", "--85k"))),
    Target("xc7", "xc7", "Xilinx 7, mapped", "synth_xilinx -flatten -noiopad -noclkbuf -nowidelut -abc9", script="flow2"),
)}
