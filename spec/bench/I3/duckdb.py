import json

import duckdb
from peer import HERE, columns, serve

db = duckdb.connect()
db.execute("SET threads = 2; SET preserve_insertion_order = false; SET timezone = 'UTC'")
CHECK = json.loads((HERE / "I3" / "check.json").read_text())
KINDS = columns(json.loads((HERE / "mixed.json").read_text())["mixed"])
folder = None


def load(data):
    global folder
    folder = data
    return ["three", "table", "parquet_three", "parquet_table"]


def run(case):
    types = ", ".join(f"'{column}': '{kind}'" for column, kind in KINDS)
    source = (f"read_csv('{folder}/*.csv', header = true, auto_detect = false, delim = ',', quote = '\"', "
              f"columns = {{{types}}})")
    if case.startswith("parquet_"):
        source, case = f"read_parquet('{folder}_parquet/*.parquet')", case.removeprefix("parquet_")
    if case == "three":
        return db.execute(CHECK["three"].replace("FROM t", f"FROM {source}")).fetchall()
    db.execute(f"CREATE OR REPLACE TABLE t AS SELECT * FROM {source}")
    return db.execute(CHECK["table"]).fetchall()


serve(load, run)
