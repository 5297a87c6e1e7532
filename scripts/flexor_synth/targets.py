# SPDX-License-Identifier: Apache-2.0
"""The devices: how each maps, places and counts one module."""
import dataclasses
import json
import pathlib

from . import carry, process
from .cache import write_atomic
from .count import count
from .harness import wrap
from .problem import Problem

SEED = 1


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

    def map(self, tools, rtlil, module, folder, drop_trace=True):
        """Map `module` of an elaborated design alone; returns Yosys' JSON netlist, one flat module called `dut`."""
        netlist = pathlib.Path(folder) / "mapped.json"
        script = pathlib.Path(folder) / "map.ys"
        lines = [f"read_rtlil {rtlil}", f"hierarchy -top {module}", f"rename {module} dut"]
        if drop_trace:
            lines.append("delete -output dut/trace_*")
        lines += ["flatten -noscopeinfo", "opt_clean", self.synth + " -top dut", f"write_json {netlist}"]
        script.write_text("\n".join(lines) + "\n")
        process.run(tools.yosys + [script], script.with_suffix(".log"), f"mapping {module} for {self.name}")
        return json.loads(netlist.read_text())

    def measure(self, tools, design, folder, what, pins=False, seed=SEED, freq=0):
        """Count, place and route a mapped design; returns the figures."""
        module = design["modules"]["dut"]
        figures = count(module, self.family)
        figures["fmax_mhz"] = None
        if not self.place:
            figures["cells"] = figures["lut"] + figures["lut_memory"]
            return figures
        if self.family == "ecp5":
            carry.drop_unused_carry_out(module)
        harness = {"lut": 0, "ff": 0} if pins else wrap(design, "dut", self.family)
        folder = pathlib.Path(folder)
        write_atomic(folder / "placed_input.json", json.dumps(design))
        report = folder / "report.json"
        routed = folder / ("routed.asc" if self.family == "ice40" else "routed.cfg")
        program = tools["nextpnr-" + self.family]
        # The wasm build of nextpnr sees relative paths best: it runs inside the folder.
        command = [program, *self.place, "--json", "placed_input.json", "--report", "report.json", "--asc" if self.family == "ice40"
                   else "--textcfg", routed.name, "--freq", str(freq or self.freq), "--seed", str(seed), "--timing-allow-fail", "--top", "dut"]
        if pins and pathlib.Path(pins).is_file():
            write_atomic(folder / "pins.pcf", pathlib.Path(pins).read_text())
            command += ["--pcf", "pins.pcf"]
        process.run(command, folder / "place.log", f"placing {what} on {self.name}", cwd=folder)
        figures |= self._read_report(report, harness, what)
        self._pack(tools, folder, routed)
        return figures

    def _read_report(self, report, harness, what):
        try:
            data = json.loads(report.read_text())
        except (OSError, ValueError) as error:
            raise Problem(f"placing {what} on {self.name} gave no report; see {report.with_name('place.log')}") from error
        used = {k: v["used"] for k, v in data["utilization"].items()}
        clocks = [v["achieved"] for v in data["fmax"].values()]
        result = {"fmax_mhz": round(min(clocks), 1) if clocks else None}
        if self.family == "ice40":
            # A harness LUT shares the cell of the flip-flop that it feeds, so each harness flip-flop is one cell.
            result["cells"] = used["ICESTORM_LC"] - harness["ff"]
            result["available"] = data["utilization"]["ICESTORM_LC"]["available"]
        else:
            result["cells"] = used["TRELLIS_COMB"] - harness["lut"]
            result["available"] = data["utilization"]["TRELLIS_COMB"]["available"]
        return result

    def _pack(self, tools, folder, routed):
        if self.pack == "icepack" and tools.programs["icepack"]:
            process.run([tools["icepack"], routed, folder / "bitstream.bin"], folder / "pack.log", f"packing for {self.name}")
        elif self.pack == "ecppack":
            process.run([tools["ecppack"], "--compress", routed.name, "bitstream.bit"], folder / "pack.log",
                        f"packing for {self.name}", cwd=folder)


TARGETS = {t.name: t for t in (
    Target("ice40-up5k", "ice40", "Lattice iCE40 UP5K, placed", "synth_ice40 -device u -dsp -spram",
           ("--up5k", "--package", "sg48", "--pcf-allow-unconstrained"), 48, "icepack"),
    Target("ice40-hx8k", "ice40", "Lattice iCE40 HX8K, placed", "synth_ice40 -device hx",
           ("--hx8k", "--package", "ct256", "--pcf-allow-unconstrained"), 200, "icepack"),
    Target("ecp5", "ecp5", "Lattice ECP5 LFE5U-25F-6, placed", "synth_ecp5 -nowidelut",
           ("--25k", "--package", "CABGA381", "--speed", "6", "--lpf-allow-unconstrained"), 220, "ecppack"),
    Target("xc7", "xc7", "Xilinx 7, mapped", "synth_xilinx -flatten -noiopad -noclkbuf -nowidelut"),
)}
