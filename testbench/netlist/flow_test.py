# SPDX-License-Identifier: Apache-2.0
"""Parts of the synthesis flow that need no long tool run: harness, carry-out and fan-out passes, counting, bars, cache, complaints."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from flexor_synth import bars, cache, carry, count, fanout, flip_flops, harness, plan, runner, table, targets, tools  # noqa: E402  pylint: disable=wrong-import-position


def cell(kind, **ports):
    """A cell of a Yosys JSON netlist; outputs are the ports that begin with a capital O, Z, Q, S or COUT."""
    return {"type": kind, "parameters": {}, "attributes": {}, "connections": {p: [b] for p, b in ports.items()},
            "port_directions": {p: "output" if p[0] in "OZQS" or p == "COUT" else "input" for p in ports}}


def design(cells, inputs, outputs):
    """A design of one module `dut` with one-bit ports."""
    ports = {name: {"direction": "input", "bits": [bit]} for name, bit in inputs.items()}
    ports |= {name: {"direction": "output", "bits": [bit]} for name, bit in outputs.items()}
    names = {name: {"bits": port["bits"]} for name, port in ports.items()}
    return {"modules": {"dut": {"cells": cells, "ports": ports, "netnames": names}}}


class Harness(unittest.TestCase):
    """One flip-flop per used input bit; outputs through 3-input XORs, each with a flip-flop."""

    def build(self, outputs, family="ice40"):
        cells = {f"lut{i}": cell("SB_LUT4", I0=2, I1=3, O=10 + i) for i in range(outputs)}
        d = design(cells, {"clk_i": 1, "a_i": 2, "b_i": 3, "unused_i": 4}, {f"y{i}_o": 10 + i for i in range(outputs)})
        return d["modules"]["dut"], harness.wrap(d, "dut", family)

    def test_counts(self):
        # 10 outputs: 4 XORs, then 2, then 1; 2 used inputs.
        module, cost = self.build(10)
        self.assertEqual(cost, {"lut": 7, "ff": 2 + 7})
        self.assertEqual(count.count(module, "ice40")["lut"], 10 + 7)
        self.assertEqual(count.count(module, "ice40")["ff"], 9)

    def test_three_pins_are_left_and_every_net_has_one_driver(self):
        for family, kind in (("ice40", "SB_LUT4"), ("ecp5", "LUT4")):
            module, _ = self.build(5, family)
            self.assertEqual(sorted(module["ports"]), ["clk_i", "serial_i", "serial_o"])
            drivers = [bits[0] for c in module["cells"].values() for p, bits in c["connections"].items()
                       if c["port_directions"][p] == "output"]
            self.assertEqual(len(drivers), len(set(drivers)))
            self.assertTrue({2, 3} <= set(drivers), "inputs of the block are driven")
            self.assertTrue(any(c["type"] == kind for n, c in module["cells"].items() if n.startswith("harness")))

    def test_a_harness_flip_flop_is_never_fed_by_the_block(self):
        module, _ = self.build(6)
        own = {bits[0] for n, c in module["cells"].items() if not n.startswith("harness") for p, bits in c["connections"].items()
               if c["port_directions"][p] == "output"}
        fed = {c["connections"]["D"][0] for c in module["cells"].values() if c["type"] == "SB_DFF"}
        self.assertEqual(own & fed, set())


class Carry(unittest.TestCase):
    """Only carry-outs that nothing reads are dropped."""

    def test_reader_keeps_it(self):
        cells = {"low": cell("CCU2C", CIN=1, S0=5, COUT=6), "high": cell("CCU2C", CIN=6, S0=7, COUT=8), "port": cell("CCU2C", CIN=2, COUT=9)}
        module = design(cells, {"a": 1, "b": 2}, {"y": 9})["modules"]["dut"]
        self.assertEqual(carry.drop_unused_carry_out(module), 1)
        self.assertEqual([module["cells"][n]["connections"]["COUT"] for n in ("low", "high", "port")], [[6], ["x"], [9]])


class Fanout(unittest.TestCase):
    """A LUT that enables many flip-flops is copied; every flip-flop keeps the function that it had."""

    def build(self, enabled, limit):
        cells = {"enable": cell("LUT4", A=2, B=3, Z=9), "clear": cell("LUT4", A=3, Z=8)}
        cells |= {f"ff{i}": cell("TRELLIS_FF", CLK=1, DI=2, CE=9, LSR=8 if i == 0 else 3, Q=20 + i) for i in range(enabled)}
        module = design(cells, {"clk_i": 1, "a_i": 2, "b_i": 3}, {"y_o": 9})["modules"]["dut"]
        module["netnames"]["state"] = {"bits": [20 + i for i in range(enabled)]}
        return module, fanout.split_controls(module, limit)

    def test_copies(self):
        module, made = self.build(enabled=11, limit=4)
        self.assertEqual(made, 2)
        drivers = {c["connections"]["Z"][0]: c for c in module["cells"].values() if c["type"] == "LUT4"}
        self.assertEqual(len(drivers), 4, "every copy drives a net of its own")
        loads = {}
        for name, c in module["cells"].items():
            if c["type"] == "TRELLIS_FF":
                enable = drivers[c["connections"]["CE"][0]]["connections"]
                self.assertEqual((enable["A"], enable["B"]), ([2], [3]))
                loads.setdefault(c["connections"]["CE"][0], []).append(name)
                self.assertEqual(c["connections"]["LSR"], [8] if name == "ff0" else [3])
        self.assertEqual(sorted(loads.values(), key=len), [["ff8", "ff9", "ff10"], ["ff0", "ff1", "ff2", "ff3"], ["ff4", "ff5", "ff6", "ff7"]])
        self.assertEqual(module["ports"]["y_o"]["bits"], [9])

    def test_few_are_left_alone(self):
        module, made = self.build(enabled=4, limit=4)
        self.assertEqual((made, len(module["cells"])), (0, 6))


class FlipFlops(unittest.TestCase):
    """The mapper sees a wire in front of every control, none in front of the data."""

    def test_setup(self):
        text = flip_flops.models(2000)
        self.assertEqual(text.count("module SB_DFF"), 10)
        one = text[text.index("module SB_DFFESR("):].split("endmodule")[0]
        self.assertEqual(one.count("$setup"), 3)
        for pin, delay in (("D", 0), ("E", 2000), ("R", 2000)):
            self.assertIn(f"$setup({pin}, posedge C, {delay});", one)


class Counting(unittest.TestCase):
    """Xilinx memories in LUTs are counted as LUTs."""

    def test_xilinx(self):
        kinds = ["LUT1", "LUT6", "LUT6_2", "RAM32M", "SRL16E", "FDRE", "CARRY4", "DSP48E1", "RAMB18E1", "MUXF7"]
        found = count.count({"cells": {k: {"type": k} for k in kinds}}, "xc7")
        self.assertEqual(found, {"lut": 3, "ff": 1, "ram": 1, "dsp": 1, "carry": 1, "lut_memory": 5})


class Bars(unittest.TestCase):
    """A figure on the wrong side of its bar says NO."""

    def test_both_sides(self):
        record = {"target": "ice40-hx8k", "block": "array", "cells_per_mac": 14.3, "fmax_mhz": 180.0, "ratio_to_plain": None}
        rows = {r["bar"]: r["met"] for r in bars.check([record], only_measured=True)}
        self.assertEqual(rows, {"<= 14.2": "NO", ">= 180": "yes"})

    def test_strictly_below(self):
        found = {v: bars.check([{"target": "xc7", "block": "engine:fixed", "ratio_to_plain": v}], only_measured=True)[0]["met"] for v in (0.9999, 1.0)}
        self.assertEqual(found, {0.9999: "yes", 1.0: "NO"})

    def test_ratios(self):
        cells = {"engine": 300, "engine:plain": 200, "engine:fixed": 250, "array": 120, "engine:single": 280}
        for config, of_array in (("base", 2.5), (None, None)):
            records = runner.add_ratios([{"target": "xc7", "block": b, "cells": c, "ratio_to_plain": None, "ratio_to_array": None} for b, c in cells.items()],
                                        config)
            self.assertEqual({r["block"]: r["ratio_to_plain"] for r in records if r["ratio_to_plain"]}, {"engine": 1.5, "engine:fixed": 1.25})
            self.assertEqual([r["ratio_to_array"] for r in records], [of_array, None, None, None, None])

    def test_frames_per_second(self):
        records = [{"target": "ice40-up5k", "block": "board", "fmax_mhz": 40.0}, {"target": "ecp5", "block": "engine", "fmax_mhz": 90.0}]
        rows = bars.check(records, cycles_per_image={"nano": 20000.0, "small": 3000.0}, only_measured=True)
        self.assertEqual({r["target"]: r["found"] for r in rows if r["bar"] == "printed"}, {"ice40-up5k": 2000.0, "ecp5": 30000.0})
        micro = bars.check(records, cycles_per_image={"nano": 20000.0, "micro": 40000.0}, only_measured=True, config="micro")
        self.assertEqual({r["target"]: r["found"] for r in micro if r["bar"] == "printed"}, {"ice40-up5k": 1000.0, "ecp5": 2250.0})
        alone = bars.check(records, cycles_per_image={"base": 100.0}, only_measured=True)
        self.assertFalse([r for r in alone if r["bar"] == "printed"])


class Devices(unittest.TestCase):
    """A design without room is placed on the next larger device."""

    def place(self, room):
        """Figures by a nextpnr that has room on the devices `room` only; xc7 has no devices to choose from."""
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "nextpnr"
            program.write_text("#!/bin/sh\necho 'Info: TRELLIS_COMB: 7/ 9 1%'\nfor a; do case $a in " + "|".join(room) +
                               ") echo \"Max frequency for clock 'c': 50.0 MHz\"; exit 0;; esac; done\n"
                               "echo \"ERROR: Unable to place cell 'x', no BELs remaining to implement cell type 'DP16KD'\"; exit 1\n")
            program.chmod(0o755)
            found = tools.Tools([], {"nextpnr-ecp5": str(program), "ecppack": "/bin/true"})
            design = {"modules": {"dut": {"ports": {}, "cells": {}, "netnames": {}}}}
            return targets.TARGETS["ecp5"].measure(found, design, folder, "x", pins=True)

    def test_the_smallest_with_room(self):
        for room, device in ((["--25k", "--45k", "--85k"], "LFE5U-25F"), (["--45k", "--85k"], "LFE5U-45F"), (["--85k"], "LFE5U-85F")):
            figures = self.place(room)
            self.assertEqual((figures["device"], figures["fmax_mhz"], figures["cells"]), (device, 50.0, 7))

    def test_none_has_room(self):
        figures = self.place(["--none"])
        self.assertIsNone(figures["fmax_mhz"])
        self.assertIn("no BELs remaining", figures["refused"])


class Seeds(unittest.TestCase):
    """Of several placements the fastest is kept, and all are shown."""

    def test_the_fastest_is_kept(self):
        kept = runner.best({1: {"cells": 9, "fmax_mhz": 39.5}, 2: {"cells": 9, "fmax_mhz": 41.0}, 3: {"cells": 9, "fmax_mhz": 40.1}})
        self.assertEqual((kept["fmax_mhz"], kept["seed"], kept["fmax_tried"]), (41.0, 2, {1: 39.5, 2: 41.0, 3: 40.1}))

    def test_nothing_placed(self):
        kept = runner.best({1: {"cells": 9, "fmax_mhz": None}})
        self.assertEqual((kept["fmax_mhz"], kept["seed"], kept["fmax_tried"]), (None, None, None))

    def test_every_one_is_printed(self):
        record = {"target": "ice40-up5k", "block": "board", "fmax_mhz": 41.0, "seed": 2, "fmax_tried": {1: 39.5, 2: 41.0}}
        self.assertEqual(table.figures([record]).splitlines()[-1],
                         "ice40-up5k board, Fmax of each placement seed: 1: 39.5, 2: 41.0; kept: 2")
        alone = record | {"seed": 1, "fmax_tried": {1: 39.5}}
        self.assertNotIn("seed", table.figures([alone]))


class Files(unittest.TestCase):
    """Results appear whole or not at all."""

    def test_a_failed_write_leaves_the_old_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "x.json"
            cache.write_atomic(path, "old")
            with self.assertRaises(UnicodeEncodeError):
                cache.write_atomic(path, "new\udc80")
            self.assertEqual((path.read_text(), os.listdir(folder)), ("old", ["x.json"]))

    def test_a_cut_cache_entry_is_not_used(self):
        with tempfile.TemporaryDirectory() as folder:
            store = cache.Cache(folder)
            store.put("k", {"cells": 3})
            self.assertEqual(store.get("k"), {"cells": 3})
            (pathlib.Path(folder) / "k.json").write_text('{"cells": ')
            self.assertIsNone(store.get("k"))


class Kept(unittest.TestCase):
    """A placed design is taken from the cache; one that was refused, or whose placer somebody stopped, is placed again."""

    def placements(self, answers):
        """How often the placer runs when the same job is measured three times and it answers with `answers` in turn."""
        with tempfile.TemporaryDirectory() as folder:
            elaborated = pathlib.Path(folder) / "x.il"
            elaborated.write_text("module")
            measure = unittest.mock.Mock(side_effect=[{"cells": 9, "lut": 9, "ff": 0, "ram": 0, "dsp": 0, "fmax_mhz": None, **a} for a in answers])
            target = types.SimpleNamespace(place=("--25k",), seed=1, map=lambda *arguments: {}, measure=measure)
            own = runner.Runner(tools.Tools([sys.executable, "-s"], {}), folder, jobs=1)
            job = plan.Job("ecp5", "axi_reader", "axi_reader", ())
            with unittest.mock.patch.dict(runner.TARGETS, {"ecp5": target}), unittest.mock.patch.object(own, "elaborate", lambda *arguments: elaborated):
                for _ in range(3):
                    own.run([job])
            return measure.call_count

    def test_placed(self):
        self.assertEqual(self.placements([{"fmax_mhz": 50.0}]), 1)

    def test_packed(self):
        self.assertEqual(self.placements([{}]), 1)

    def test_refused(self):
        self.assertEqual(self.placements([{"refused": "stopped"}, {"fmax_mhz": 50.0}]), 2)


class Clock(unittest.TestCase):
    """A placement below the clock of its bar is tried again with the next seed, four at most; all are kept to be printed."""

    def tried(self, clock, found, own=1, seeds=None):
        """Seed -> Fmax of a job when the placer finds `found`; the target's own seed is `own`, the user asked for `seeds`."""
        with tempfile.TemporaryDirectory() as folder:
            elaborated = pathlib.Path(folder) / "x.il"
            elaborated.write_text("module")

            def measure(*_, seed, **__):
                return {"cells": 9, "lut": 9, "ff": 0, "ram": 0, "dsp": 0, "fmax_mhz": found[seed]}
            target = types.SimpleNamespace(place=("--25k",), seed=own, map=lambda *arguments: {}, measure=measure)
            one = runner.Runner(tools.Tools([sys.executable, "-s"], {}), folder, 1, seeds)
            with unittest.mock.patch.dict(runner.TARGETS, {"ecp5": target}), unittest.mock.patch.object(one, "elaborate", lambda *arguments: elaborated):
                return one.run([plan.Job("ecp5", "array", "array_top", (("K", 10), ("M", 2)), clock=clock)])[0]["fmax_tried"]

    def test_reached_at_once(self):
        self.assertEqual(self.tried(50.0, {1: 50.0}), {1: 50.0})
        self.assertEqual(self.tried(0.0, {2: 1.0}, own=2), {2: 1.0})

    def test_reached_by_another(self):
        self.assertEqual(self.tried(50.0, {1: 49.9, 2: 51.0}), {1: 49.9, 2: 51.0})
        self.assertEqual(self.tried(50.0, {2: 49.9, 1: 48.0, 3: 51.0}, own=2), {2: 49.9, 1: 48.0, 3: 51.0})

    def test_never_reached(self):
        found = {1: 40.0, 2: 41.0, 3: 42.0, 4: 43.0}
        self.assertEqual(self.tried(50.0, found), found)

    def test_the_users_number_is_taken(self):
        self.assertEqual(self.tried(50.0, {1: 60.0, 2: 61.0}, seeds=2), {1: 60.0, 2: 61.0})
        self.assertEqual(self.tried(50.0, {1: 40.0}, seeds=1), {1: 40.0})

    def test_bars_that_ask_for_a_clock(self):
        self.assertEqual((bars.clock("ecp5", "array"), bars.clock("ice40-up5k", "board"), bars.clock("xc7", "array")), (200.0, 40.0, 0.0))


class Complaints(unittest.TestCase):
    """Bad input: one sentence, exit code 2."""

    def refuse(self, arguments, words):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, ROOT / "scripts" / "synth.py", "--out", folder, *arguments], capture_output=True, text=True,
                                  check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(words, done.stderr)

    def test_bad_arguments(self):
        for arguments, words in ((["--targets", "asic"], "no target asic"), (["--blocks", "engine:foo"], "no variant foo"),
                                 (["--blocks", "nosuch", "--targets", "xc7"], "no RTL block nosuch"), (["--bogus"], "--bogus"),
                                 (["--config", "huge"], "no configuration huge"), (["--set", "K"], "NAME=VALUE"), (["--jobs", "0"], "--jobs"), (["--seeds", "0"], "--seeds"),
                                 (["--yosys", "/nonexistent"], "no such program"), (["--cycles", "/nonexistent"], "cannot be read"),
                                 (["--nextpnr-ice40", "/nonexistent"], "no such program")):
            with self.subTest(arguments=arguments):
                self.refuse(arguments, words)

    def test_wrong_cycles_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"configuration": "nano", "images": 0, "cycles": 1}, file)
            file.flush()
            self.refuse(["--cycles", file.name], "not the JSON of flexor compare or sim")


if __name__ == "__main__":
    unittest.main(verbosity=2)
