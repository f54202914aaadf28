import json
import tempfile

import duckdb
from peer import HERE, serve

db = duckdb.connect()
db.execute("SET threads = 2; SET preserve_insertion_order = false; SET timezone = 'UTC'")
CHECK = json.loads((HERE / "E1" / "check.json").read_text())
target = tempfile.TemporaryDirectory()
folder = None
ORDERS = ("{order_id: 'BIGINT', line: 'INTEGER', customer: 'VARCHAR', product: 'INTEGER', quantity: 'INTEGER', price: 'DOUBLE', "
          "day: 'VARCHAR', status: 'VARCHAR', note: 'VARCHAR'}")


def source(name, columns):
    return f"read_csv('{folder}/{name}.csv', header = true, auto_detect = false, delim = ',', quote = '\"', columns = {columns})"


def facts():
    customers = source("customers", "{id: 'VARCHAR', country: 'VARCHAR', segment: 'VARCHAR'}")
    products = source("products", "{id: 'INTEGER', category: 'VARCHAR', cost: 'DOUBLE'}")
    return f"""
        SELECT o.*, country, segment, category, cost, quantity * price AS amount, quantity * (price - cost) AS margin
        FROM (SELECT DISTINCT ON (order_id, line) order_id, line, upper(trim(customer)) AS customer, product,
                     coalesce(quantity, 1) AS quantity, price, CAST(strptime(day, '%d/%m/%Y') AS DATE) AS day,
                     lower(trim(status)) AS status
              FROM {source("orders", ORDERS)} WHERE price > 0 AND lower(trim(status)) <> 'cancelled') o
        LEFT JOIN {customers} c ON o.customer = c.id JOIN {products} p ON o.product = p.id"""


def pivot():
    sums = ", ".join(f"sum(amount) FILTER (category = '{name}') AS {name}"
                     for name in ("books", "food", "garden", "music", "office", "sport", "tools", "toys"))
    return f"SELECT CAST(date_trunc('month', day) AS DATE) AS month, country, {sums} FROM ({facts()}) GROUP BY ALL"


def load(data):
    global folder
    folder = data
    return ["facts", "pivot"]


def run(case):
    query = facts() if case == "facts" else pivot()
    db.execute(f"COPY ({query}) TO '{target.name}/{case}.parquet' (FORMAT parquet, COMPRESSION zstd)")


def answer(case):
    run(case)
    return db.execute(CHECK[case].replace("FROM t", f"FROM '{target.name}/{case}.parquet'")).fetchall()


serve(load, run, answer)
