#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/setup: what it says when packages are missing, and that it does nothing when none is."""
import unittest

from sandbox import ROOT, Sandbox


class Setup(Sandbox):
    """dpkg-query, id and apt-get are shims."""

    def packages(self, installed):
        """Pretend that exactly these packages are installed."""
        lines = "\n".join(f"installed {name}" for name in installed)
        self.program("dpkg-query", f"#!/bin/sh\ncat <<'END'\n{lines}\nEND\n")
        self.program("apt-get", "#!/bin/sh\necho apt-get \"$@\"\n")

    def user(self, number):
        """Pretend to be this user."""
        self.program("id", f"#!/bin/sh\necho {number}\n")

    def wanted(self):
        """Packages of the list."""
        lines = (ROOT / "scripts" / "packages.txt").read_text().splitlines()
        return [line for line in lines if line and not line.startswith("#")]

    def test_user_is_told_the_command(self):
        self.packages([name for name in self.wanted() if name not in ("ccache", "verilator")])
        self.user(1000)
        code, out, err = self.run_script("setup")
        self.assertEqual(code, 2)
        self.assertIn("apt-get install -y --no-install-recommends ccache verilator", err)
        self.assertEqual(err.count("\n"), 1)
        self.assertNotIn("apt-get", out)

    def test_root_installs_only_what_is_missing(self):
        self.packages([name for name in self.wanted() if name != "ninja-build"])
        self.user(0)
        code, out, _ = self.run_script("setup")
        self.assertEqual(code, 0)
        self.assertIn("apt-get install -y --no-install-recommends ninja-build\n", out)

    def test_user_goes_on_when_all_is_there(self):
        self.packages(self.wanted())
        self.user(1000)
        code, out, err = self.run_script("setup")
        self.assertEqual((code, err), (0, ""))
        self.assertNotIn("apt-get", out)

    def test_arguments_are_refused(self):
        self.assertEqual(self.run_script("setup", "--all")[0], 2)


if __name__ == "__main__":
    unittest.main()
