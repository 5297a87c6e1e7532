#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every block of code in docs/programming.md stands in the program that it is quoted from."""
import pathlib
import re
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "programming.md"
PROGRAMS = {"cpp": ROOT / "testbench" / "sim" / "programming_test.cpp", "python": ROOT / "testbench" / "cocotb" / "client.py"}


def strange(page):
    """Blocks that are not quotations."""
    found = []
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        lines = PROGRAMS[language].read_text().splitlines()
        wanted = block.splitlines()
        excerpts = (textwrap.dedent("\n".join(lines[i:i + len(wanted)])) for i in range(len(lines)))
        if "\n".join(wanted) not in excerpts:
            found.append(block)
    return found


class Guide(unittest.TestCase):
    """The page as it is, and with a changed letter."""

    def test_every_block_is_a_quotation(self):
        page = PAGE.read_text()
        self.assertGreater(page.count("```cpp\n"), 9)
        self.assertEqual(strange(page), [])

    def test_a_changed_letter_is_seen(self):
        page = PAGE.read_text()
        for word in ("write(Register::Control, control_forget", 'self.write("timeout", 10000)'):
            self.assertIn(word, page)
            self.assertEqual(len(strange(page.replace(word, word.replace("t", "T", 1)))), 1)


if __name__ == "__main__":
    unittest.main()
