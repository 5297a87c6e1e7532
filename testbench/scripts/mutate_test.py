#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/mutate: which faults it draws, which tests it finds, what it reports of a small project with a good and a poor test."""
import json
import pathlib
import subprocess
import sys
import unittest

from sandbox import ROOT, Sandbox

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
from flexor_mutate import cover, faults  # noqa: E402

MODULE = """// a comment: a + b
module adder #(
    parameter int unsigned Width = 8
) (
    input  logic             clk_i,
    output logic [Width-1:0] sum_o
);
  if (Width < 1) begin : gen_check_width
    $error("adder: Width < 1");
  end
  logic [7:0] d, q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      q <= '0;
    end else if (d <= 3) begin
      q <= d + 8'd1;
    end
  end
endmodule
"""
PROJECT = {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.25)\nproject(p CXX)\nset(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)\n"
                      "add_executable(code_test testbench/model/code/sum_test.cpp model/code/sum.cpp)\n",
    "CMakePresets.json": json.dumps({"version": 6, "configurePresets": [{"name": "dev", "generator": "Ninja", "binaryDir": "${sourceDir}/build"}]}),
    "model/code/sum.hpp": "#pragma once\nint sum(int a, int b);\n",
    "model/code/sum.cpp": '#include "sum.hpp"\nint sum(int a, int b) {\n  if (a > 100) return 7;\n  return a + b;\n}\n',
    "testbench/model/code/CMakeLists.txt": "flexor_model_test(NAME code_test SOURCES sum_test.cpp)\n",
    "testbench/model/code/sum_test.cpp": '#include <cstdio>\n#include "../../../model/code/sum.hpp"\n'
                                         'int main() { return sum(2, 3) == 5 ? 0 : (std::puts("[  FAILED  ] Sum.Works"), 1); }\n',
}


class Faults(unittest.TestCase):
    """The draw."""

    def kinds(self, text, hardware=False):
        """(kind, old, new) of every fault."""
        return [(f.kind, f.old, f.new) for f in faults.candidates(text, hardware)]

    def test_hardware(self):
        found = self.kinds(MODULE, True)
        for expected in (("dropped reset", "if (!rst_ni)", "if (1'b0)"), ("operator", "<=", "<"), ("operator", "+", "-"), ("constant", "3", "4"),
                         ("off by one", "3", "2"), ("constant", "'0", "'1"), ("dropped statement", "q <= d + 8'd1;", ";"),
                         ("condition", "d <= 3", "!(d <= 3)")):
            self.assertIn(expected, found)
        lines = {f.line(MODULE) for f in faults.candidates(MODULE, True)}
        self.assertEqual(lines & {1, 2, 3, 5, 6, 8, 9, 11}, set())  # comment, declarations, check of a parameter
        self.assertEqual(sum(new == "<" for _, _, new in found), 1)  # an assignment's <= is not an operator

    def test_software(self):
        found = self.kinds('int f(int a, int b) {\n  if (a < b && !g(a)) x = "a + b";  // a - b\n  y = a << 2;\n  return std::min(a, b);\n}\n')
        for expected in (("operator", "&&", "||"), ("operator", "<", "<="), ("condition", "!", ""), ("operator", "<<", ">>"), ("operator", "min", "max"),
                         ("swapped operands", "a < b", "b < a"), ("condition", "a < b && !g(a)", "!(a < b && !g(a))"), ("constant", "2", "3"),
                         ("dropped statement", "y = a << 2;", ";")):
            self.assertIn(expected, found)
        self.assertNotIn("+", [old for _, old, _ in found])  # in a string
        self.assertNotIn("-", [old for _, old, _ in found])  # in a comment

    def test_every_fault_changes_one_place_and_the_draw_repeats(self):
        for name in ("rtl/post/requantise.sv", "model/compiler/memory_plan.cpp"):
            text, hardware = (ROOT / name).read_text(), name.endswith(".sv")
            every = faults.candidates(text, hardware)
            self.assertGreater(len(every), 40)
            for fault in every:
                changed = fault.apply(text)
                self.assertNotEqual(changed, text)
                self.assertEqual((changed[:fault.offset], changed[fault.offset + len(fault.new):]),
                                 (text[:fault.offset], text[fault.offset + len(fault.old):]))
            self.assertEqual(faults.draw(text, hardware, 9, 4), faults.draw(text, hardware, 9, 4))
            self.assertNotEqual(faults.draw(text, hardware, 9, 4), faults.draw(text, hardware, 9, 5))

    def test_tests_of_this_repository(self):
        def tests(name):
            return cover.tests_of(ROOT, ROOT / name)

        self.assertEqual(tests("model/golden/golden.cpp"), ["golden_test"])
        self.assertEqual(tests("model/compiler/memory_plan.cpp"), ["compiler_test"])
        self.assertEqual(tests("sim/boundary_check.cpp"), ["boundary_check_test"])
        for module in (ROOT / "rtl").rglob("*.sv"):
            if module.stem not in ("flexor_up5k", "array_top"):  # of the synthesis flow alone
                self.assertGreater(len(tests(module.relative_to(ROOT))), 0, module)


class Run(Sandbox):
    """A project of one function whose test does not know its first branch."""

    def setUp(self):
        super().setUp()
        for name, text in PROJECT.items():
            self.write(name, text)
        self.write(".gitignore", "/build*/\n")

    def test_what_survives_is_named_and_sources_stay(self):
        before = self.write("model/code/sum.cpp", PROJECT["model/code/sum.cpp"]).read_text()
        code, out, err = self.run_script("mutate", self.root / "model/code/sum.cpp", "-n", "99", "--json", self.root / "out.json")
        self.assertEqual((code, err), (0, ""), out)
        self.assertIn("seen      model/code/sum.cpp:4: operator: + -> -  [Sum.Works]", out)
        self.assertIn("SURVIVED  model/code/sum.cpp:3: constant: 7 -> 8", out)
        report = json.loads((self.root / "out.json").read_text())
        outcomes = {(f["old"], f["new"]): f["outcome"] for f in report["faults"]}
        self.assertEqual(outcomes["a > 100", "!(a > 100)"], "seen")
        self.assertIn(f"{report['seen']} of {report['built']} faults are seen", out)
        self.assertLess(report["score"], 100)
        self.assertEqual((self.root / "model/code/sum.cpp").read_text(), before)
        self.assertEqual((self.root / "build-mutate/tree/model/code/sum.cpp").read_text(), before)
        self.assertEqual(self.run_script("mutate", self.root / "model/code/sum.cpp", "-n", "99", "--target", "100")[0], 1)

    def test_refusals(self):
        for arguments, sentence in ((["scripts/mutate"], "is no .sv, .cpp or .hpp file"), (["model/none.cpp"], "does not exist"),
                                    (["model/code/sum.cpp", "-n", "0"], "--count must be at least 1")):
            code, _, err = self.run_script("mutate", self.root / arguments[0], *arguments[1:])
            self.assertEqual((code, err.count("\n")), (2, 1), err)
            self.assertIn(sentence, err)
        self.write("model/code/sum.cpp", PROJECT["model/code/sum.cpp"].replace("a + b", "a - b"))
        code, _, err = self.run_script("mutate", self.root / "model/code/sum.cpp")
        self.assertEqual(code, 2)
        self.assertIn("Sum.Works fails without a fault", err)


if __name__ == "__main__":
    unittest.main()
