#   What every part is made with: tocsin_part, tocsin_program, tocsin_test, tocsin_fuzz.

add_library (tocsin_flags INTERFACE)
target_include_directories (tocsin_flags INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/generated")
target_compile_definitions (tocsin_flags INTERFACE _GNU_SOURCE)
target_compile_options (tocsin_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fvisibility=hidden -fno-common -fstack-protector-strong)
if (TOCSIN_SANITIZE)
    target_compile_options (tocsin_flags INTERFACE "-fsanitize=${TOCSIN_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options (tocsin_flags INTERFACE "-fsanitize=${TOCSIN_SANITIZE}")
endif ()
if (TOCSIN_FUZZ)
    target_compile_options (tocsin_flags INTERFACE -fsanitize=fuzzer-no-link)
endif ()

#   tocsin_part (NAME SOURCES a.c b.c LINKS tocsin_model PkgConfig::X)
#   A static library of one folder. LINKS are what it may see (tests/lint checks the arrows).
function (tocsin_part name)
    cmake_parse_arguments (PART "" "" "SOURCES;LINKS" ${ARGN})
    add_library (${name} STATIC ${PART_SOURCES})
    target_link_libraries (${name} PUBLIC tocsin_flags ${PART_LINKS})
endfunction ()

#   tocsin_program (NAME SOURCES main.c LINKS …): an executable in build/bin, installed.
function (tocsin_program name)
    cmake_parse_arguments (PROGRAM "" "" "SOURCES;LINKS" ${ARGN})
    add_executable (${name} ${PROGRAM_SOURCES})
    target_link_libraries (${name} PRIVATE tocsin_flags ${PROGRAM_LINKS})
    set_target_properties (${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
    install (TARGETS ${name} RUNTIME)
endfunction ()

#   tocsin_test (backoff_test.c LINKS tocsin_core): a cmocka program beside its unit, known to ctest.
function (tocsin_test source)
    cmake_parse_arguments (TEST "" "" "LINKS" ${ARGN})
    get_filename_component (name "${source}" NAME_WE)
    add_executable (${name} ${source})
    target_link_libraries (${name} PRIVATE tocsin_flags ${TEST_LINKS} PkgConfig::cmocka)
    set_target_properties (${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    add_test (NAME ${name} COMMAND ${name})
endfunction ()

#   tocsin_fuzz (codec_fuzz.c LINKS tocsin_wire): a libFuzzer target; its corpus is tests/fuzz/codec_fuzz/.
function (tocsin_fuzz source)
    if (NOT TOCSIN_FUZZ)
        return ()
    endif ()
    cmake_parse_arguments (FUZZ "" "" "LINKS" ${ARGN})
    get_filename_component (name "${source}" NAME_WE)
    add_executable (${name} ${source})
    target_link_libraries (${name} PRIVATE tocsin_flags ${FUZZ_LINKS})
    target_link_options (${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties (${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzzers")
endfunction ()
