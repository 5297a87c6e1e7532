# SPDX-License-Identifier: Apache-2.0

# flexor_rtl_test(NAME test TOP module [VARIANTS name:-GA=1:-GB=2 ...] SOURCES test.cpp ... [LIBRARIES lib ...])
# One GoogleTest program over the Verilated module `TOP`. Each variant is one elaboration, with C++ class V<TOP>_<variant>;
# without VARIANTS there is one, class V<TOP>. The file list is all of rtl/, so a module finds what it instantiates.
function(flexor_rtl_test)
  cmake_parse_arguments(A "" "NAME;TOP" "VARIANTS;SOURCES;LIBRARIES" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE GTest::gtest_main flexor_parameters ${A_LIBRARIES})
  if(NOT A_VARIANTS)
    set(A_VARIANTS ":")
  endif()
  foreach(variant IN LISTS A_VARIANTS)
    string(REPLACE ":" ";" parts "${variant}")
    list(POP_FRONT parts suffix)
    list(REMOVE_ITEM parts "")
    if(suffix)
      set(prefix V${A_TOP}_${suffix})
    else()
      set(prefix V${A_TOP})
    endif()
    verilate(${A_NAME} PREFIX ${prefix} TOP_MODULE ${A_TOP} SOURCES ${FLEXOR_RTL}
             VERILATOR_ARGS -O3 --x-assign unique --x-initial unique --assert -Wno-fatal ${parts})
  endforeach()
  gtest_discover_tests(${A_NAME} PROPERTIES LABELS rtl DISCOVERY_TIMEOUT 60)
endfunction()

# flexor_model_test(NAME test SOURCES test.cpp ... LIBRARIES lib ...)
function(flexor_model_test)
  cmake_parse_arguments(A "" "NAME" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE GTest::gtest_main flexor_warnings ${A_LIBRARIES})
  gtest_discover_tests(${A_NAME} PROPERTIES LABELS model DISCOVERY_TIMEOUT 60)
endfunction()
