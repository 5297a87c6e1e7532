#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C as a user types it: flexor runs in the foreground of a terminal of its own, and the terminal sends the signal.

usage: interrupt_test.py FLEXOR ENDLESS_MODEL TEST_CLASS; ENDLESS_MODEL is the program that writes one
"""
import codecs
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import unittest

FLEXOR = ENDLESS_MODEL = ""
CTRL_C = b"\x03"
SIGINT_BIT = 1 << (signal.SIGINT - 1)
PROGRESS = re.compile(r"\r\x1b\[2K[^\r\n]*(?=\r\x1b)")


class Terminal:
    """One run of flexor, leader of a session on a pseudo terminal, with SIGINT as a login shell leaves it."""

    def __init__(self, folder, *arguments):
        self.text = ""
        self.decode = codecs.getincrementaldecoder("utf-8")().decode
        self.child, self.master = pty.fork()
        if self.child == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(folder)
            os.execv(FLEXOR, ["flexor", *arguments])

    def read(self):
        """Take what the program prints, if anything within a moment; returns False once it has closed the terminal."""
        if select.select([self.master], [], [], 0.05)[0]:
            try:
                self.text += self.decode(os.read(self.master, 65536))
            except OSError:
                return False
        return True

    def wait_until(self, condition):
        """Read until condition() holds; how long that takes is not our business (ctest ends what hangs)."""
        while not condition():
            if not self.read():
                raise AssertionError(f"the program ended early:\n{self.text}")

    def catches_interrupts(self):
        """Whether the program runs and has installed its handler (before exec, Python's own is there)."""
        if os.readlink(f"/proc/{self.child}/exe") != os.path.realpath(FLEXOR):
            return False
        status = pathlib.Path(f"/proc/{self.child}/status").read_text()
        return int(re.search(r"SigCgt:\s*(\w+)", status).group(1), 16) & SIGINT_BIT != 0

    def press_ctrl_c(self):
        """Press it and read to the end; returns the exit code."""
        os.write(self.master, CTRL_C)
        while self.read():
            pass
        os.close(self.master)
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])

    def lines(self):
        """What stays on the screen, line by line, without the terminal's echo of the key."""
        shown = PROGRESS.sub("", self.text).replace("\r\x1b[2K", "").replace("^C", "")
        return [line for line in shown.replace("\r\n", "\n").split("\n") if line]


class Interrupt(unittest.TestCase):
    """Every run has a folder with a file that it would replace."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("old.json", "old.fst", "old.flexor"):
            (self.folder / name).write_text("old content")

    def start(self, *arguments):
        """Run flexor until it catches interrupts."""
        terminal = Terminal(self.folder, *arguments)
        terminal.wait_until(terminal.catches_interrupts)
        return terminal

    def expect_untouched(self, *more):
        """The old files as they were, these new ones, nothing else."""
        self.assertEqual({f.name for f in self.folder.iterdir()}, {"old.json", "old.fst", "old.flexor", *more})
        for name in ("old.json", "old.fst", "old.flexor"):
            self.assertEqual((self.folder / name).read_text(), "old content", name)


class Simulation(Interrupt):
    """Commands that look at a flag, with a network that keeps them busy long after the key is pressed."""
    SENTENCE = ["flexor: interrupted; nothing was written"]
    NANO = ("--config", "nano", "--batch", "1", "--json", "old.json")

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.model = str(pathlib.Path(folder.name) / "endless.flexor")
        subprocess.run([ENDLESS_MODEL, self.model], check=True)

    def test_compare(self):
        run = self.start("compare", self.model, *self.NANO, "--threads", "2")
        self.assertEqual(run.press_ctrl_c(), 2, run.text)
        self.assertEqual(run.lines(), self.SENTENCE)
        self.expect_untouched()

    def test_compare_while_progress_is_drawn(self):
        run = self.start("compare", self.model, *self.NANO, "--threads", "1")
        run.wait_until(lambda: "compare [" in run.text)
        self.assertEqual(run.press_ctrl_c(), 2, run.text)
        self.assertEqual(run.lines(), self.SENTENCE)
        self.expect_untouched()

    def test_sim_with_waves(self):
        run = self.start("sim", self.model, *self.NANO, "--images", "100", "--wave", "old.fst", "--to-cycle", "99")
        self.assertEqual(run.press_ctrl_c(), 2, run.text)
        self.assertEqual(run.lines(), self.SENTENCE)
        self.expect_untouched()


class Training(Interrupt):
    """libtorch looks at no flag: the program ends at once."""

    def test_train(self):
        data = os.environ.get("FLEXOR_DATA")
        if not data:
            self.skipTest("FLEXOR_DATA is not set")
        run = self.start("train", "--network", "lenet5-small", "--train-images", "1280", "--epochs", "1000", "--threads", "1", "--data", data,
                         "--checkpoint", "checkpoint", "--out", "old.flexor", "--force")
        run.wait_until((self.folder / "checkpoint").exists)
        run.wait_until(lambda: "epoch   1/1000" in run.text)
        self.assertEqual(run.press_ctrl_c(), 2, run.text)
        *epochs, last = run.lines()
        self.assertEqual(last, "flexor: interrupted; finished files stay, nothing half-written is left")
        self.assertTrue(all(line.startswith("epoch ") for line in epochs), run.text)
        self.expect_untouched("log.csv", "log.svg", "checkpoint", "old.flexor.lock")  # an empty lock stays; the next run takes it over
        log = (self.folder / "log.csv").read_text()
        self.assertTrue(log.endswith("\n"))
        self.assertGreaterEqual(len(log.splitlines()), 1 + len(epochs))


if __name__ == "__main__":
    FLEXOR, ENDLESS_MODEL = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
