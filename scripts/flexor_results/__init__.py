# SPDX-License-Identifier: Apache-2.0
"""The project's figures: docs/results.json, the tables written from it, and their re-measurement."""
