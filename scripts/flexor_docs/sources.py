# SPDX-License-Identifier: Apache-2.0
"""Sources as HTML with an anchor for every line, for the links of the pages. Needs Pygments, which comes with Sphinx."""
from __future__ import annotations

import pathlib

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound


def write(root: pathlib.Path, names: list[str], out: pathlib.Path) -> None:
    """sources/NAME.html for each name; line n has the anchor L-n."""
    for name in names:
        try:
            lexer = get_lexer_for_filename(name)
        except ClassNotFound:
            lexer = TextLexer()
        path = out / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        formatter = HtmlFormatter(full=True, title=name, linenos="table", lineanchors="L", anchorlinenos=True, cssstyles="font-size: 14px")
        path.write_text(highlight((root / name).read_text(), lexer, formatter))
