"""TPC-H by DuckDB, in memory with two threads: the peer of tpch.lua.

    python tpch_duckdb.py DATA QUERIES [RUNS]
"""

import sys
import time

import duckdb

data, queries, runs = sys.argv[1], sys.argv[2], int(sys.argv[3] if len(sys.argv) > 3 else 5)
db = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
for table in "region nation supplier customer part partsupp orders lineitem".split():
    db.execute(f"CREATE TABLE {table} AS FROM read_csv('{data}/{table}.csv', header = true)")
    for name, kind in db.execute(
        f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table}'"
    ).fetchall():
        if kind == "DOUBLE":
            db.execute(f"ALTER TABLE {table} ALTER {name} TYPE DECIMAL(15, 2)")
total = 0.0
for i in range(1, 23):
    with open(f"{queries}/q{i:02}.sql") as f:
        text = f.read()
    best = float("inf")
    for _ in range(runs):
        began = time.perf_counter()
        db.execute(text).fetchall()
        best = min(best, time.perf_counter() - began)
    total += best
    print(f"q{i:02}  {best:7.3f} s", flush=True)
print(f"{total:.3f} s")
