# SPDX-License-Identifier: Apache-2.0
"""Synthesis flow of FleXOR engine: elaborate, map, place, count. See docs/synthesis.md."""
