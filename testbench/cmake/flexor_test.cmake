# SPDX-License-Identifier: Apache-2.0

# flexor_rtl_test(NAME test TOP module [VARIANTS name:-GA=1:-GB=2 ...] SOURCES test.cpp ... [LIBRARIES lib ...])
# One GoogleTest program over the Verilated module `TOP`. Each variant is one elaboration, with C++ class V<TOP>_<variant>;
# without VARIANTS there is one, class V<TOP>. Modules that TOP instantiates are found by name in the folders of rtl/.
function(flexor_rtl_test)
  cmake_parse_arguments(A "" "NAME;TOP" "VARIANTS;SOURCES;LIBRARIES" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE GTest::gtest_main flexor_parameters ${A_LIBRARIES})
  if(NOT A_VARIANTS)
    set(A_VARIANTS ":")
  endif()
  set(top_file ${FLEXOR_RTL})
  list(FILTER top_file INCLUDE REGEX "/${A_TOP}\\.sv$")
  foreach(variant IN LISTS A_VARIANTS)
    string(REPLACE ":" ";" parts "${variant}")
    list(POP_FRONT parts suffix)
    list(REMOVE_ITEM parts "")
    if(suffix)
      set(prefix V${A_TOP}_${suffix})
    else()
      set(prefix V${A_TOP})
    endif()
    verilate(
      ${A_NAME}
      PREFIX ${prefix}
      TOP_MODULE ${A_TOP}
      SOURCES ${FLEXOR_RTL_PACKAGES} ${top_file}
      VERILATOR_ARGS -O3 --assert ${FLEXOR_RTL_SEARCH} ${parts})
  endforeach()
  gtest_discover_tests(${A_NAME} PROPERTIES LABELS rtl DISCOVERY_TIMEOUT ${FLEXOR_HANGS})
endfunction()

# flexor_model_test(NAME test SOURCES test.cpp ... LIBRARIES lib ...)
function(flexor_model_test)
  cmake_parse_arguments(A "" "NAME" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE GTest::gtest_main flexor_warnings ${A_LIBRARIES})
  gtest_discover_tests(${A_NAME} PROPERTIES LABELS model DISCOVERY_TIMEOUT ${FLEXOR_HANGS})
endfunction()
