#!/bin/sh
# make check: formatting, warnings as errors with gcc and clang, luacheck, the include law, forbidden calls.
set -eu
cd "$(dirname "$0")/.."
fail=0
say() { echo "check: $*"; fail=1; }

find csrc spec -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror 2>&1 | head -20 | grep . && say "run clang-format -i"
luacheck -q lua spec examples .luacheckrc >/tmp/mill_luacheck.$$ 2>&1 || { tail -20 /tmp/mill_luacheck.$$; say "luacheck"; }
rm -f /tmp/mill_luacheck.$$
lua5.4 spec/include_law.lua || say "include law"
for cc in gcc clang; do
  make --no-print-directory -s -j"$(nproc)" BUILD=build/check-$cc CC=$cc CFLAGS="-O1 -Werror" all >/dev/null || say "warnings with $cc"
done
[ $fail = 0 ] && echo "check: all well"
exit $fail
