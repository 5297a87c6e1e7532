#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Links, lists and staging of the documentation: what scripts/docs_index.py writes and refuses, and what the site's pages become."""
import pathlib
import re
import sys
import tempfile
import unittest

from sandbox import ROOT, Sandbox

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
from flexor_docs import indexes, links, stage  # noqa: E402
import docs_wrap  # noqa: E402

SOURCES = {"rtl/a.sv": "one\ntwo two\nthree\nthree\n"}


def wrong(text):
    """Complaints about a page docs/p.md with this text."""
    return links.wrong_lines("docs/p.md", text, SOURCES.get)


class Links(unittest.TestCase):
    """Links to lines."""

    def test_a_right_link(self):
        self.assertEqual(wrong('see [x](../rtl/a.sv#L2 "two two")'), [])

    def test_wrong_links_are_named(self):
        for text, sentence in (('[x](../rtl/a.sv#L1 "two")', 'line 1 of ../rtl/a.sv does not hold "two"'), ('[x](../rtl/b.sv#L1 "a")', "does not exist"),
                               ("[x](../rtl/a.sv#L1)", "wants a piece of its line")):
            self.assertEqual(len(wrong(text)), 1)
            self.assertIn(sentence, wrong(text)[0])

    def test_numbers_follow_their_titles(self):
        self.assertEqual(links.mended("docs/p.md", '[x](../rtl/a.sv#L9 "two")', SOURCES.get), '[x](../rtl/a.sv#L2 "two")')
        several = '[x](../rtl/a.sv#L9 "three")'  # two lines hold it: a person has to say which
        self.assertEqual(links.mended("docs/p.md", several, SOURCES.get), several)

    def test_code_is_left_alone(self):
        text = "a\n```\n[x](y)\n```\nb\n"
        self.assertEqual(links.outside_code(text, str.upper), "A\n```\n[x](y)\n```\nB\n")


class Wrapping(unittest.TestCase):
    """docs_wrap.py."""

    LONG = "a word and `some code` and " * 8

    def test_paragraphs_and_items(self):
        for begin, rest in (("", ""), ("- ", "  "), ("12. ", "    ")):
            lines = docs_wrap.wrapped(begin + self.LONG.strip()).split("\n")
            self.assertGreater(len(lines), 1)
            self.assertLessEqual(max(map(len, lines)), 120)
            self.assertTrue(lines[0].startswith(begin + "a word"))
            self.assertTrue(all(re.match(rest + r"\S", line) for line in lines[1:]))
            self.assertTrue(all(line.count("`") % 2 == 0 for line in lines))

    def test_what_stays(self):
        for text in (f"| {self.LONG} | x |", f"```\n{self.LONG}\n```", f"# {self.LONG}", "short\nlines\nstay", f"    {self.LONG}"):
            self.assertEqual(docs_wrap.wrapped(text), text)


class Staging(unittest.TestCase):
    """The pages of this repository."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name) / "source"
        stage.stage(ROOT, self.out)
        self.known = stage.pages(ROOT)

    def test_every_page_is_in_the_navigation(self):
        listed = {"index.md"}
        for page in self.out.rglob("*.md"):
            for body in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text(), re.DOTALL):
                entries = [line for line in body.splitlines() if line and not line.startswith(":")]
                listed |= {str((page.parent / f"{entry}.md").relative_to(self.out)) for entry in entries}
        self.assertEqual(set(self.known.values()) - listed, set())
        self.assertIn("api/index.md", listed)

    def test_links_lead_to_pages_or_sources(self):
        for page, place in self.known.items():
            for _, target, _ in links.LINK.findall(re.sub(r"```.*?```", "", (self.out / place).read_text(), flags=re.DOTALL)):
                if "://" not in target and not target.startswith("#"):
                    self.assertTrue((self.out / place).parent.joinpath(target.split("#")[0]).exists(), f"{page}: {target}")
        walk = (self.out / "one-weight.md").read_text()
        self.assertRegex(walk, r'<a class="source" href="sources/model/code/code\.cpp\.html#L-\d+"><code>Code::decrypt</code></a>')
        self.assertIn("model/code/code.cpp", stage.sources_linked(ROOT, self.known))


class Lists(Sandbox):
    """docs_index.py on a small repository."""

    def setUp(self):
        super().setUp()
        self.write("rtl/outer.sv", "module outer;\n  inner i_inner ();\nendmodule\n")
        self.write("rtl/inner.sv", "module inner;\nendmodule\n")
        self.write("docs/blocks/outer.md", "# outer\n\nCounts things: many. Made of `inner`.\n")
        self.write("docs/decisions/0101-first.md", "# 0101: The first\n")

    def test_lists_are_written_and_checked(self):
        self.assertEqual(self.run_script("docs_index.py")[0], 0)
        self.assertIn("| [outer](outer.md) | Counts things | `inner` |", (self.root / "docs/blocks/README.md").read_text())
        self.assertIn("- [0101: The first](0101-first.md)", (self.root / "docs/decisions/README.md").read_text())
        self.assertEqual(self.run_script("docs_index.py", "--verify"), (0, "", ""))
        self.write("docs/decisions/0102-second.md", "# 0102: The second\n")
        code, out, _ = self.run_script("docs_index.py", "--verify")
        self.assertEqual(code, 1)
        self.assertIn("docs/decisions/README.md is out of date", out)

    def test_the_rule_of_the_pages(self):
        self.write("docs/blocks/outer.md", "# outer\n\nCounts.\n")
        self.write("docs/blocks/gone.md", "# gone\n\nNames inner.\n")
        wrong_pages = indexes.described(self.root)[1]
        self.assertEqual(len(wrong_pages), 2)
        self.assertIn("docs/blocks/gone.md: there is no module of that name", wrong_pages)
        self.assertIn("inner: no page in docs/blocks of its own", wrong_pages[1])

    def test_a_moved_line_is_found_again(self):
        page = self.write("docs/p.md", '[x](../rtl/outer.sv#L7 "inner i_inner")\n')
        self.assertEqual(self.run_script("docs_index.py", "--verify")[0], 1)
        self.assertEqual(self.run_script("docs_index.py")[0], 0)
        self.assertIn("outer.sv#L2", page.read_text())


if __name__ == "__main__":
    unittest.main()
