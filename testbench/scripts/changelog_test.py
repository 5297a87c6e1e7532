#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The interface versions that CHANGELOG.md names are those of the sources, and its newest release is CMake's version."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def named(changelog):
    """Newest release, and the last number of each row of the table of interfaces, by its first words."""
    rows = re.findall(r"^\| (\w+ ?\w*)[^|]*\|.*\| (\d+) \| [^|]+\|$", changelog, re.MULTILINE)
    return {"release": re.search(r"^## \[([\d.]+)\]", changelog, re.MULTILINE)[1], **{name.strip(): int(value) for name, value in rows}}


def stated(sources):
    """The same from the sources; `sources` reads a file."""
    versions = {"release": re.search(r"project\(flexor VERSION ([\d.]+)", sources("CMakeLists.txt"))[1],
                "registers": int(re.search(r"32'd(\d+);\s*} version @", sources("rtl/registers.rdl"))[1])}
    for what, file in (("memory image", "model/compiler/image_file.cpp"), ("model file", "model/network/network_file.cpp"),
                       ("sample file", "model/data/sample.cpp")):
        versions[what] = int(re.search(rf'{{"{what}", "FLX.", (\d+)', sources(file))[1])
    return versions


class Changelog(unittest.TestCase):
    """As it is, and with one number changed."""

    def setUp(self):
        self.text = (ROOT / "CHANGELOG.md").read_text()
        self.stated = stated(lambda name: (ROOT / name).read_text())

    def test_versions_agree(self):
        self.assertEqual(named(self.text), self.stated)

    def test_a_changed_number_in_any_source_is_seen(self):
        for name, pattern in (("CMakeLists.txt", "VERSION 0."), ("rtl/registers.rdl", "32'd4;"), ("model/data/sample.cpp", '"FLXD", 1'),
                              ("model/network/network_file.cpp", '"FLXN", 1'), ("model/compiler/image_file.cpp", '"FLXI", 3')):
            def other(file, name=name, pattern=pattern):
                text = (ROOT / file).read_text()
                self.assertTrue(file != name or pattern in text)
                other = re.sub(r"\d(?=\D*$)", lambda digit: str(int(digit[0]) + 1), pattern)
                return text.replace(pattern, other, 1) if file == name else text
            with self.subTest(name):
                self.assertNotEqual(named(self.text), stated(other))

    def test_releases_have_sections_of_known_names(self):
        for section in re.findall(r"^### (\w+)", self.text, re.MULTILINE):
            self.assertIn(section, ("Added", "Changed", "Fixed", "Removed", "Deprecated", "Security"))


if __name__ == "__main__":
    unittest.main()
