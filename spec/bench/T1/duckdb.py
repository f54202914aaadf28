import duckdb
from peer import query, serve, tables

db = duckdb.connect()
db.execute("SET threads = 2; SET preserve_insertion_order = false")


def load(data):
    for name, columns in tables().items():
        kinds = ", ".join(f"'{column}': '{kind}'" for column, kind in columns)
        db.execute(f"CREATE TABLE {name} AS SELECT * FROM read_csv('{data}/{name}.csv', header = true, "
                   f"auto_detect = false, delim = ',', quote = '\"', columns = {{{kinds}}})")
    return [f"q{i:02d}" for i in range(1, 23)]


serve(load, lambda case: db.execute(query(case)).fetchall())
