# SPDX-License-Identifier: Apache-2.0
# Python that has the locked synthesis tools; scripts/setup makes it.
set(FLEXOR_PYTHON ${CMAKE_SOURCE_DIR}/.venv/bin/python CACHE FILEPATH "Python with pyosys (made by scripts/setup)")
if(NOT EXISTS ${FLEXOR_PYTHON})
  message(FATAL_ERROR "${FLEXOR_PYTHON} does not exist; run scripts/setup, or configure with -DFLEXOR_TESTS=OFF")
endif()
