# SPDX-License-Identifier: Apache-2.0
# From RTL to C++ classes, for simulators and benches alike.
find_package(verilator REQUIRED HINTS $ENV{VERILATOR_ROOT} /usr/share/verilator)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)

# What every Verilated module needs, compiled once; waves need flexor_verilated_fst too.
add_library(flexor_verilated STATIC ${VERILATOR_ROOT}/include/verilated.cpp ${VERILATOR_ROOT}/include/verilated_threads.cpp)
set(FLEXOR_VERILATOR_COVERAGE "")
if(FLEXOR_COVERAGE STREQUAL "rtl")
  set(FLEXOR_VERILATOR_COVERAGE --coverage-line --coverage-toggle --coverage-max-width 1024)
  target_sources(flexor_verilated PRIVATE ${VERILATOR_ROOT}/include/verilated_cov.cpp ${CMAKE_SOURCE_DIR}/testbench/coverage/save.cpp)
  target_compile_definitions(flexor_verilated PUBLIC VM_COVERAGE=1)
endif()
target_include_directories(flexor_verilated SYSTEM PUBLIC ${VERILATOR_ROOT}/include ${VERILATOR_ROOT}/include/vltstd)
target_link_libraries(flexor_verilated PUBLIC Threads::Threads)
add_library(flexor_verilated_fst STATIC ${VERILATOR_ROOT}/include/verilated_fst_c.cpp)
target_link_libraries(flexor_verilated_fst PUBLIC flexor_verilated PRIVATE ZLIB::ZLIB)

# flexor_verilate(target prefix [SPLIT] [FAST flag] [DEPENDS file] verilator arguments ...): class `prefix`, Verilated when its sources change,
# becomes a part of `target`; DEPENDS names a source that the build writes. FAST is the optimisation of what runs in every cycle, -O1 unless
# given: benches are too short for more. SPLIT is for large modules: two units, and no optimisation of what runs only once.
# Few units, because reading Verilator's headers takes most of the time that a small one takes to compile.
function(flexor_verilate target prefix)
  cmake_parse_arguments(PARSE_ARGV 2 A "SPLIT" "FAST;DEPENDS" "")
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${prefix})
  set(units ${folder}/${prefix}_unit.cpp)
  if(A_SPLIT)
    set(units ${folder}/${prefix}_fast.cpp ${folder}/${prefix}_slow.cpp)
    set_source_files_properties(${folder}/${prefix}_slow.cpp PROPERTIES COMPILE_OPTIONS -O0)
  endif()
  if(NOT A_FAST)
    set(A_FAST -O1)
  endif()
  list(GET units 0 first)
  set_source_files_properties(${first} PROPERTIES COMPILE_OPTIONS ${A_FAST})
  add_custom_command(
    OUTPUT ${folder}/${prefix}.h ${units}
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/verilate ${folder} ${prefix} ${VERILATOR_BIN} ${FLEXOR_VERILATOR_COVERAGE} ${A_UNPARSED_ARGUMENTS}
    DEPENDS ${CMAKE_SOURCE_DIR}/scripts/verilate ${A_DEPENDS}
    DEPFILE ${folder}/${prefix}.d
    COMMENT "Verilating ${prefix}"
    VERBATIM)
  target_sources(${target} PRIVATE ${units} ${folder}/${prefix}.h)
  target_include_directories(${target} SYSTEM PUBLIC ${folder})
endfunction()
