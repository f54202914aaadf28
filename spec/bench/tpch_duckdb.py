"""TPC-H by DuckDB, in memory with two threads, in turn with Tidemill: the best time of each.

    python tpch_duckdb.py DATA QUERIES [RUNS]       from the root of the tree, LUA_PATH and LUA_CPATH set
"""

import subprocess
import sys
import time

import duckdb

data, queries, runs = sys.argv[1], sys.argv[2], int(sys.argv[3] if len(sys.argv) > 3 else 5)
ours = subprocess.Popen(
    ["lua5.4", "spec/bench/tpch.lua", data, queries, "", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)
while ours.stdout.readline().strip() != "ready":
    pass
db = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
for table in "region nation supplier customer part partsupp orders lineitem".split():
    db.execute(f"CREATE TABLE {table} AS FROM read_csv('{data}/{table}.csv', header = true)")
    for name, kind in db.execute(
        f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table}'"
    ).fetchall():
        if kind == "DOUBLE":
            db.execute(f"ALTER TABLE {table} ALTER {name} TYPE DECIMAL(15, 2)")
totals = [0.0, 0.0]
for i in range(1, 23):
    with open(f"{queries}/q{i:02}.sql") as f:
        text = f.read()
    best = [float("inf"), float("inf")]
    for _ in range(runs):
        ours.stdin.write(f"q{i:02}\n")
        ours.stdin.flush()
        best[0] = min(best[0], float(ours.stdout.readline()))
        began = time.perf_counter()
        db.execute(text).fetchall()
        best[1] = min(best[1], time.perf_counter() - began)
    totals = [totals[0] + best[0], totals[1] + best[1]]
    print(f"q{i:02}  {best[0]:7.3f}  {best[1]:7.3f} s  {best[0] / best[1]:5.1f}x", flush=True)
print(f"sum  {totals[0]:7.3f}  {totals[1]:7.3f} s  {totals[0] / totals[1]:5.1f}x")
ours.stdin.close()
