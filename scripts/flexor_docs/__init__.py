# SPDX-License-Identifier: Apache-2.0
"""The documentation as a site: docs/ stays plain Markdown, this package stages it for Sphinx."""
