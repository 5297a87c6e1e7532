#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C as a user types it: flexor runs in the foreground of a terminal of its own, and the terminal sends the signal.

usage: interrupt_test.py FLEXOR MODEL TEST_CLASS
"""
import os
import pathlib
import pty
import re
import select
import signal
import sys
import tempfile
import time
import unittest

FLEXOR = MODEL = ""
CTRL_C = b"\x03"
LIMIT_S = 120
SIGINT_BIT = 1 << (signal.SIGINT - 1)
PROGRESS = re.compile(r"\r\x1b\[2K[^\r\n]*(?=\r\x1b)")


class Terminal:
    """One run of flexor, leader of a session on a pseudo terminal, with SIGINT as a login shell leaves it."""

    def __init__(self, folder, *arguments):
        self.text = ""
        self.child, self.master = pty.fork()
        if self.child == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(folder)
            os.execv(FLEXOR, ["flexor", *arguments])

    def read(self, seconds):
        """Take what the program prints within this time."""
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.text += os.read(self.master, 65536).decode()
            except OSError:  # the program has closed the terminal
                time.sleep(seconds)

    def wait_until(self, condition):
        """Read until condition() holds."""
        end = time.monotonic() + LIMIT_S
        while not condition():
            if time.monotonic() > end:
                os.kill(self.child, signal.SIGKILL)
                raise AssertionError(f"nothing happened in {LIMIT_S} s:\n{self.text}")
            self.read(0.05)

    def catches_interrupts(self):
        """Whether the program runs and has installed its handler (before exec, Python's own is there)."""
        if os.readlink(f"/proc/{self.child}/exe") != os.path.realpath(FLEXOR):
            return False
        status = pathlib.Path(f"/proc/{self.child}/status").read_text()
        return int(re.search(r"SigCgt:\s*(\w+)", status).group(1), 16) & SIGINT_BIT != 0

    def press_ctrl_c(self):
        """Press it and wait for the end; returns the exit code."""
        os.write(self.master, CTRL_C)
        ended = []

        def has_ended():
            child, status = os.waitpid(self.child, os.WNOHANG)
            if child:
                ended.append(os.waitstatus_to_exitcode(status))
            return child != 0

        self.wait_until(has_ended)
        self.read(0.2)
        os.close(self.master)
        return ended[0]

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
    """Commands that look at a flag."""
    SENTENCE = ["flexor: interrupted; nothing was written"]

    def test_compare(self):
        run = self.start("compare", MODEL, "--config", "nano", "--batch", "1", "--threads", "2", "--json", "old.json")
        self.assertEqual(run.press_ctrl_c(), 2, run.text)
        self.assertEqual(run.lines(), self.SENTENCE)
        self.expect_untouched()

    def test_compare_while_progress_is_drawn(self):
        run = self.start("compare", MODEL, "--config", "nano", "--batch", "1", "--threads", "1", "--json", "old.json")
        run.wait_until(lambda: "compare [" in run.text)
        self.assertEqual(run.press_ctrl_c(), 2, run.text)
        self.assertEqual(run.lines(), self.SENTENCE)
        self.expect_untouched()

    def test_sim_with_waves(self):
        run = self.start("sim", MODEL, "--config", "nano", "--batch", "1", "--images", "100", "--json", "old.json", "--wave", "old.fst",
                         "--to-cycle", "99")
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
                         "--checkpoint", "checkpoint", "--out", "old.flexor")
        run.wait_until((self.folder / "checkpoint").exists)
        run.wait_until(lambda: "epoch   1/1000" in run.text)
        self.assertEqual(run.press_ctrl_c(), 2, run.text)
        *epochs, last = run.lines()
        self.assertEqual(last, "flexor: interrupted; finished files stay, nothing half-written is left")
        self.assertTrue(all(line.startswith("epoch ") for line in epochs), run.text)
        self.expect_untouched("log.csv", "checkpoint")
        log = (self.folder / "log.csv").read_text()
        self.assertTrue(log.endswith("\n"))
        self.assertGreaterEqual(len(log.splitlines()), 1 + len(epochs))


if __name__ == "__main__":
    FLEXOR, MODEL = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
