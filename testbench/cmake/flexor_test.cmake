# SPDX-License-Identifier: Apache-2.0

# What every Verilated module needs, compiled once.
find_package(Threads REQUIRED)
add_library(flexor_verilated STATIC ${VERILATOR_ROOT}/include/verilated.cpp ${VERILATOR_ROOT}/include/verilated_threads.cpp)
target_include_directories(flexor_verilated SYSTEM PUBLIC ${VERILATOR_ROOT}/include ${VERILATOR_ROOT}/include/vltstd)
target_link_libraries(flexor_verilated PUBLIC Threads::Threads)

# flexor_verilate(target prefix [SPLIT] [DEPENDS file] verilator arguments ...): class `prefix`, Verilated when its sources change, becomes
# a part of `target`; DEPENDS names a source that the build writes. Benches are too short for more than -O1; SPLIT is for large modules: two
# units, and no optimisation of what runs only once; AS_IT_IS is for modules that take longer to optimise than to run.
function(flexor_verilate target prefix)
  cmake_parse_arguments(PARSE_ARGV 2 A "SPLIT;AS_IT_IS" "DEPENDS" "")
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${prefix})
  set(units ${folder}/${prefix}_unit.cpp)
  if(A_SPLIT)
    set(units ${folder}/${prefix}_fast.cpp ${folder}/${prefix}_slow.cpp)
    set_source_files_properties(${folder}/${prefix}_slow.cpp PROPERTIES COMPILE_OPTIONS -O0)
  endif()
  list(GET units 0 first)
  set(optimise -O1)
  if(A_AS_IT_IS)
    set(optimise -O0)
  endif()
  set_source_files_properties(${first} PROPERTIES COMPILE_OPTIONS ${optimise})
  add_custom_command(
    OUTPUT ${folder}/${prefix}.h ${units}
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/verilate ${folder} ${prefix} ${VERILATOR_BIN} ${A_UNPARSED_ARGUMENTS}
    DEPENDS ${CMAKE_SOURCE_DIR}/scripts/verilate ${A_DEPENDS}
    DEPFILE ${folder}/${prefix}.d
    COMMENT "Verilating ${prefix}"
    VERBATIM)
  target_sources(${target} PRIVATE ${units} ${folder}/${prefix}.h)
  target_include_directories(${target} SYSTEM PRIVATE ${folder})
endfunction()

# flexor_rtl_test(NAME test TOP module [VARIANTS name:-GA=1:-GB=2 ...] SOURCES test.cpp ... [LIBRARIES lib ...] [AS_IT_IS])
# One GoogleTest program over the Verilated module `TOP`. Each variant is one elaboration, with C++ class V<TOP>_<variant>;
# without VARIANTS there is one, class V<TOP>. Modules that TOP instantiates are found by name in the folders of rtl/.
function(flexor_rtl_test)
  cmake_parse_arguments(A "AS_IT_IS" "NAME;TOP" "VARIANTS;SOURCES;LIBRARIES" ${ARGN})
  set(flags "")
  if(A_AS_IT_IS)
    set(flags AS_IT_IS)
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

# flexor_model_test(NAME test SOURCES test.cpp ... LIBRARIES lib ...)
function(flexor_model_test)
  cmake_parse_arguments(A "" "NAME" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE GTest::gtest_main flexor_warnings ${A_LIBRARIES})
  target_compile_options(${A_NAME} PRIVATE -O1) # tests are too short for more
  gtest_discover_tests(${A_NAME} PROPERTIES LABELS model DISCOVERY_TIMEOUT ${FLEXOR_HANGS})
endfunction()
