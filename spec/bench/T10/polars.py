import sys

import polars as pl

if sys.argv[2] == "first_row":
    print(pl.scan_csv(f"{sys.argv[1]}/mixed.csv").head(1).collect().rows())
