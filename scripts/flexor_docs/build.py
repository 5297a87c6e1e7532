# SPDX-License-Identifier: Apache-2.0
"""Called by scripts/docs with the Python of .venv-docs: build-docs/source, xml, extra, html. Warnings are errors."""
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from flexor_docs import api, sources, stage  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "build-docs"


def main() -> int:
    """Exit code 0, or 1 after Doxygen's or Sphinx's messages."""
    shutil.rmtree(OUT, ignore_errors=True)  # what an earlier build left, Doxygen's XML above all, costs more than it saves
    OUT.mkdir()
    stage.stage(ROOT, OUT / "source")
    api.write(ROOT, OUT / "source" / "api")
    sources.write(ROOT, stage.sources_linked(ROOT, stage.pages(ROOT)), OUT / "extra" / "sources")
    settings = OUT / "Doxyfile"
    settings.write_text(api.doxyfile(ROOT, OUT / "xml"))
    heard = subprocess.run(["doxygen", settings], capture_output=True, text=True, check=True).stderr
    if heard:
        print(heard, end="")
        return 1
    return subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "auto", "-c", pathlib.Path(__file__).parent, OUT / "source",
                           OUT / "html"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
