# SPDX-License-Identifier: Apache-2.0
"""One line that says what runs and how far the whole is."""
import sys
import threading
import time


class Progress:
    """A bar on standard error, redrawn in place on a terminal and one line a job elsewhere."""

    def __init__(self, total, stream=sys.stderr):
        self.total, self.done, self.stream = total, 0, stream
        self.running = {}
        self.start = time.monotonic()
        self.lock = threading.Lock()
        self.live = stream.isatty()
        self.ended = threading.Event()
        if self.live:
            threading.Thread(target=self._redraw, daemon=True).start()

    def begin(self, name, step):
        """`name` has entered `step`."""
        with self.lock:
            self.running[name] = step

    def end(self, name, note=""):
        """`name` is done."""
        with self.lock:
            self.running.pop(name, None)
            self.done += 1
            if not self.live:
                print(f"[{self.done}/{self.total}] {name} {note}", file=self.stream, flush=True)

    def close(self):
        """Clear the line."""
        self.ended.set()
        if self.live:
            print("\r\033[K", end="", file=self.stream, flush=True)

    def _redraw(self):
        while not self.ended.wait(0.5):
            with self.lock:
                filled = 20 * self.done // max(self.total, 1)
                text = ", ".join(f"{name}: {step}" for name, step in self.running.items())
                line = f"[{'#' * filled}{'.' * (20 - filled)}] {self.done}/{self.total} {int(time.monotonic() - self.start)} s  {text}"
            print("\r\033[K" + line[:118], end="", file=self.stream, flush=True)
