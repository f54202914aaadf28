import duckdb
from peer import median_of, serve

db = duckdb.connect()
db.execute("SET threads = 2")
SIZES = (1, 100, 10000)
QUERY = "SELECT k, count(*) AS n, sum(v) AS s FROM rows_{} WHERE v > {} GROUP BY k ORDER BY k"
LOOK_UP = "SELECT k, v FROM rows_{} WHERE v = {}"


def load(_):
    for n in SIZES:
        db.execute(f"CREATE TABLE rows_{n} AS SELECT i % 7 AS k, (i * 7919) % 101 AS v FROM range(1, {n + 1}) r(i)")
    return [f"{form}_{n}" for n in SIZES for form in ("adhoc", "prepared", "lookup")]


def run(case):
    form, n = case.split("_")
    if form == "adhoc":
        return median_of(lambda turn: db.execute(QUERY.format(n, f"{turn % 50} + 0 * {turn}")).fetchall(), 300)
    db.execute("PREPARE q AS " + (LOOK_UP if form == "lookup" else QUERY).format(n, "$1"))
    return median_of(lambda turn: db.execute(f"EXECUTE q({turn % 50})").fetchall(), 300)


serve(load, run)
