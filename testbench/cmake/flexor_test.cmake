# SPDX-License-Identifier: Apache-2.0

# flexor_rtl_test(NAME test TOP module [VARIANTS name:-GA=1:-GB=2 ...] SOURCES test.cpp ... [LIBRARIES lib ...] [AS_IT_IS])
# One GoogleTest program over the Verilated module `TOP`. Each variant is one elaboration, with C++ class V<TOP>_<variant>;
# without VARIANTS there is one, class V<TOP>. AS_IT_IS is for modules that take longer to optimise than to run. Modules that TOP instantiates are found by name in the folders of rtl/.
function(flexor_rtl_test)
  cmake_parse_arguments(A "AS_IT_IS" "NAME;TOP" "VARIANTS;SOURCES;LIBRARIES" ${ARGN})
  set(flags "")
  if(A_AS_IT_IS)
    set(flags FAST -O0)
  endif()
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE GTest::gtest_main flexor_parameters flexor_verilated ${A_LIBRARIES})
  target_compile_options(${A_NAME} PRIVATE -O1)
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
    flexor_verilate(${A_NAME} ${prefix} ${flags} -O3 --assert --top-module ${A_TOP} ${FLEXOR_RTL_SEARCH} ${parts} ${FLEXOR_RTL_PACKAGES}
                    ${top_file})
  endforeach()
  gtest_discover_tests(${A_NAME} PROPERTIES LABELS rtl DISCOVERY_TIMEOUT ${FLEXOR_HANGS})
endfunction()

# flexor_model_test(NAME test SOURCES test.cpp ... LIBRARIES lib ...), a few sources a unit: reading GoogleTest's headers takes most of the time.
function(flexor_model_test)
  cmake_parse_arguments(A "" "NAME" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE GTest::gtest_main flexor_warnings ${A_LIBRARIES})
  target_compile_options(${A_NAME} PRIVATE -O1) # tests are too short for more
  set_target_properties(${A_NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 7)
  gtest_discover_tests(${A_NAME} PROPERTIES LABELS model DISCOVERY_TIMEOUT ${FLEXOR_HANGS})
endfunction()
