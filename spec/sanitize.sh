#!/bin/sh
# make sanitize: the suite under a sanitizer. Usage: sanitize.sh address|thread FOLDER TEST..; FOLDER is built so.
# Lua itself is not instrumented: the sanitizer's library is preloaded into it. Under `thread` the unit tests that
# start threads run, and the specs below: what sorts, groups, joins, reads, writes and fits on several threads. Random
# queries and failing allocations need no second sanitizer and would take minutes.
set -eu
kind=$1 BUILD=$2
shift 2
export BUILD LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="$BUILD/?.so;;" LUA_INIT="@$PWD/spec/fault/loaded.lua"
case $kind in
address) library=$(gcc -print-file-name=libasan.so) ;;
thread)
  library=$(gcc -print-file-name=libtsan.so)
  export SPEC_ONLY="spec/fault/threads_spec.lua spec/exec/aggregate_spec.lua spec/exec/join_spec.lua \
    spec/exec/sort_spec.lua spec/snapshot"
  ;;
esac
gcc -shared -fPIC -o "$BUILD/unset.so" spec/fault/unset.c
# The search for leaks fails in the storage of threads that have ended, where it follows it through __tls_get_addr.
export ASAN_OPTIONS=intercept_tls_get_addr=0:detect_leaks=1:detect_stack_use_after_return=1:allocator_may_return_null=1:exitcode=66
export UBSAN_OPTIONS=print_stacktrace=1:exitcode=66
export TSAN_OPTIONS=exitcode=66:second_deadlock_stack=1:report_signal_unsafe=0
export SPEC_LUA="$PWD/$BUILD/lua5.4" # also arg[-1] of what it runs, so that children of scripts are watched too
cat >"$SPEC_LUA" <<EOF
#!/bin/bash
LD_PRELOAD=$library:$PWD/$BUILD/unset.so exec -a "\$0" $(command -v lua5.4) "\$@"
EOF
chmod +x "$SPEC_LUA"
exec setarch -R lua5.4 spec/run.lua "$@"
