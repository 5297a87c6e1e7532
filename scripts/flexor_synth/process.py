# SPDX-License-Identifier: Apache-2.0
"""Child processes: output to a log file, all stopped together on Ctrl-C or on the first failure."""
import os
import pathlib
import signal
import subprocess
import threading

from .problem import Problem

_lock = threading.Lock()
_children = set()
_stopping = False


def _last_error(log):
    """The line of `log` that says why a tool stopped."""
    lines = [line.strip() for line in pathlib.Path(log).read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line] or [line for line in lines if "error:" in line.lower()]
    useful = [line for line in errors if "see full log" not in line]
    return (useful or errors or lines or ["no output"])[0][:240]


def run(command, log, what, cwd=None):
    """Run `command` with output in `log`; a Problem naming `what` when it fails."""
    with open(log, "w", encoding="utf-8") as out:
        with _lock:
            if _stopping:
                raise Problem("stopped")
            try:
                child = subprocess.Popen([str(c) for c in command], stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                         start_new_session=True, cwd=cwd)
            except OSError as error:
                raise Problem(f"{what} could not start {command[0]} ({error.strerror}); run scripts/setup or name the tool by its flag") from error
            _children.add(child)
        try:
            status = child.wait()
        finally:
            with _lock:
                _children.discard(child)
    if status:
        raise Problem("stopped" if _stopping else f"{what} failed: {_last_error(log)} (log: {log})")


def stop_on_signals():
    """Let a termination request end a run as Ctrl-C does, also where the shell made Ctrl-C ignored."""
    def interrupt(_number, _frame):
        raise KeyboardInterrupt
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)


def stopping():
    """True once stop_all() was called."""
    return _stopping


def stop_all():
    """End every child that still runs; nothing starts afterwards."""
    global _stopping
    with _lock:
        _stopping = True
        for child in _children:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
