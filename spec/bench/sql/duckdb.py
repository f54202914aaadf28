import os

import duckdb
from peer import serve, sql_row

info = sql_row()
db = duckdb.connect()
db.execute("SET threads = 2; SET preserve_insertion_order = false")
if os.environ.get("BENCH_MEMORY"):
    db.execute(f"SET memory_limit = '{os.environ['BENCH_MEMORY']}'")


def load(data):
    for name in info["tables"]:
        what = "VIEW" if info.get("memory") is False else "TABLE"
        db.execute(f"CREATE {what} {name} AS SELECT * FROM read_parquet('{data}/{name}.parquet')")
    return list(info["cases"])


def run(name):
    case = info["cases"][name]
    if "check" not in case:
        return db.execute(case["sql"]).fetchall()
    db.execute("CREATE OR REPLACE TEMP TABLE result AS " + case.get("duckdb", case["sql"]))


def answer(name):
    rows = run(name)
    return db.execute(info["cases"][name]["check"]).fetchall() if rows is None else rows


serve(load, run, answer)
