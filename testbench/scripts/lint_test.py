#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every quick step of scripts/lint passes on the copy and fails on one planted fault."""
import unittest

from sandbox import ROOT, Sandbox

SPDX = "SPDX-License-Identifier: Apache-2.0"
MODULE = f"// {SPDX}\n\nmodule passing (\n    input  logic clk_i,\n    output logic clk_o\n);\n  assign clk_o = clk_i;\nendmodule\n"


class Lint(Sandbox):
    """One test for each step."""

    def setUp(self):
        super().setUp()
        self.write("rtl/passing.sv", MODULE)
        self.write("docs/blocks/passing.md", "# passing\n")
        self.benches = f"# {SPDX}\nflexor_rtl_test(NAME passing_test TOP passing)\n"
        self.write("testbench/CMakeLists.txt", self.benches)
        self.run_script("docs_index.py")

    def expect(self, step, name, text, message):
        """`step` passes before the fault is planted in file `name`, fails after, and says `message`."""
        code, out, _ = self.run_script("lint", step)
        self.assertEqual(code, 0, out)
        self.write(name, text)
        code, out, _ = self.run_script("lint", step)
        self.assertEqual(code, 1, out)
        self.assertIn(message, out)

    def test_cpp_format(self):
        self.expect("cpp-format", "model/a.cpp", f"// {SPDX}\nint  a;\n", "a.cpp:2")

    def test_sv_format(self):
        self.expect("sv-format", "rtl/wide.sv", MODULE.replace("passing", "wide").replace("  assign", " assign"), "wide.sv")

    def test_sv_lint(self):
        self.expect("sv-lint", "rtl/named.sv", MODULE.replace("passing", "named").replace("clk_o", "clk_out"), "port-name-suffix")

    def test_sv_modules(self):
        self.expect("sv-modules", "rtl/unused.sv", MODULE.replace("passing", "unused").replace("= clk_i", "= 1'b0"), "UNUSEDSIGNAL")

    def test_cmake(self):
        self.expect("cmake", "CMakeLists.txt", f"# {SPDX}\nset( A   1 )\n", "CMakeLists.txt")

    def test_shell(self):
        self.expect("shell", "scripts/bad", f"#!/usr/bin/env bash\n# {SPDX}\necho $1\n", "SC2086")

    def test_headers(self):
        self.expect("headers", "model/a.hpp", "#pragma once\n", "model/a.hpp: no SPDX header")

    def test_headers_of_python_scripts(self):
        self.expect("headers", "scripts/tool", "#!/usr/bin/env python3\nprint()\n", "scripts/tool: no SPDX header")

    def test_python(self):
        self.expect("python", "scripts/bad.py", f"# {SPDX}\nif True print()\n", "bad.py")

    def test_generated(self):
        self.expect("generated", "docs/generated/interface.md", "old\n", "out of date")

    def test_results(self):
        for name in ("README.md", "docs/results.json"):
            self.write(name, (ROOT / name).read_text())
        self.run_script("results", "table")
        self.expect("results", "README.md", (self.root / "README.md").read_text().replace("of 41,900,000", "of 41,900,001"), "run scripts/results table")

    def test_words(self):
        self.expect("words", "docs/a.md", "see /" + "home/me/flexor\n", "docs/a.md:1")

    def test_docs_link(self):
        self.expect("docs", "docs/a.md", "[page](none.md)\n", "none.md leads nowhere")

    def test_docs_module_without_a_page(self):
        self.write("testbench/CMakeLists.txt", self.benches + "flexor_rtl_test(NAME b TOP lonely)\n")
        self.expect("docs", "rtl/lonely.sv", MODULE.replace("passing", "lonely"), "lonely: no page")

    def test_docs_module_without_a_bench(self):
        self.write("docs/blocks/passing.md", "# passing\n\nBeside lonely.\n")
        self.run_script("docs_index.py")
        self.expect("docs", "rtl/lonely.sv", MODULE.replace("passing", "lonely"), "lonely: no bench")

    def test_docs_module_inside_a_benched_one(self):
        self.write("rtl/inner.sv", MODULE.replace("passing", "inner"))
        self.write("rtl/passing.sv", MODULE.replace("assign clk_o = clk_i", "inner i_inner (.clk_i(clk_i), .clk_o(clk_o))"))
        self.write("docs/blocks/passing.md", "# passing\n\nMade of inner.\n")
        self.run_script("docs_index.py")
        self.assertEqual(self.run_script("lint", "docs")[0], 0)

    def test_docs_list_out_of_date(self):
        self.expect("docs", "docs/decisions/0101-new.md", "# 0101: New\n", "docs/decisions/README.md is out of date")

    def test_unknown_step(self):
        self.assertEqual(self.run_script("lint", "no-such-step")[0], 2)


if __name__ == "__main__":
    unittest.main()
