#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/coverage: counts written by hand, in the form of Verilator's files, become sums that were added up by hand."""
import pathlib
import subprocess
import sys
import unittest

from sandbox import ROOT

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
from flexor_coverage import points  # noqa: E402


def point(count, **fields):
    """A line of a file of counts."""
    text = "".join(f"\x01{key}\x02{value}" for key, value in fields.items())
    return f"C '{text}' {count}\n"


def block(count, line, lines, file="rtl/a.sv", page="v_line/a"):
    """A block of statements."""
    return point(count, f=f"/repo/{file}", l=line, n=5, page=page, o="block", S=lines)


def toggle(count, line, name, file="rtl/a.sv", page="v_toggle/a"):
    """A bit of a signal."""
    return point(count, f=f"/repo/{file}", l=line, n=5, page=page, o=name)


FIRST = block(3, 10, "10-12") + block(0, 14, "14,16") + toggle(0, 2, "x[0]") + toggle(1, 2, "x[1]") + block(7, 1, "1", file="testbench/b.sv")
SECOND = block(0, 10, "10-12") + block(1, 14, "14,16", page="v_line/a__W4") + toggle(5, 2, "x[0]", page="v_toggle/a__W4")


class Points(unittest.TestCase):
    """Two elaborations of one module."""

    def read(self, *texts):
        """The modules of these files."""
        return points.read(texts, pathlib.Path("/repo"))

    def test_one_file(self):
        module = self.read(FIRST)["rtl/a.sv"]
        self.assertEqual(points.share(module.lines), (3, 5))
        self.assertEqual(points.share(module.toggles), (1, 2))

    def test_a_point_is_reached_if_any_elaboration_reached_it(self):
        module = self.read(FIRST, SECOND)["rtl/a.sv"]
        self.assertEqual(points.share(module.lines), (5, 5))
        self.assertEqual(points.share(module.toggles), (2, 2))

    def test_sources_outside_rtl_do_not_count(self):
        self.assertEqual(list(self.read(FIRST)), ["rtl/a.sv"])

    def test_the_table_ends_with_the_sums(self):
        lines = points.table(self.read(FIRST, block(0, 1, "1", file="rtl/b.sv")))
        self.assertRegex(lines[-1], r"^all +3/6 +50\.0% +1/2 +50\.0%$")
        self.assertTrue(lines[1].startswith("rtl/b.sv"))  # the least covered first

    def test_a_count_of_zero_is_seen(self):
        self.assertNotEqual(points.table(self.read(FIRST)), points.table(self.read(FIRST.replace("' 3\n", "' 0\n"))))


class Command(unittest.TestCase):
    """What it refuses before it builds."""

    def test_unknown_program(self):
        done = subprocess.run([ROOT / "scripts" / "coverage", "rtl", "--tests", "none_test"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))
        self.assertIn("there is no test program none_test", done.stderr)


if __name__ == "__main__":
    unittest.main()
