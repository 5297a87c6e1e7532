# SPDX-License-Identifier: Apache-2.0
"""What the tests reach: counts of Verilator's coverage points, and gcovr's lines."""
