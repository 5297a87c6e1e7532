#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of docs/import.md as they stand there, but for a shorter training: tutorial_test.py FLEXOR."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
FLEXOR = pathlib.Path(sys.argv.pop(1)).resolve()
SHORT = "--epochs 1 --train-images 1000"  # in place of the page's number of epochs


def commands():
    """The first block of the page, a command a line."""
    page = (ROOT / "docs" / "import.md").read_text()
    return re.search(r"^```\n(.*?)^```$", page, re.MULTILINE | re.DOTALL).group(1).splitlines()


class Tutorial(unittest.TestCase):
    """All of it in one folder."""

    def test_commands(self):
        data = pathlib.Path(os.environ.get("FLEXOR_DATA") or ".")
        model = data / "onnx" / "mnist-conv" / "model.onnx"
        if "FLEXOR_DATA" not in os.environ or not model.exists():
            self.skipTest("FLEXOR_DATA names no folder with onnx/mnist-conv/model.onnx")
        self.assertEqual([line.split()[1] for line in commands()], ["import", "eval", "train", "compare"])
        printed = {}
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(model, pathlib.Path(folder) / "mnist-conv.onnx")
            for line in commands():
                line = re.sub(r"--epochs \d+", SHORT, line.replace("DIR", shlex.quote(str(data))))
                words = shlex.split(line)
                ran = subprocess.run([FLEXOR] + words[1:], cwd=folder, capture_output=True, text=True, timeout=3000, check=False)
                self.assertEqual(ran.returncode, 0, f"{line}: {ran.stderr}")
                printed[words[1]] = ran.stdout
        accuracy = float(re.search(r"([\d.]+) % of 10,000 images", printed["eval"]).group(1))
        self.assertGreaterEqual(accuracy, 98)
        self.assertIn("every word is equal", printed["compare"])


if __name__ == "__main__":
    unittest.main()
