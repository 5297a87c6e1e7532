# SPDX-License-Identifier: Apache-2.0
"""A small git repository with this one's scripts and settings, in which a test may break things."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Sandbox(unittest.TestCase):
    """Each test gets its own copy in self.root; .venv is the real one."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name) / "repository"
        self.root.mkdir()
        shutil.copytree(ROOT / "scripts", self.root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        for name in (".clang-format", ".cmake-format.py", ".editorconfig", ".rules.verible_lint", ".shellcheckrc", ".verible-format",
                     ".verible-waivers", "rtl/engine.json", "rtl/stream.json", "rtl/registers.rdl", "rtl/lint.vlt"):
            (self.root / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        shutil.copytree(ROOT / "docs" / "generated", self.root / "docs" / "generated")
        if (ROOT / ".venv").exists():
            (self.root / ".venv").symlink_to(ROOT / ".venv")
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)

    def write(self, name, text):
        """Add a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def program(self, name, text):
        """Put an executable in front of the PATH of run()."""
        path = self.write(f".shims/{name}", text)
        path.chmod(0o755)

    def run_script(self, *arguments):
        """Run a script of the copy from another folder; returns exit code, standard output, standard error."""
        path = f"{self.root / '.shims'}:{os.environ['PATH']}"
        done = subprocess.run([self.root / "scripts" / arguments[0], *arguments[1:]], cwd="/", capture_output=True, text=True,
                              env={**os.environ, "PATH": path}, check=False)
        return done.returncode, done.stdout, done.stderr
