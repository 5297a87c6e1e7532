# SPDX-License-Identifier: Apache-2.0
"""The one exception that reaches the user: one sentence, exit code 2."""


class Problem(Exception):
    """What is wrong and what to do, in one sentence."""
