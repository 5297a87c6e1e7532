#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The register map: what scripts/generate.py writes from rtl/registers.rdl against another reading of that file, and what it refuses.

The other reading knows nothing of SystemRDL but the few forms that the file uses. Run with the Python that has the locked packages.
"""
import os
import pathlib
import random
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "rtl" / "registers.rdl"
GENERATE = ROOT / "scripts" / "generate.py"
SEED = int(os.environ.get("FLEXOR_SEED", secrets.randbelow(2**31)))


def camel(name):
    """window_first -> WindowFirst."""
    return name.title().replace("_", "")


def number(text):
    """A SystemRDL, SystemVerilog or C++ number."""
    digits = text.strip().split("'")[-1]
    return int(digits[1:], {"h": 16, "d": 10}[digits[0]]) if digits[0] in "hd" else int(digits, 16 if digits[:2] == "0x" else 10)


class Reading:
    """registers.rdl by regular expressions: number, access, reset of registers; place and reset of fields; error codes."""

    def __init__(self, text):
        text = re.sub(r"//.*", "", text)
        self.errors = {name: number(value) for name, value in re.findall(r"(\w+) = (8'd\d+) \{", text)}
        self.index, self.access, self.external, self.resets, self.fields = {}, {}, {}, {}, {}
        for body, register, address in re.findall(r"\n  reg \{(.*?)\} (\w+) @ (\w+);", text, re.DOTALL):
            self.index[register] = number(address) // 8
            self.external[register] = "external_memory;" in body
            default = (re.findall(r"default sw = (\w+);", body) or ["r"])[0]
            access, resets = "", []
            for inner, field, high, low, value in re.findall(r"field \{(.*?)\} (\w+)\[(\d+):(\d+)\](?: = ([^;]+))?;", body):
                own = (re.findall(r"(?<!\w)sw = (\w+);", inner) or [default])[0]
                reset = None if not value else self.errors[value.split("::")[1]] if "::" in value else number(value)
                access += own
                resets.append(None if reset is None else reset << int(low) if "r" in own else 0)
                if field != "value":
                    self.fields[f"{register}_{field}"] = (int(low), int(high) - int(low) + 1, reset)
            self.access[register] = ("r" in access) + 2 * ("w" in access)
            self.resets[register] = None if None in resets else sum(resets)


def package_numbers(text):
    """Constants of the SystemVerilog package, by name."""
    return {m[1]: number(m[2]) for m in re.finditer(r"localparam [\w \[\]:]+ ((?:Reg(?!ion)|Bit|Reset|Error)\w+) = ([\w']+);", text)}


def package_expected(r):
    """What package_numbers should be."""
    expected = {f"Reg{camel(name)}": index for name, index in r.index.items()}
    expected.update({f"Bit{camel(name)}": low for name, (low, _, _) in r.fields.items()})
    expected.update({f"Reset{camel(name)}": value for name, value in r.resets.items() if value is not None})
    return {**expected, **{f"Error{camel(name)}": value for name, value in r.errors.items()}}


# Lines with numbers that are compared, and the numbers in them.
PACKAGE_PLACES = {r"localparam .* (?:Reg(?!ion)|Bit|Reset|Error)\w+ = ": r"(\d+|(?<=h)[0-9A-F]+);"}


def header_numbers(text):
    """The same of the C++ header."""
    numbers = {}
    for enum in ("Register", "EngineError"):
        for name, value in re.findall(r"(\w+) = (\d+)", re.search(rf"enum class {enum} : int {{(.*?)}}", text)[1]):
            numbers[enum, name] = int(value)
    for name, readable, writable, external, known, reset in re.findall(r'{Register::\w+, "(\w+)", ' + r"(\w+), " * 4 + r"(0x\w+)},", text):
        numbers[name] = ((readable == "true") + 2 * (writable == "true"), external == "true", known == "true", int(reset, 0))
    for name, low, width in re.findall(r"RegisterField (\w+){Register::\w+, (\d+), (\d+)};", text):
        numbers["field", name] = (int(low), int(width))
    return numbers


def header_expected(r):
    """What header_numbers should be."""
    expected = {("Register", camel(name)): index for name, index in r.index.items()}
    expected.update({("EngineError", camel(name)): value for name, value in r.errors.items()})
    expected.update({name: (r.access[name], r.external[name], r.resets[name] is not None, r.resets[name] or 0) for name in r.index})
    return {**expected, **{("field", name): (low, width) for name, (low, width, _) in r.fields.items()}}


HEADER_PLACES = {r"enum class (?:Register|EngineError) ": r"= (\d+)", r"{Register::": r"0x(\w+)", r"RegisterField \w+{": r", (\d+)(?=[,}])"}


def page_numbers(text):
    """The same of docs/generated/interface.md."""
    def reset(value):
        return None if value == "-" else int(value, 0)

    numbers = {}
    for name, address, access, value in re.findall(r"^\| ([A-Z_]+) \| (0x\w+) \| (R|W|RW) \| (\S+) \|", text, re.MULTILINE):
        numbers[name.lower()] = (int(address, 0), ("R" in access) + 2 * ("W" in access), reset(value))
    for register, name, high, low, value in re.findall(r"^\| ([A-Z_]+)\.([a-z]+) \| (\d+)(?::(\d+))? \| [^|]+ \| (\S+) \|", text, re.MULTILINE):
        numbers["field", f"{register.lower()}_{name}"] = (int(low or high), int(high) - int(low or high) + 1, reset(value))
    for value, name in re.findall(r"^\| (\d+) \| (\w+) \| ", text, re.MULTILINE):
        numbers["error", name] = int(value)
    return numbers


def page_expected(r):
    """What page_numbers should be."""
    expected = {name: (8 * index, r.access[name], r.resets[name] if r.access[name] != 2 else None) for name, index in r.index.items()}
    expected.update({("field", name): place for name, place in r.fields.items()})
    return {**expected, **{("error", name): value for name, value in r.errors.items()}}


PAGE_PLACES = {r"\| [A-Z_]+ \| 0x": r"\| 0x(\w+)", r"\| [A-Z_]+\.": r"[ :](\d+)(?= \||:)", r"\| \d+ \| [a-z]": r"\| (\d+)"}


def spans(text, places):
    """Where the numbers stand."""
    found = []
    for line in re.finditer(r"^ *(.*)$", text, re.MULTILINE):
        for which, numbers in places.items():
            if re.match(which, line[1]) or re.search(which, line[1].partition("constexpr ")[2]):
                found += [m.span(1) for m in re.compile(numbers).finditer(text, line.start(1), line.end())]
    return found


def flipped(text, span, generator):
    """`text` with one bit of one digit of the number in `span` flipped."""
    at = generator.randrange(*span)
    prefixed = text[:span[0]].endswith(("'h", "0x"))
    digits = [f"{int(text[at], 16) ^ 1 << bit:X}" for bit in range(4)]
    return text[:at] + generator.choice([d for d in digits if prefixed or d.isdigit()]) + text[at + 1:]


class Registers(unittest.TestCase):
    """Each test has a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def generate(self, *arguments, **environment):
        """Run generate.py for all outputs; returns exit code and standard error."""
        done = subprocess.run([sys.executable, GENERATE, "--package", self.folder / "package.sv", "--header", self.folder / "header.hpp",
                               "--docs", self.folder / "docs", *arguments], capture_output=True, text=True, check=False,
                              env={**os.environ, **environment})
        return done.returncode, done.stderr

    def outputs(self):
        """File, reader, expectation and numbers' places of each output."""
        reading = Reading(SOURCE.read_text())
        self.assertEqual(len(reading.index), SOURCE.read_text().count("\n  reg {"))
        return [("package.sv", package_numbers, package_expected(reading), PACKAGE_PLACES),
                ("header.hpp", header_numbers, header_expected(reading), HEADER_PLACES),
                ("docs/interface.md", page_numbers, page_expected(reading), PAGE_PLACES)]

    def test_outputs_agree_with_another_reading(self):
        self.assertEqual(self.generate(), (0, ""))
        for name, numbers, expected, _ in self.outputs():
            with self.subTest(name):
                self.assertGreater(len(expected), 40)
                self.assertEqual(numbers((self.folder / name).read_text()), expected)

    def test_a_flipped_bit_of_any_number_is_seen(self):
        print(f"FLEXOR_SEED={SEED}")
        generator = random.Random(SEED)
        self.generate()
        for name, numbers, expected, places in self.outputs():
            text = (self.folder / name).read_text()
            numbers_at = spans(text, places)
            self.assertGreater(len(numbers_at), 40)
            for span in numbers_at:
                corrupt = flipped(text, span, generator)
                with self.subTest(name, was=text[slice(*span)], now=corrupt[slice(*span)], at=span[0]):
                    self.assertTrue(numbers(corrupt) != expected)

    def test_a_changed_source_changes_the_outputs(self):
        changed = self.folder / "changed.rdl"
        changed.write_text(SOURCE.read_text().replace("24'd65535", "24'd65534"))
        self.assertEqual(self.generate("--registers", changed), (0, ""))
        self.assertIn("ResetTimeout = 32'h0000FFFE;", (self.folder / "package.sv").read_text())
        for name, numbers, expected, _ in self.outputs():
            self.assertTrue(numbers((self.folder / name).read_text()) != expected)

    def refused(self, old, new):
        """The sentence about a source in which `old` was replaced."""
        text = SOURCE.read_text()
        self.assertIn(old, text)
        bad = self.folder / "bad.rdl"
        bad.write_text(text.replace(old, new, 1))
        code, sentence = self.generate("--registers", bad)
        self.assertEqual((code, sentence.count("\n")), (2, 1), sentence)
        self.assertTrue(sentence.startswith("generate.py: "), sentence)
        return sentence

    def test_bad_sources_end_with_one_sentence(self):
        for old, new, words in (("} id @ 0x00;", "} id @ 0x00", "bad.rdl:"),
                                ("version @ 0x08", "version @ 0x00", "overlap"),
                                ("transfer_stall @ 0x98", "transfer_stall @ 0xA0", "registers stand 8 bytes apart"),
                                ("abort[1:1]", "abort[0:0]", "overlap"),
                                ("error[15:8]", "error[39:32]", "error"),
                                ("} status @", "} state @", "there is no register status"),
                                ("encode = engine_error;", "", "status needs a field error with an encode"),
                                ("external_memory;\n    field { sw = rw; hw = r; } value[31:0] = 0;\n  } window_first",
                                 "field { sw = rw; hw = r; } value[31:0] = 0;\n  } window_first", "the registers of external memory are"),
                                ("woclr", "woset", "only woclr"),
                                ("desc = \"layer that runs\";", "", "needs a desc")):
            with self.subTest(new):
                self.assertIn(words, self.refused(old, new))

    def test_missing_files_end_with_one_sentence(self):
        for flag in ("--registers", "--source"):
            code, sentence = self.generate(flag, self.folder / "nothing")
            self.assertEqual((code, sentence.count("\n")), (2, 1), sentence)
            self.assertIn("nothing", sentence)

    def shim(self):
        """A folder in which the package cannot be imported."""
        package = self.folder / "shim" / "systemrdl"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("raise ImportError('not here')\n")
        return str(package.parent)

    def test_a_missing_package_says_what_to_do(self):
        code, sentence = self.generate(PYTHONPATH=self.shim())
        self.assertEqual((code, sentence.count("\n")), (2, 1), sentence)
        self.assertIn("systemrdl-compiler is missing; run scripts/setup", sentence)

    def test_cmake_says_what_to_do(self):
        python = self.folder / "python"
        python.write_text(f"#!/bin/sh\nPYTHONPATH={self.shim()} exec {sys.executable} \"$@\"\n")
        python.chmod(0o755)
        for path, words in ((self.folder / "nothing", "does not exist; run scripts/setup"), (python, "is missing; run scripts/setup")):
            with self.subTest(words):
                shutil.rmtree(self.folder / "build", ignore_errors=True)
                done = subprocess.run(["cmake", "-S", ROOT, "-B", self.folder / "build", "-G", "Ninja", f"-DFLEXOR_PYTHON={path}"],
                                      capture_output=True, text=True, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(words, " ".join(done.stderr.split()))


if __name__ == "__main__":
    unittest.main()
