import pathlib
import tempfile

import duckdb
from peer import HERE, serve, tables

CHECK = (HERE / "I4" / "check.sql").read_text()
folder = tempfile.TemporaryDirectory()
db = duckdb.connect()
db.execute("SET threads = 2; SET preserve_insertion_order = false")
path = {"write_csv": f"{folder.name}/t.csv", "write_parquet": f"{folder.name}/t.parquet"}


def load(data):
    db.execute(f"CREATE TABLE lineitem AS SELECT * FROM '{data}/lineitem.parquet'")
    return ["write_csv", "write_parquet", "save", "load"]


def run(case):
    if case == "load":
        db.execute("CREATE OR REPLACE TEMP TABLE loaded AS SELECT * FROM own.t")
    elif case == "save":  # its own format is a database file, in the catalogue until the next one is written
        db.execute("DETACH DATABASE IF EXISTS own")
        pathlib.Path(f"{folder.name}/own.db").unlink(missing_ok=True)
        db.execute(f"ATTACH '{folder.name}/own.db' AS own; CREATE TABLE own.t AS SELECT * FROM lineitem; CHECKPOINT own")
    else:
        options = "FORMAT csv, HEADER" if case == "write_csv" else "FORMAT parquet, COMPRESSION zstd"
        db.execute(f"COPY lineitem TO '{path[case]}' ({options})")


def answer(case):
    run(case)
    types = ", ".join(f"'{column}': '{kind}'" for column, kind in tables()["lineitem"])
    source = {"load": "loaded", "save": "own.t", "write_parquet": f"'{path['write_parquet']}'",
              "write_csv": f"read_csv('{path['write_csv']}', columns = {{{types}}})"}[case]
    return db.execute(CHECK.replace("FROM t", f"FROM {source}")).fetchall()


serve(load, run, answer)
