# SPDX-License-Identifier: Apache-2.0
"""Copies the Markdown pages to where Sphinx reads them: links are made to fit, the tables of docs/README.md become the navigation."""
from __future__ import annotations

import pathlib
import posixpath
import re
import shutil

from . import links

# Pages outside docs/ that belong to the site, and what they are called there.
OUTSIDE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def pages(root: pathlib.Path) -> dict[str, str]:
    """Path in the repository -> path in the site, of every page."""
    found = {str(p.relative_to(root)): str(p.relative_to(root / "docs")) for p in sorted((root / "docs").rglob("*.md"))}
    found["docs/README.md"] = "index.md"
    return {**found, **OUTSIDE}


def sources_linked(root: pathlib.Path, known: dict[str, str]) -> list[str]:
    """Files of the repository that a page links to and that are no pages."""
    found: set[str] = set()
    for page in known:
        for _, target, _ in links.LINK.findall((root / page).read_text()):
            path = links.resolved(page, re.sub(r"#.*", "", target))
            if "://" not in target and path not in known and (root / path).is_file():
                found.add(path)
    return sorted(found)


def translated(text: str, page: str, known: dict[str, str], root: pathlib.Path) -> str:
    """A page with its links as they are in the site."""
    place = known[page]

    def one(match: re.Match[str]) -> str:
        words, target = match[1], match[2]
        if "://" in target or target.startswith("#"):
            return match[0]
        path, _, anchor = target.partition("#")
        path = links.resolved(page, path)
        for candidate in (path, f"{path}/README.md"):
            if candidate in known:
                there = posixpath.relpath(known[candidate], posixpath.dirname(place) or ".")
                return f"[{words}]({there}{'#' + anchor if anchor else ''})"
        if (root / path).is_file():
            there = posixpath.relpath(f"sources/{path}.html", posixpath.dirname(place) or ".")
            line = re.sub(r"^L(\d+)$", r"#L-\1", anchor)
            shown = re.sub(r"`([^`]*)`", r"<code>\1</code>", words)
            return f'<a class="source" href="{there}{line if anchor else ""}">{shown}</a>'
        return words

    return links.outside_code(text, lambda part: links.LINK.sub(one, part))


def navigation(text: str, known: dict[str, str]) -> str:
    """Hidden tables of contents, one a section of docs/README.md: the pages that its tables link to, with the list of their folder."""
    lines: list[str] = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, body = section.split("\n", 1)
        entries = [links.resolved("docs/README.md", target) for _, target, _ in links.LINK.findall(body) if "://" not in target]
        lines += ["", "```{toctree}", ":hidden:", f":caption: {title.strip()}", ""]
        lines += [known[entry][:-3] for entry in entries if entry in known]
        if title.strip() == "Reference":
            lines.append("api/index")
        lines.append("```")
    return "\n".join(lines) + "\n"


def _folder_contents(name: str, known: dict[str, str]) -> str:
    """The pages of a folder below its README."""
    folder = posixpath.dirname(name)
    inside = sorted(p for p in known if posixpath.dirname(p) == folder and not p.endswith("README.md"))
    return "\n".join(["", "```{toctree}", ":hidden:", "", *(posixpath.basename(known[p])[:-3] for p in inside), "```", ""])


def stage(root: pathlib.Path, out: pathlib.Path) -> None:
    """Writes every page, and the images, below `out`."""
    shutil.rmtree(out, ignore_errors=True)
    known = pages(root)
    for page, place in known.items():
        text = (root / page).read_text()
        shown = translated(text, page, known, root)
        if page == "docs/README.md":
            shown += navigation(text, known)
        elif page.endswith("/README.md"):
            shown += _folder_contents(page, known)
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        (out / place).write_text(shown)
    shutil.copytree(root / "docs" / "images", out / "images")
