import json
import pathlib
import tempfile

import duckdb
from peer import query, serve, tables

ROW = json.loads((pathlib.Path(__file__).parent / "row.json").read_text())
folder = None


def load(data):
    global folder
    folder = data
    names = [*ROW["queries"], *ROW["tpch"]]
    return sorted(f"{name}_{limit}" for name in names for limit in ROW["limits"])


def run(case):
    name, limit = case.rsplit("_", 1)
    size = "small" if "sf0.01" in folder else "full"
    with tempfile.TemporaryDirectory() as temp:
        db = duckdb.connect(config={"threads": 2, "memory_limit": f"{limit}MB", "temp_directory": temp,
                                    "preserve_insertion_order": False})
        rows = f"SELECT range AS id FROM range({ROW['rows'][size]})"
        db.execute("CREATE VIEW r AS " + ROW["view"].replace("{rows}", rows))
        for table, columns in tables().items():
            types = ", ".join(f"'{column}': '{kind}'" for column, kind in columns)
            db.execute(f"CREATE VIEW {table} AS FROM read_csv('{folder}/{table}.csv', header = true, "
                       f"columns = {{{types}}})")
        got = db.execute(ROW["queries"].get(name) or query(name)).fetchall()
        db.close()
    return got


serve(load, run)
