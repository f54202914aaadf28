#!/bin/sh
# Seeds of a fuzz target: the small files of its format that the tests hold, each behind the byte that chooses options.
#   sh spec/fuzz/seeds.sh FORMAT FOLDER
# Targets of SQL get statements of the conformance cases, and a dictionary in FOLDER.dict.
set -e
format=$1 out=$2
rm -rf "$out"
mkdir -p "$out"
if [ "$format" = snapshot ]; then
  cp spec/snapshot/golden/*.snap "$out"
  exit 0
fi
# Statements of the SQL cases, one of ten of them a file each, up to 600 bytes.
statements() {
  find spec/conformance/sql -name '*.test' | sort | xargs cat | awk -v out="$out" '
    function done() {
      if (name && length(text) && length(text) < 600 && ++n % 10 == 0) {
        printf "%s", text > (out "/" n)
        close(out "/" n)
      }
      name = ""
    }
    /^(query|error|statement) / { done(); name = $2; text = ""; next }
    /^(schema|----|error|condition|$)/ { done(); next }
    name { text = text (text == "" ? "" : "\n") $0 }'
}
case $format in
sql_parse | sql_run)
  statements
  printf ' ' >"$out/blank" # read beyond its end once
  { # a dictionary of the keywords and the functions
    sed -n 's/^[A-Z_]*(\([A-Z_]*\).*/"\1 "/p' csrc/plan/keyword.def
    sed -n -e 's/.*\.name = "\([a-z_0-9]*\)".*/"\1("/p' -e 's/^ *[A-Z_0-9]*("\([a-z_0-9]*\)", .*/"\1("/p' csrc/kernel/*.c
  } | sort -u >"$out.dict"
  exit 0
  ;;
cast)
  n=0
  for from in STRING BOOLEAN TINYINT BIGINT DOUBLE 'DECIMAL(10,3)' BINARY DATE TIMESTAMP TIMESTAMP_NTZ 'TIME(6)' \
    'INTERVAL YEAR TO MONTH' 'INTERVAL DAY TO SECOND'; do
    for to in STRING INT FLOAT 'DECIMAL(38,18)' DATE TIMESTAMP 'INTERVAL HOUR'; do
      for text in true -12.5e3 '2024-02-29 12:34:56.789+01:00' 'NaN' "INTERVAL '1-2' YEAR TO MONTH" '12:34:56' "1 02:03:04.5"; do
        n=$((n + 1))
        printf '\000%s\n%s\n%s' "$from" "$to" "$text" >"$out/$n"
      done
    done
  done
  printf '\002array<int>\narray<string>\n1;2;x' >"$out/a1"
  printf '\002array<date>\nstring\n2024-01-01;;x' >"$out/a2"
  exit 0
  ;;
datetime)
  n=0
  for pattern in 'yyyy-MM-dd HH:mm:ss.SSSSSSXXX' 'EEE, dd MMM yyyy hh:mm a z' "G y QQQ 'of' D" '[yyyy][yy]MMdd' 'dd/MM/yyyy' \
    'MMMM d, uuuu' 'kk:KK VV O' 'HH:mm:ss.SSS'; do
    for text in '2024-02-29 12:34:56.789012+01:00' 'Thu, 29 Feb 2024 01:02 PM CET' '20240229' '29/02/2024' '12:34:56.789' \
      'février 29'; do
      n=$((n + 1))
      printf '\00012345678%s\n%s' "$pattern" "$text" >"$out/$n"
    done
  done
  exit 0
  ;;
esac
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
