# SPDX-License-Identifier: Apache-2.0
"""Proofs of the decryptors and of the bus masters, and proofs of the proofs: what is broken on purpose must be refuted.

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
from flexor_synth import proofs, rtl  # noqa: E402  pylint: disable=wrong-import-position
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

    def test_the_wired_code_of_the_rtl_is_the_model_librarys(self):
        shipped = {c["name"]: c for c in shipped_codes()}
        names = {"pair": "wired", "ice40": "wired", "ecp5": "wired-ecp5", "xc7": "wired-xc7"}
        codes = [shipped[name] for name in names.values()]
        built = [code | {"matrix": f"wired_pkg::matrix({rtl.DATA['pe_styles'][style]})"} for style, code in zip(names, codes)]
        self.assertEqual([r for r in proofs.prove_codes(Tools.find(), ARGUMENTS.out + "-wired", codes, built) if not r.holds], [])
        wrong = [proofs.corrupted(code) for code in codes]
        self.assertEqual([r.why for r in proofs.prove_codes(Tools.find(), ARGUMENTS.out + "-wrong", wrong, built)], ["row 7 of M differs"] * len(codes))

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


class StoredSlice(_Induction):
    """The stored bits of a slice of an engine that is fixed at elaboration."""
    module = "stored_slice_proof"

    def test_holds(self):
        self.prove_all()


class TileDecryptor(_Induction):
    """A whole tile, cycle by cycle."""
    module = "tile_decryptor_proof"

    def test_holds(self):
        self.prove_all()


class AxiReader(_Induction):
    """The read master, cycle by cycle."""
    module = "axi_reader_proof"

    def test_holds(self):
        self.prove_all()


class AxiWriter(_Induction):
    """The write master, cycle by cycle."""
    module = "axi_writer_proof"

    def test_holds(self):
        self.prove_all()


class _Broken(unittest.TestCase):
    """RTL with one operator changed must not be proved."""
    part = ""

    def refute(self, file, old, new, module, parameters):
        """Prove `module` with `old` replaced by `new` in one RTL file; it must fail."""
        source = ROOT / "rtl" / self.part / file
        text = source.read_text()
        self.assertEqual(text.count(old), 1, f"{file} no longer holds {old}: choose another line to break")
        folder = pathlib.Path(ARGUMENTS.out)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text.replace(old, new))
        result = proofs.prove_induction(Tools.find(), folder, module, parameters, "broken on purpose", [folder / file])
        self.assertFalse(result.holds)
        log = "\n".join(p.read_text() for p in folder.glob(f"{module}*.log"))
        self.assertRegex(log, "proof failed|Induction step failed")


class BrokenDecryptor(_Broken):
    """The decryptors."""
    part = "decrypt"

    def test_or_instead_of_xor(self):
        self.refute("slice_decryptor.sv", "{NOut{~first_i}}) ^ (", "{NOut{~first_i}}) | (", "slice_decryptor_proof", {"NMax": 4})

    def test_first_word_does_not_clear(self):
        self.refute("slice_decryptor.sv", "{NOut{~first_i}}", "{NOut{1'b1}}", "slice_decryptor_proof", {"NMax": 4})

    def test_xilinx_cells_that_take_the_wrong_bit(self):
        self.refute("xc7_slice_decryptor.sv", "i[1] ^ (i[0] & ~i[4])", "i[1] ^ (i[2] & ~i[4])", "slice_decryptor_proof", {"NMax": 4, "Xc7": 1})

    def test_xilinx_cells_that_are_not_cleared(self):
        self.refute("xc7_slice_decryptor.sv", "enable_i && first_i && !stored_i", "1'b0", "slice_decryptor_proof", {"NMax": 4, "Xc7": 1})

    def test_stored_bits_move_in_a_pause(self):
        self.refute("stored_slice.sv", "if (enable_i) stored_o", "stored_o", "stored_slice_proof", {"NMax": 12, "Words": 20})

    def test_stored_bits_do_not_move(self):
        self.refute("stored_slice.sv", "{stored_o, stored_i}", "{stored_o[NMax-1:1], stored_i, stored_i}", "stored_slice_proof", {"NMax": 12, "Words": 20})

    def test_channels_of_a_slice_swapped(self):
        self.refute("tile_decryptor.sv", "active[s*NOut+r*SliceK+:SliceK]", "active[s*NOut+(SliceM-1-r)*SliceK+:SliceK]", "tile_decryptor_proof",
                    {"NMax": 3})

    def test_words_accepted_while_a_tile_waits(self):
        self.refute("tile_decryptor.sv", "~whole_q | tile_take_i;", "1'b1;", "tile_decryptor_proof", {"NMax": 3})

    def test_words_loaded_while_a_tile_waits(self):
        self.refute("tile_decryptor.sv", "word_valid_i & ~(whole_q ^ tile_take_i)", "word_valid_i", "tile_decryptor_proof", {"NMax": 3})

    def test_groups_shifted_while_a_tile_waits(self):
        self.refute("tile_decryptor.sv", "word_first_i & (free_q | tile_take_i)", "word_first_i", "tile_decryptor_proof", {"NMax": 3})


class BrokenAxi(_Broken):
    """The bus masters and what they are made of."""
    part = "bus"

    def refute_reader(self, file, old, new):
        """In the reader."""
        self.refute(file, old, new, "axi_reader_proof", {"MaxBurst": 4})

    def refute_writer(self, file, old, new):
        """In the writer."""
        self.refute(file, old, new, "axi_writer_proof", {"MaxBurst": 4})

    def test_burst_without_room(self):
        self.refute_reader("axi_reader.sv", "free_q > CreditWidth'(burst_length)", "free_q != '0")

    def test_too_many_reads(self):
        self.refute_reader("axi_reader.sv", "count_q != (SlotBits + 1)'(Outstanding)", "1'b1")

    def test_read_address_changes(self):
        self.refute_reader("axi_reader.sv", "(!m_axi_arvalid_o || m_axi_arready_i)", "1'b1")

    def test_data_not_taken(self):
        self.refute_reader("axi_reader.sv", "assign m_axi_rready_o = 1'b1", "assign m_axi_rready_o = data_ready_i")

    def test_burst_not_aligned(self):
        self.refute_reader("axi_splitter.sv", ": ~place", ": '1")

    def test_end_of_the_window(self):
        self.refute_writer("axi_splitter.sv", " || end_q > limit_q", "")

    def test_too_many_writes(self):
        self.refute_writer("axi_writer.sv", "count_q != (SlotBits + 1)'(Outstanding)", "1'b1")

    def test_write_address_withdrawn(self):
        self.refute_writer("axi_writer.sv", "else if (m_axi_awready_i)", "else")

    def test_write_data_changes(self):
        self.refute_writer("axi_writer.sv", "(!m_axi_wvalid_o || m_axi_wready_i)", "1'b1")

    def test_data_before_its_address(self):
        self.refute_writer("axi_writer.sv", "open_q != '0 && ", "")

    def test_strobes_while_draining(self):
        self.refute_writer("axi_writer.sv", "draining ? '0 : data_strobe_i", "data_strobe_i")


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
