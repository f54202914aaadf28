import sqlite3

from peer import median_of, serve

db = sqlite3.connect(":memory:")  # keeps the statements of the last texts prepared
SIZES = (1, 100, 10000)
QUERY = "SELECT k, count(*) AS n, sum(v) AS s FROM rows_{} WHERE v > {} GROUP BY k ORDER BY k"
LOOK_UP = "SELECT k, v FROM rows_{} WHERE v = {}"


def load(_):
    for n in SIZES:
        db.execute(f"CREATE TABLE rows_{n} (k INTEGER, v INTEGER)")
        db.executemany(f"INSERT INTO rows_{n} VALUES (?, ?)", [(i % 7, (i * 7919) % 101) for i in range(1, n + 1)])
    return [f"{form}_{n}" for n in SIZES for form in ("adhoc", "prepared", "lookup")]


def run(case):
    form, n = case.split("_")
    if form == "adhoc":
        return median_of(lambda turn: db.execute(QUERY.format(n, f"{turn % 50} + 0 * {turn}")).fetchall(), 300)
    text = (LOOK_UP if form == "lookup" else QUERY).format(n, "?")
    return median_of(lambda turn: db.execute(text, (turn % 50,)).fetchall(), 300)


serve(load, run)
