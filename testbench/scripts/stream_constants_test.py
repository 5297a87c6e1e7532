#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Constants of the stream engine: what scripts/generate.py writes from rtl/stream.json against the tables of docs/stream_engine.md, and what
it refuses. Run with the Python that has the locked packages."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "rtl" / "stream.json"
PAGE = ROOT / "docs" / "stream_engine.md"
ACTIONS = ["GO", "BITS", "COPY", "WAIT", "END"]


def section(name):
    """Lines of a section of the page."""
    text = PAGE.read_text()
    return re.search(rf"^##+ {name}\n(.*?)(?=^##)", text, re.DOTALL | re.MULTILINE)[1].splitlines()


def page_fields():
    """Low bits and widths of the instructions' fields by name, in the page's order; codes by name."""
    fields, codes, name = {}, {}, None
    for line in section("Instructions"):
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) != 5 or cells[0] in ("code", "---"):
            continue
        if cells[0].isdigit():
            cells[1] = cells[1] or "ACTION"
            codes[cells[1]] = int(cells[0])
        name = cells[1] or name
        places = re.findall(r"(?:^|: )(\d+)(?::(\d+))?$", cells[2])
        for high, low in places:
            fields.setdefault(name, []).append((int(low or high), int(high) - int(low or high) + 1))
    return fields, codes


def page_entry():
    """Low bits of the flags of a microcode entry."""
    row = next(line for line in section("Tables") if line.startswith("| microcode"))
    return {name: int(low) for low, name in re.findall(r"(\d+) (twice|last|end|step)", row)}


class StreamConstants(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out = pathlib.Path(self.folder.name)
        self.data = json.loads(SOURCE.read_text())

    def tearDown(self):
        self.folder.cleanup()

    def generate(self, data=None):
        """Run generate.py for package and header; returns exit code and standard error."""
        source = self.out / "stream.json"
        source.write_text(json.dumps(data or self.data))
        done = subprocess.run([sys.executable, str(ROOT / "scripts" / "generate.py"), "--stream", str(source), "--package",
                               str(self.out / "flexor_pkg.sv"), "--header", str(self.out / "engine_parameters.hpp")],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    def header_fields(self):
        text = (self.out / "stream_parameters.hpp").read_text()
        return {m[1]: (int(m[2]), int(m[3])) for m in re.finditer(r'Field k\w+\{"(\w+)", (\d+), (\d+),', text)}

    def test_fields_are_those_of_the_page(self):
        self.assertEqual(self.generate(), (0, ""))
        fields, _ = page_fields()
        elsewhere = {"opcode", "action", "copy_first", "copy_last", "entry_offset", "entry_twice", "entry_last", "entry_end", "entry_step"}
        ours = {}
        for name, place in self.header_fields().items():
            if name not in elsewhere:
                ours.setdefault(name.split("_")[0].upper(), []).append(place)
        for name in set(fields) - {"ACTION", "WAIT", "END"}:  # these have no fields but the action
            self.assertEqual(ours.get(name), fields[name], name)

    def test_entry_flags_are_those_of_the_page(self):
        self.generate()
        ours = self.header_fields()
        for name, low in page_entry().items():
            self.assertEqual(ours[f"entry_{name}"], (low, 1), name)

    def test_codes_are_those_of_the_page(self):
        self.generate()
        text = (self.out / "stream_pkg.sv").read_text()
        ours = {m[1].upper(): int(m[2]) for m in re.finditer(r"\bOp(\w+) = 4'd(\d+)", text)}
        _, codes = page_fields()
        self.assertEqual({k: v for k, v in ours.items() if k != "ACTION"}, {k: v for k, v in codes.items() if k not in ("ACTION", "GO")})
        self.assertEqual(re.findall(r"\bAction(\w+) = 3'd\d", text), [a.capitalize() for a in ACTIONS])

    def test_errors_are_those_of_the_page(self):
        self.generate()
        text = (self.out / "stream_pkg.sv").read_text()
        numbers = [int(n) for n in re.findall(r"\bError\w+ = 3'd(\d)", text)]
        rows = [line for line in PAGE.read_text().split("| error | meaning |")[1].splitlines() if re.match(r"\| \d \|", line)]
        self.assertEqual(numbers, list(range(len(rows))))

    def test_refusals(self):
        def changed(change):
            data = json.loads(SOURCE.read_text())
            change(data)
            code, sentence = self.generate(data)
            self.assertEqual(code, 2)
            self.assertEqual(sentence.count("\n"), 1, sentence)
            return sentence

        self.assertIn("AccWidth must be in 16..31", changed(lambda d: d["defaults"].update(AccWidth=40)))
        self.assertIn("unknown parameter Kay", changed(lambda d: d["configurations"]["micro16"].update(Kay=1)))
        self.assertIn("no parameter D", changed(lambda d: d["defaults"].pop("D")))
        self.assertIn("D must be 1, 2, 4 or 8", changed(lambda d: d["defaults"].update(D=3)))
        self.assertIn("are not in a halfword", changed(lambda d: d["fields"].append(["wide", 10, 7, "too wide"])))
        self.assertIn("do not fit 2 bits", changed(lambda d: d["enums"][2][5].extend(["one", "two"])))


if __name__ == "__main__":
    unittest.main()
