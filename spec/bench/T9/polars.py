import polars as pl
from peer import median_of, serve

SIZES = (1, 100, 10000)
frames = {}


def load(_):
    for n in SIZES:
        frames[str(n)] = pl.DataFrame({"k": [i % 7 for i in range(1, n + 1)],
                                       "v": [(i * 7919) % 101 for i in range(1, n + 1)]})
    return [f"{form}_{n}" for n in SIZES for form in ("adhoc", "prepared", "lookup")]


def group(frame, x):
    return (frame.filter(pl.col("v") > x).group_by("k").agg(pl.len().alias("n"), pl.col("v").sum().alias("s"))
            .sort("k").rows())


def run(case):
    """Its calls, the faster way than its SQL, which has no parameters: both forms are the same."""
    form, n = case.split("_")
    if form == "lookup":
        return median_of(lambda turn: frames[n].filter(pl.col("v") == turn % 50).rows(), 300)
    return median_of(lambda turn: group(frames[n], turn % 50), 300)


serve(load, run)
