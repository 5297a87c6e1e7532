# SPDX-License-Identifier: Apache-2.0
"""Proofs of the decryptors, and proofs of the proofs: what is broken on purpose must be refuted.

usage: formal_test.py --list-codes PROGRAM --zoo FOLDER --out FOLDER TEST_CLASS
"""
import argparse
import json
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from flexor_synth import proofs  # noqa: E402  pylint: disable=wrong-import-position
from flexor_synth.tools import Tools  # noqa: E402  pylint: disable=wrong-import-position

ARGUMENTS = None


def shipped_codes():
    """Codes as the model library knows them."""
    text = subprocess.run([ARGUMENTS.list_codes, ARGUMENTS.zoo], capture_output=True, text=True, check=True).stdout
    return json.loads(text)


class Codes(unittest.TestCase):
    """xor_decryptor with every shipped code."""

    def test_every_shipped_code_is_mx(self):
        codes = shipped_codes()
        self.assertGreaterEqual(len([c for c in codes if c["name"].startswith("nested")]), 20)
        results = proofs.prove_codes(Tools.find(), ARGUMENTS.out, codes)
        self.assertEqual(len(results), len(codes))
        self.assertEqual([r for r in results if not r.holds], [])

    def test_one_corrupted_entry_is_refuted_and_named(self):
        codes = shipped_codes()
        row = 7
        wrong = [proofs.corrupted(c, row, c["n_in"] - 1) for c in codes]
        results = proofs.prove_codes(Tools.find(), ARGUMENTS.out + "-corrupted", codes, wrong)
        self.assertEqual([(r.holds, r.why) for r in results], [(False, f"row {row} of M differs")] * len(codes))


class _Induction(unittest.TestCase):
    module = ""

    def prove_all(self):
        """Every induction proof of this module."""
        chosen = [p for p in proofs.INDUCTIONS if p[0] == self.module]
        self.assertTrue(chosen)
        for proof in chosen:
            with self.subTest(proof[2]):
                self.assertTrue(proofs.prove_induction(Tools.find(), ARGUMENTS.out, *proof).holds)


class SliceDecryptor(_Induction):
    """One slice, word by word."""
    module = "slice_decryptor_proof"

    def test_holds(self):
        self.prove_all()


class TileDecryptor(_Induction):
    """A whole tile, cycle by cycle."""
    module = "tile_decryptor_proof"

    def test_holds(self):
        self.prove_all()


class BrokenDecryptor(unittest.TestCase):
    """RTL with one operator changed must not be proved."""

    def refute(self, file, old, new, module, parameters):
        """Prove `module` with `old` replaced by `new` in one RTL file; it must fail."""
        source = ROOT / "rtl" / "decrypt" / file
        text = source.read_text()
        self.assertEqual(text.count(old), 1, f"{file} no longer holds {old}: choose another line to break")
        folder = pathlib.Path(ARGUMENTS.out)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text.replace(old, new))
        result = proofs.prove_induction(Tools.find(), folder, module, parameters, "broken on purpose", [folder / file])
        self.assertFalse(result.holds)
        log = "\n".join(p.read_text() for p in folder.glob(f"{module}*.log"))
        self.assertRegex(log, "proof failed|Induction step failed")

    def test_or_instead_of_xor(self):
        self.refute("slice_decryptor.sv", "{NOut{~first_i}}) ^ (", "{NOut{~first_i}}) | (", "slice_decryptor_proof", {"NMax": 4})

    def test_first_word_does_not_clear(self):
        self.refute("slice_decryptor.sv", "{NOut{~first_i}}", "{NOut{1'b1}}", "slice_decryptor_proof", {"NMax": 4})

    def test_channels_of_a_slice_swapped(self):
        self.refute("tile_decryptor.sv", "active[s*NOut+r*SliceK+:SliceK]", "active[s*NOut+(SliceM-1-r)*SliceK+:SliceK]", "tile_decryptor_proof",
                    {"NMax": 3})

    def test_words_accepted_while_a_tile_waits(self):
        self.refute("tile_decryptor.sv", "~whole_q | tile_take_i;", "1'b1;", "tile_decryptor_proof", {"NMax": 3})

    def test_words_loaded_while_a_tile_waits(self):
        self.refute("tile_decryptor.sv", "word_valid_i & ~(whole_q ^ tile_take_i)", "word_valid_i", "tile_decryptor_proof", {"NMax": 3})

    def test_groups_shifted_while_a_tile_waits(self):
        self.refute("tile_decryptor.sv", "word_first_i & (free_q | tile_take_i)", "word_first_i", "tile_decryptor_proof", {"NMax": 3})


def main():
    """Parse our own arguments, leave the rest to unittest."""
    global ARGUMENTS
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--list-codes", "--zoo", "--out"):
        parser.add_argument(name, required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
