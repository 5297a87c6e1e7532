# SPDX-License-Identifier: Apache-2.0
# cmake-format and cmake-lint settings; `section` comes from cmakelang.
with section("parse"):  # noqa: F821
    additional_commands = {
        "flexor_rtl_test": {"kwargs": {"NAME": 1, "TOP": 1, "VARIANTS": "+", "SOURCES": "+", "LIBRARIES": "+"}},
        "flexor_written_engine": {"kwargs": {"NAME": 1, "CONFIG": 1, "FILE": 1, "FILTER": 1, "FLAGS": "+", "MODELS": "+"}},
        "flexor_model_test": {"kwargs": {"NAME": 1, "SOURCES": "+", "LIBRARIES": "+"}},
        "verilate": {"pargs": 1, "flags": ["COVERAGE", "TRACE", "TRACE_FST", "SYSTEMC"],
                     "kwargs": {"PREFIX": 1, "TOP_MODULE": 1, "SOURCES": "+", "OPT_FAST": 1, "OPT_SLOW": 1, "OPT_GLOBAL": 1,
                                "VERILATOR_ARGS": "+"}},
        "gtest_discover_tests": {"pargs": 1, "kwargs": {"PROPERTIES": "+", "DISCOVERY_TIMEOUT": 1, "WORKING_DIRECTORY": 1,
                                                        "TEST_PREFIX": 1}},
    }

with section("format"):  # noqa: F821
    line_width = 140
    max_subgroups_hwrap = 4
    max_pargs_hwrap = 12
    max_lines_hwrap = 4
    max_rows_cmdline = 4
    keyword_case = "upper"

with section("markup"):  # noqa: F821
    enable_markup = False

with section("lint"):  # noqa: F821
    # C0103 and C0113: names of ours in CMake variables are lower case; C0301: a long path has no place to break;
    # R0915: a listfile is a list.
    disabled_codes = ["C0103", "C0111", "C0301", "R0915"]
    max_arguments = 8
