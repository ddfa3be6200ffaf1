#   The parts of tests/run: each a function that writes TAP, one line for each check, and for what
#   failed a line `# repeat: command`. Sourced, with the root as the current directory.
# shellcheck shell=bash
# shellcheck disable=SC2154  # root and results are tests/run's

jobs=$(nproc)
program_seconds=600  #  one program may take; sanitizers are slow, a deadlock is for ever

#   build PRESET [TARGET…]: quiet unless it fails.
build () {
    local preset=$1 log=$results/build-$1.log
    local targets=("${@:2}")
    if { cmake --preset "$preset" \
        && cmake --build --preset "$preset" -j "$jobs" ${targets:+--target "${targets[@]}"}; } \
        >"$log" 2>&1; then
        echo "ok the preset $preset builds"
    else
        echo "not ok the preset $preset builds"
        grep -E -A 4 'error:|undefined reference|^FAILED|CMake Error' "$log" | cut -c 1-200 | head -n 40 | sed 's/^/#   /'
        echo "# repeat: cmake --preset $preset && cmake --build --preset $preset"
        return 1
    fi
}

#   The sources of the unit tests whose path has this word in it; all without one.
unit_sources () {
    git ls-files -co --exclude-standard -- '*_test.c' | grep -F -- "${1:-}"
}

#   run_programs DIRECTORY REPEAT NAME…: cmocka programs, as many at a time as there are cores.
run_programs () {
    local directory=$1 repeat=$2 name
    shift 2
    # shellcheck disable=SC2016  # for the inner bash to expand
    printf '%s\n' "$@" | CMOCKA_MESSAGE_OUTPUT=TAP xargs -P "$jobs" -I NAME bash -c '
        timeout "$1" "$0/NAME" >"$0/NAME.tap" 2>&1 </dev/null
        echo $? >"$0/NAME.code"' "$directory" $program_seconds
    for name in "$@"; do
        show_program "$name" "$directory/$name.tap" "$(<"$directory/$name.code")" "$repeat"
    done
}

#   Its TAP under its name. A program that ended badly without a failed test has failed.
show_program () {
    local name=$1 tap=$2 code=$3 repeat=$4
    sed -E -e "s/^(not )?ok [0-9]+ (- )?/\1ok $name: /" -e '/^1\.\.[0-9]+$/d' "$tap"
    if ((code == 0)) && grep -q '^ok ' "$tap" && ! grep '^not ok' "$tap" | grep -qv '# SKIP'; then
        return
    fi
    if ! grep '^not ok' "$tap" | grep -qv '# SKIP'; then
        echo "not ok $name ended with $code"
        tail -n 10 "$tap" | sed 's/^/#   /'
    fi
    echo "# repeat: $repeat $name"
}

#   programs_of DIRECTORY WORD…: the names of the unit tests whose path has one of the words in it. A
#   test that nobody builds has failed.
programs_of () {
    local directory=$1 source name
    for source in $(for word in "${@:2}"; do unit_sources "$word"; done | sort -u); do
        name=$(basename "$source" .c)
        if [[ -x $directory/$name ]]; then
            echo "$name"
        else
            echo "not ok $source: no CMakeLists.txt makes it" >&2
        fi
    done
}

part_unit () {
    build debug || return
    mapfile -t names < <(programs_of build/debug/tests "${@:-_test.c}")
    ((${#names[@]})) && run_programs build/debug/tests "tests/run unit" "${names[@]}"
}

#   Where there are threads.
threaded=(daemon/ proto/wire/ broker/store/ broker/commit_ broker/reader_ broker/writer_ broker/broker_
    gateway/ worker/ cli/)

#   The unit tests again, of what has threads, under ThreadSanitizer.
part_threads () {
    build tsan || return
    mapfile -t names < <(programs_of build/tsan/tests "${@:-${threaded[@]}}")
    export TSAN_OPTIONS="suppressions=$root/tests/tsan.supp halt_on_error=1"
    ((${#names[@]})) && run_programs build/tsan/tests "tests/run threads" "${names[@]}"
    unset TSAN_OPTIONS
}

#   run_tap COMMAND…: a command that writes TAP; one that ends badly without saying why has failed.
run_tap () {
    local tap code
    tap=$("$@" 2>&1)
    code=$?
    printf '%s\n' "$tap"
    if ((code != 0)) && ! grep -q '^not ok' <<<"$tap"; then
        printf 'not ok %s ended with %d\n# repeat: %s\n' "${1##*/}" $code "$*"
    fi
}

#   The simulated world: its plays, and random lives; a few of these with sanitizers.
part_sim () {
    build release sim || return
    if (($#)); then
        run_tap tests/sim/run "$@"
        return
    fi
    run_tap tests/sim/run
    build debug sim && SIM=build/debug/tests/tocsin-sim run_tap tests/sim/run --seeds 100001 200
}

#   The whole preset is built, so that a second compiler has read all of the code.
part_fuzz () {
    build fuzz && run_tap tests/fuzz/run "$@"
}

#   The Python packages of system tests and lint, in a place of their own.
make_venv () {
    make_venv_of build/venv tests/system/requirements.txt tests/lint/requirements.txt
}

#   make_venv_of VENV REQUIREMENTS…: made again when one of these has changed.
make_venv_of () {
    local venv=$1 requirements=("${@:2}") sum
    sum=$(cat "${requirements[@]}" | sha256sum)
    [[ $(cat "$venv/.made-from" 2>/dev/null) == "$sum" ]] && return
    rm -rf "$venv"
    if "${PYTHON:-python3}" -m venv "$venv" \
        && "$venv/bin/pip" install -q "${requirements[@]/#/-r}"; then
        echo "$sum" >"$venv/.made-from"
    else
        echo "not ok the packages of ${requirements[*]} can be installed"
        return 1
    fi >"$results/${venv##*/}.log" 2>&1
}

part_lint () {
    make_venv && build debug && build release && run_tap tests/lint/run "$@"
}

#   pytest_to_tap LOG PART: pytest's summary, at the end of what it said, as TAP.
pytest_to_tap () {
    sed '1,/short test summary info/d' "$1" \
        | sed -nE -e 's/^PASSED /ok /p' -e 's/^(SKIPPED|XFAIL) (.*)/not ok # SKIP \2/p' \
            -e 's/^XPASS (.*)/not ok it was to fail: \1/p' \
            -e "s/^(FAILED|ERROR) ([^ ]*::([^ []*).*)/not ok \\2\\n# repeat: tests\\/run $2 -k \\3/p"
}

pytest_seconds=7200  #  for all plays of one part

#   run_pytest PART VENV DIRECTORY MARKERS WORD…: against the programs of TOCSIN_BUILD.
run_pytest () {
    local part=$1 venv=$2 directory=$3 markers=$4
    local log=$results/pytest-$part.log
    timeout $pytest_seconds "$venv/bin/python" -m pytest -rpfEsxX -p no:cacheprovider \
        --rootdir="$directory" -c "$directory/pyproject.toml" -m "$markers" "${@:5}" "$directory" >"$log" 2>&1
    local code=$?
    pytest_to_tap "$log" "$part"
    if ((code != 0)); then
        sed 's/^/#   /' "$log"
        return $code
    fi
}

run_system () {
    make_venv && make_node_modules && build debug || return
    TOCSIN_BUILD=$root/build/debug/bin run_pytest system build/venv tests/system "$@"
}

#   Three at a time: most of a play is waiting for something.
part_system () {
    run_system "not soak" -n 3 --dist worksteal "$@"
}

#   The Node.js packages of the SDK, beside its sources as a link: made again when they have changed.
make_node_modules () {
    local place=build/node sum
    ln -sfn ../../build/node/node_modules sdk/node/node_modules
    sum=$(cat sdk/node/package.json sdk/node/package-lock.json | sha256sum)
    [[ $(cat $place/.made-from 2>/dev/null) == "$sum" ]] && return
    rm -rf $place && mkdir -p $place && cp sdk/node/package.json sdk/node/package-lock.json $place
    #   zeromq comes with its binary; nothing is to be compiled.
    if npm ci --prefix $place --ignore-scripts --no-audit --no-fund >"$results/node.log" 2>&1; then
        echo "$sum" >$place/.made-from
    else
        echo "not ok the packages of sdk/node/package.json can be installed"
        sed 's/^/#   /' "$results/node.log"
        return 1
    fi
}

#   run_tap_of NAME COMMAND…: as run_tap, with the name before each sentence.
run_tap_of () { run_tap "${@:2}" | sed -E "s,^((not )?ok )([0-9]+ - )?,\1$1: ,"; }

#   The workers in other languages, and ours, against the document: -k WORD chooses rules.
part_conformance () {
    make_venv && make_node_modules && build debug tocsin-worker || return
    local python=$root/build/venv/bin/python worker
    export TOCSIN_BUILD=$root/build/debug/bin PYTHONDONTWRITEBYTECODE=1
    if ((!$#)); then
        run_pytest conformance build/venv sdk/python ""
        run_tap_of sdk/node node --test --test-reporter=tap sdk/node/test/*.test.js | grep -E '^((not )?ok|#   ) ?'
    fi
    for worker in c python node; do
        PATH=$root/build/venv/bin:$PATH run_tap_of $worker \
            "$python" tests/conformance/run "$@" tests/conformance/workers/$worker
    done
    #   Once more over CURVE: everything is the same, once the door is open.
    for worker in c python node; do
        PATH=$root/build/venv/bin:$PATH run_tap_of "$worker with keys" \
            "$python" tests/conformance/run --keys "$@" tests/conformance/workers/$worker
    done
    unset TOCSIN_BUILD PYTHONDONTWRITEBYTECODE
}

#   The plug-in for Kinto: a real Kinto over memory and PostgreSQL, and the release, which is quick enough.
run_kinto () {
    make_venv_of build/venv-kinto kinto/tests/requirements.txt && build release tocsin || return
    TOCSIN_BUILD=$root/build/bin PYTHONPATH=$root/kinto PYTHONDONTWRITEBYTECODE=1 \
        run_pytest kinto build/venv-kinto kinto "$@"
}

#   Two at a time: most of a play is waiting for a Kinto to start.
part_kinto () {
    run_kinto "not soak" -n 2 "$@"
}

#   python_of VERSION: where it is on this machine, if it is: by its own name, or one of pyenv's.
python_of () {
    local found
    for found in "$(command -v "python$1")" "$(pyenv prefix "$(pyenv latest "$1")" 2>/dev/null)/bin/python"; do
        [[ $("$found" --version 2>/dev/null) == "Python $1."* ]] && echo "$found" && return
    done
    return 1
}

#   The plug-in in a Kinto on each Python that Kinto supports and this machine has. Words go to pytest;
#   without any, those plays that need the fewest starts.
part_pythons () {
    local version python
    (($#)) || set -- -k "$few_plays"
    for version in 3.10 3.11 3.12 3.13 3.14; do
        if ! python=$(python_of $version); then
            echo "# Python $version is not on this machine"
            continue
        fi
        PYTHON=$python make_venv_of "build/venv-kinto-$version" kinto/tests/requirements.txt || return
        KINTO_PYTHON=$root/build/venv-kinto-$version/bin/python run_kinto "not soak" "$@" \
            | sed -E "s/^((not )?ok )/\1Python $version: /"
    done
}
few_plays="test_outbox or test_direct or test_redis or reconciliation or becomes or changed_for_everybody"

#   What a user runs first: ./tocsin builds and answers, and the second time at once.
part_house () {
    build release || return
    local before after version
    version=$(./tocsin version) && echo "ok ./tocsin version says ${version%%$'\n'*}" \
        || echo "not ok ./tocsin version answers"
    before=$(date +%s%N)
    ./tocsin version >/dev/null
    after=$(date +%s%N)
    local milliseconds=$(((after - before) / 1000000))
    if ((milliseconds < 500)); then
        echo "ok ./tocsin has nothing to do the second time"
    else
        echo "not ok ./tocsin took $milliseconds ms with nothing to do"
    fi
    if DESTDIR=$root/build/installed cmake --install build >"$results/install.log" 2>&1 \
        && [[ -x build/installed/usr/local/bin/tocsin ]]; then
        echo "ok it can be installed"
    else
        echo "not ok it can be installed"
    fi
}

part_bench_smoke () {
    build release || return
    if bench/run --smoke >"$results/bench.log" 2>&1; then
        echo "ok bench/run --smoke measures every part"
    else
        echo "not ok bench/run --smoke measures every part"
        tail -n 20 "$results/bench.log" | sed 's/^/#   /'
        echo "# repeat: bench/run --smoke"
    fi
}

#   Hours of the same: a million lives of the simulated world (its TAP has how far they are), and the
#   plays that are marked so. Words go to these.
part_soak () {
    build release sim && tests/sim/run --seeds 1 "${SOAK_SEEDS:-1000000}"
    pytest_seconds=172800
    run_system soak -s "$@"
    run_kinto soak
}
