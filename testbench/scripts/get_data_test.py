#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/get_data against file:// addresses: nothing here needs a network."""
import hashlib
import tarfile
import unittest

from sandbox import Sandbox


class GetData(Sandbox):
    """Rows of the list point into self.root/home."""

    def setUp(self):
        super().setUp()
        self.good = self.write("home/a.gz", "the right bytes")
        self.sha = hashlib.sha256(b"the right bytes").hexdigest()
        self.target = self.root / "data" / "first" / "a.gz"

    def get(self, rows, *sets):
        """Run with these rows as the list."""
        self.write("list.txt", "# comment\n" + "\n".join(rows) + "\n")
        return self.run_script("get_data", "--list", self.root / "list.txt", "--to", self.root / "data", *sets)

    def test_fetches_and_does_not_fetch_again(self):
        row = f"first first/a.gz {self.sha} {self.good.as_uri()}"
        code, out, _ = self.get([row])
        self.assertEqual(code, 0)
        self.assertEqual(self.target.read_text(), "the right bytes")
        self.assertIn("FLEXOR_DATA=", out)
        self.good.unlink()
        code, out, _ = self.get([row])
        self.assertEqual(code, 0)
        self.assertNotIn("fetching", out)

    def test_second_address_is_tried(self):
        missing = (self.root / "home" / "none").as_uri()
        self.assertEqual(self.get([f"first first/a.gz {self.sha} {missing} {self.good.as_uri()}"])[0], 0)
        self.assertTrue(self.target.exists())

    def test_wrong_bytes_are_not_kept(self):
        self.good.write_text("the wrong bytes")
        code, _, err = self.get([f"first first/a.gz {self.sha} {self.good.as_uri()}"])
        self.assertEqual(code, 2)
        self.assertIn("SHA-256", err)
        self.assertFalse(self.target.exists())

    def test_damaged_file_is_replaced(self):
        self.write("data/first/a.gz", "damaged")
        self.assertEqual(self.get([f"first first/a.gz {self.sha} {self.good.as_uri()}"])[0], 0)
        self.assertEqual(self.target.read_text(), "the right bytes")

    def test_member_of_an_archive(self):
        archive = self.root / "home" / "all.tar.gz"
        with tarfile.open(archive, "w:gz") as out:
            out.add(self.good, "inside/a.gz")
        self.assertEqual(self.get([f"first first/a.gz {self.sha} {archive.as_uri()}#inside/a.gz"])[0], 0)
        self.assertEqual(self.target.read_text(), "the right bytes")
        code, _, err = self.get([f"first first/b.gz {self.sha} {archive.as_uri()}#inside/b.gz"])
        self.assertEqual(code, 2)
        self.assertEqual(err.count("\n"), 1)

    def test_unknown_set_and_missing_file(self):
        row = f"first first/a.gz {self.sha} {(self.root / 'none').as_uri()}"
        self.assertEqual(self.get([row], "second")[0], 2)
        code, _, err = self.get([row], "first")
        self.assertEqual((code, err.count("\n")), (2, 1))
        self.assertEqual(self.get(["first only-two"])[0], 2)


if __name__ == "__main__":
    unittest.main()
