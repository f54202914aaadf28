#!/bin/sh
# Seeds of a fuzz target: the small files of its format that the tests hold, each behind the byte that chooses options.
#   sh spec/fuzz/seeds.sh FORMAT FOLDER
set -e
format=$1 out=$2
rm -rf "$out"
mkdir -p "$out"
if [ "$format" = snapshot ]; then
  cp spec/snapshot/golden/*.snap "$out"
  exit 0
fi
n=0
find spec/conformance spec/io spec/snapshot -type f -size -17 \( -name "*.$format" -o -name "*.${format}s" \) | sort |
while read -r file; do
  n=$((n + 1))
  { printf '\000'; cat "$file"; } >"$out/$n"
done
if [ "$format" = arrow ]; then # schemas of the C data interface, told by lines
  printf '\00120+s\n02i\n02tsu:UTC\n10+l\n02vu' >"$out/c1"
  printf '\00130+s\n07s\n02u\n10+m\n20+s\n02u\n02d:20,2,128\n10+w:3\n02tdD' >"$out/c2"
  printf '\00120+s\n20+r\n02i\n02U\n20+us:0,1\n02g\n02tin' >"$out/c3"
fi
