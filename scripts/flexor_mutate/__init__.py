# SPDX-License-Identifier: Apache-2.0
"""Small faults in a source, and whether the tests that cover it see them."""
