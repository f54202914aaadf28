import polars as pl
from peer import median_of, serve

SIZES = {"rows_1": 1, "rows_100": 100, "rows_10000": 10000}
frames = {}


def load(_):
    for name, n in SIZES.items():
        frames[name] = pl.DataFrame({"k": [i % 7 for i in range(1, n + 1)],
                                     "v": [(i * 7919) % 101 for i in range(1, n + 1)]})
    return list(SIZES)


def query(frame):
    return (frame.filter(pl.col("v") > 10).group_by("k").agg(pl.len().alias("n"), pl.col("v").sum().alias("s"))
            .sort("k").rows())


serve(load, lambda case: median_of(lambda: query(frames[case]), 300))
