import json

import duckdb
from peer import HERE, serve

db = duckdb.connect()
db.execute("SET threads = 2; SET preserve_insertion_order = false; SET timezone = 'UTC'")
CHECK = json.loads((HERE / "I2" / "check.json").read_text())
COLUMNS = ("{id: 'BIGINT', time: 'TIMESTAMP', kind: 'VARCHAR', user: 'STRUCT(id BIGINT, name VARCHAR, country VARCHAR)', "
           "price: 'DOUBLE', quantity: 'INTEGER', ratio: 'DOUBLE', first: 'BOOLEAN', tags: 'VARCHAR[]', note: 'VARCHAR'}")
path = None


def load(data):
    global path
    path = f"{data}/events.json"
    return ["table", "two", "infer"]


def run(case):
    if case == "infer":
        found = db.execute(f"DESCRIBE SELECT * FROM read_json('{path}', format = 'newline_delimited', sample_size = -1)")
        return [[len(found.fetchall())]]
    source = f"read_json('{path}', format = 'newline_delimited', columns = {COLUMNS})"
    if case == "two":
        return db.execute(CHECK["two"].replace("FROM t", f"FROM {source}")).fetchall()
    db.execute(f"CREATE OR REPLACE TABLE t AS SELECT * FROM {source}")
    return db.execute(CHECK["table"]).fetchall()


serve(load, run)
