import duckdb
from peer import median_of, serve

db = duckdb.connect()
db.execute("SET threads = 2")
SIZES = {"rows_1": 1, "rows_100": 100, "rows_10000": 10000}
QUERY = "SELECT k, count(*) AS n, sum(v) AS s FROM {} WHERE v > 10 GROUP BY k ORDER BY k"


def load(_):
    for name, n in SIZES.items():
        db.execute(f"CREATE TABLE {name} AS SELECT i % 7 AS k, (i * 7919) % 101 AS v FROM range(1, {n + 1}) r(i)")
    return list(SIZES)


serve(load, lambda case: median_of(lambda: db.execute(QUERY.format(case)).fetchall(), 300))
