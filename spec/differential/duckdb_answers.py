"""Answers of DuckDB to queries, in the lines of JSON that spark.py reads and writes."""
import json
import sys

import duckdb

db = duckdb.connect(config={"threads": 1})


def rows(sql):
    relation = db.sql(sql)
    names = [f"c{i}" for i in range(len(relation.columns))]
    cells = ", ".join(f"CAST({n} AS VARCHAR)" for n in names)
    return [list(r) for r in db.sql(f"SELECT {cells} FROM ({sql}) AS q({', '.join(names)})").fetchall()]


for line in open(sys.argv[1], encoding="utf-8"):
    case = json.loads(line)
    if "id" not in case:
        db.execute(case["sql"])
        continue
    try:
        answer = {"id": case["id"], "rows": rows(case["sql"])}
    except duckdb.Error as e:
        answer = {"id": case["id"], "error": str(e)[:200]}
    print(json.dumps(answer), flush=True)
