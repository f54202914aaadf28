import json

import duckdb
from peer import HERE, columns, serve, tables

db = duckdb.connect()
db.execute("SET threads = 2; SET preserve_insertion_order = false; SET timezone = 'UTC'")
CHECK = json.loads((HERE / "I1" / "check.json").read_text())
kinds, folder = {}, None


def load(data):
    global folder
    folder = data
    kinds["lineitem"] = tables()["lineitem"]
    kinds["mixed"] = columns(json.loads((HERE / "mixed.json").read_text())["mixed"])
    return ["lineitem", "mixed", "lineitem_count"]


def run(case):
    name = case.split("_")[0]
    types = ", ".join(f"'{column}': '{kind}'" for column, kind in kinds[name])
    source = (f"read_csv('{folder}/{name}.csv', header = true, auto_detect = false, delim = ',', quote = '\"', "
              f"columns = {{{types}}})")
    if case.endswith("_count"):
        return db.execute(f"SELECT count(*) FROM {source}").fetchall()
    db.execute(f"CREATE OR REPLACE TABLE t AS SELECT * FROM {source}")
    return db.execute(CHECK[name]).fetchall()


serve(load, run)
