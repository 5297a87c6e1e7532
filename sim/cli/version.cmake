# SPDX-License-Identifier: Apache-2.0
# cmake -DVERSION=... -DSOURCE_DIR=... -DOUT=version.cpp -P version.cmake: writes OUT if its text changes.
set(commit "")
find_program(git_program git)
if(git_program AND EXISTS ${SOURCE_DIR}/.git)
  execute_process(COMMAND ${git_program} describe --always --dirty --abbrev=7 --exclude=* WORKING_DIRECTORY ${SOURCE_DIR}
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(commit STREQUAL "")
  set(commit unknown)
endif()
set(text
    "// SPDX-License-Identifier: Apache-2.0
namespace flexor {
extern const char* const kVersion = \"${VERSION}\";
extern const char* const kCommit = \"${commit}\";
}  // namespace flexor
")
set(old "")
if(EXISTS ${OUT})
  file(READ ${OUT} old)
endif()
if(NOT old STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
