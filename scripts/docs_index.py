#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/blocks/README.md, docs/decisions/README.md and the numbers of linked lines; --verify only says what is out of date or breaks the
rule of the block pages, and ends with exit code 1."""
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
from flexor_docs import indexes, links  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent


def _read(name):
    path = ROOT / name
    return path.read_text() if path.is_file() else None


def _pages():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "*.md"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split("\n")
    return [name for name in listed if name and (ROOT / name).is_file()]


def main():
    """Exit code 0, or 1 with one line for each fault."""
    verify = sys.argv[1:] == ["--verify"]
    found = indexes.described(ROOT)[1]
    for path, text in indexes.written(ROOT).items():
        if not verify:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            found.append(f"{path.relative_to(ROOT)} is out of date; run scripts/format")
    for page in _pages():
        text = _read(page)
        if not verify and links.mended(page, text, _read) != text:
            (ROOT / page).write_text(links.mended(page, text, _read))
        found += links.wrong_lines(page, _read(page), _read)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
