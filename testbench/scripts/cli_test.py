#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/cli.md is what the built program says of itself; a program that says something else is seen. Argument: the program."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "docs_cli.py"
PROGRAM = sys.argv.pop() if len(sys.argv) > 1 else str(ROOT / "build" / "bin" / "flexor")


def verify(program):
    """Exit code and output of the check."""
    done = subprocess.run([sys.executable, "-B", SCRIPT, "--verify", program], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Page(unittest.TestCase):
    """The page as it is."""

    def test_is_what_help_says(self):
        self.assertEqual(verify(PROGRAM), (0, ""))

    def test_another_default_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            other = pathlib.Path(folder) / "flexor"
            other.write_text(f'#!/bin/sh\n"{PROGRAM}" "$@" | sed "s/NAME=base/NAME=tiny/"\n')
            other.chmod(0o755)
            code, out = verify(other)
            self.assertEqual(code, 1)
            self.assertIn("run scripts/docs_cli.py", out)

    def test_every_option_has_a_row(self):
        page = (ROOT / "docs" / "cli.md").read_text()
        for command in ("train", "compare", "synth"):
            text = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, check=True).stdout
            section = page.split(f"## flexor {command}\n")[1].split("\n## ")[0]
            for option in {word.split("=")[0].split(",")[0] for line in text.splitlines() if line.startswith("  --") for word in line.split()[:1]}:
                self.assertIn(f"| `{option}", section)

    def test_a_missing_program_is_refused(self):
        self.assertEqual(verify("/none")[0], 2)


if __name__ == "__main__":
    unittest.main()
