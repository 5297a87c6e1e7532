# SPDX-License-Identifier: Apache-2.0
"""Settings of Sphinx; scripts/docs says where the pages are."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
project = "FleXOR engine"
version = release = re.search(r"project\(flexor VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
extensions = ["myst_parser", "breathe"]
root_doc = "index"
exclude_patterns = []
myst_heading_anchors = 3
myst_enable_extensions = ["html_image"]
# Each header opens namespace flexor again, which breathe declares every time.
suppress_warnings = ["duplicate_declaration.cpp"]
breathe_projects = {"flexor": str(ROOT / "build-docs" / "xml")}
breathe_default_project = "flexor"
cpp_index_common_prefix = ["flexor::"]
cpp_id_attributes = ["[[nodiscard]]"]
highlight_language = "text"
html_theme = "furo"
html_title = f"FleXOR engine {release}"
html_static_path = [str(pathlib.Path(__file__).with_name("static"))]
html_css_files = ["site.css"]
html_extra_path = [str(ROOT / "build-docs" / "extra")]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
