# SPDX-License-Identifier: Apache-2.0
"""A copy of the repository in which sources may be broken. The repository itself is only read."""
from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess

from .cover import Problem


class Scratch:
    """build-mutate/tree: sources as git knows them, with a build folder that stays, so that a second run builds little."""

    def __init__(self, root: pathlib.Path, seed: int, jobs: int, timeout: float):
        self._root, self._jobs, self._timeout = root, jobs, timeout
        self.tree = root / "build-mutate" / "tree"
        self._environment = {**os.environ, "FLEXOR_SEED": str(seed)}

    def refresh(self) -> None:
        """Copies what differs, removes what is gone."""
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"], cwd=self._root,
                                capture_output=True, text=True, check=True).stdout.split("\0")
        wanted = {name for name in listed if name and (self._root / name).is_file()}
        for name in sorted(wanted):
            source, target = self._root / name, self.tree / name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        for path in list(self.tree.rglob("*")):
            name = str(path.relative_to(self.tree))
            if path.is_file() and not name.startswith(("build/", ".venv")) and name not in wanted and "__pycache__" not in name:
                path.unlink()
        if not (self.tree / ".venv").exists():
            (self.tree / ".venv").symlink_to((self._root / ".venv").resolve())

    def configure(self) -> None:
        """cmake --preset dev."""
        status, text = self._run(["cmake", "--preset", "dev"], None)
        if status != 0:
            raise Problem(f"the copy in {self.tree} cannot be configured: {_last(text)}")

    def build(self, targets: list[str]) -> bool:
        """Whether the targets can be built."""
        return self._run(["cmake", "--build", "build", f"-j{self._jobs}", "--target", *targets], None)[0] == 0

    def passes(self, targets: list[str], gtest_filter: str) -> tuple[bool, str]:
        """Whether every program passes, and what failed first."""
        for target in targets:
            command = [f"build/bin/{target}", "--gtest_fail_fast", "--gtest_brief=1"] + ([f"--gtest_filter={gtest_filter}"] if gtest_filter else [])
            status, text = self._run(command, self._timeout)
            if status != 0:
                failed = [line for line in text.splitlines() if line.startswith("[  FAILED  ]")]
                return False, "hangs" if status is None else failed[0][13:].split(",")[0].split(" (")[0] if failed else f"{target} ends with {status}"
        return True, ""

    def _run(self, command: list[str], timeout: float | None) -> tuple[int | None, str]:
        with subprocess.Popen(command, cwd=self.tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              env=self._environment, start_new_session=True) as process:
            try:
                text, _ = process.communicate(timeout=timeout)
                return process.returncode, text
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return None, ""
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no message"
