# SPDX-License-Identifier: Apache-2.0
"""Pages of the C++ API: one for each folder of headers, from what Doxygen read."""
from __future__ import annotations

import pathlib

# Folder -> what it is.
FOLDERS = {
    "model/code": "XOR codes", "model/network": "Network and model file", "model/data": "Data sets", "model/golden": "Golden model",
    "model/compiler": "Compiler", "model/onnx": "ONNX", "sim": "Driver, bus and comparison", "sim/report": "Report",
}


def headers(root: pathlib.Path) -> dict[str, list[str]]:
    """Headers of each folder that has any, but for those that are a part of one source (NAME_body.hpp)."""
    found = {folder: sorted(p.name for p in (root / folder).glob("*.hpp") if not p.stem.endswith("_body")) for folder in FOLDERS}
    return {folder: names for folder, names in found.items() if names}


def write(root: pathlib.Path, out: pathlib.Path) -> None:
    """api/index.md and one page a folder."""
    out.mkdir(parents=True, exist_ok=True)
    known = headers(root)
    index = ["# C++ API", "", "From the comments of the headers. Errors of input are `flexor::InputError`, one sentence each.", "", "```{toctree}", ""]
    for folder, names in known.items():
        page = folder.replace("/", "-")
        index.append(page)
        lines = [f"# {FOLDERS[folder]}", "", f"Headers of `{folder}/`.", ""]
        for name in names:
            lines += [f"## {name}", "", f"```{{doxygenfile}} {name}", ":project: flexor", "```", ""]
        (out / f"{page}.md").write_text("\n".join(lines))
    (out / "index.md").write_text("\n".join([*index, "```", ""]))


def doxyfile(root: pathlib.Path, xml: pathlib.Path) -> str:
    """Settings of Doxygen."""
    inputs = " ".join(f'"{root / folder / name}"' for folder, names in headers(root).items() for name in names)
    return f"""PROJECT_NAME = flexor
INPUT = {inputs}
STRIP_FROM_PATH = "{root}"
FULL_PATH_NAMES = YES
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
OUTPUT_DIRECTORY = "{xml.parent}"
XML_OUTPUT = {xml.name}
EXTRACT_ALL = YES
HIDE_FRIEND_COMPOUNDS = YES
MARKDOWN_SUPPORT = YES
JAVADOC_AUTOBRIEF = YES
QUIET = YES
WARNINGS = YES
WARN_IF_UNDOCUMENTED = NO
WARN_IF_DOC_ERROR = YES
"""
