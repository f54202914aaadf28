import sys

import duckdb

if sys.argv[2] == "first_row":
    print(duckdb.connect().execute(f"SELECT * FROM read_csv('{sys.argv[1]}/mixed.csv') LIMIT 1").fetchall())
