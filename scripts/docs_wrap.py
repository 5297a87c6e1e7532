#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wraps paragraphs and list items of Markdown pages at 120 characters: scripts/docs_wrap.py PAGE... Only paragraphs with a longer line are
touched; tables, code, headings and what is generated stay as they are. Words and their order never change."""
import pathlib
import re
import sys
import textwrap

WIDTH = 120
_ITEM = re.compile(r"( *)([-*]|\d+\.) +")
_ASIDE = re.compile(r"\s*(?:#|\||>|<|!\[|\[[^\]]+\]:)|    \S")


def _wrapped(lines):
    """One paragraph or list item."""
    if all(len(line) <= WIDTH for line in lines) or _ASIDE.match(lines[0]) or any(line.endswith(("  ", "\\")) for line in lines):
        return lines
    item = _ITEM.match(lines[0])
    first = item[0] if item else re.match(" *", lines[0])[0]
    rest = " " * len(first)
    words = " ".join(line.strip() for line in lines)[len(first.strip()):].strip() if item else " ".join(line.strip() for line in lines)
    # Inline code and links stay in one piece.
    words = re.sub(r"`[^`]*`|\]\([^)]*\)", lambda m: m[0].replace(" ", "\x00"), words)
    wrapped = textwrap.wrap(words, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
    if any(_ITEM.match(line) or _ASIDE.match(line) for line in wrapped[1:] if not rest):
        return lines  # a line would begin like a list or a heading
    return [line.replace("\x00", " ") for line in wrapped]


def wrapped(text):
    """The page."""
    out, paragraph, fenced = [], [], False

    def flush():
        if paragraph:
            out.extend(_wrapped(list(paragraph)))
            paragraph.clear()

    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            flush()
            fenced = not fenced
            out.append(line)
        elif fenced or not line.strip() or _ASIDE.match(line):
            if paragraph and line.startswith("    ") and not fenced:
                paragraph.append(line)  # a list item goes on
                continue
            flush()
            out.append(line)
        elif _ITEM.match(line) and len(_ITEM.match(line)[1]) < 4:
            flush()
            paragraph.append(line)
        else:
            paragraph.append(line)
    flush()
    return "\n".join(out)


def main():
    """Exit code 0; 2 for a page that is not there."""
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        if not path.is_file():
            print(f"docs_wrap.py: {name} does not exist", file=sys.stderr)
            return 2
        text = path.read_text()
        new = text if text.startswith("<!-- Generated") else wrapped(text)
        assert new.split() == text.split(), name
        if new != text:
            path.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
