"""Inputs of the benchmark rows: seeded, written by other programs than the one measured.

generate(kind, size, folder) makes what is missing below `folder` and gives the path that the row's engines read.
"""
import pathlib
import shutil
import subprocess
import sys

MIXED_ROWS = {"small": 100_000, "full": 4_000_000}
SCALE = {"small": "0.01", "full": "1"}


def tpch(scale, folder):
    """The eight tables of TPC-H as CSV, by tpchgen-cli."""
    target = folder / f"sf{scale}"
    if not (target / "lineitem.csv").exists():
        command = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(command), "csv", "-s", scale, "--output-dir", str(target)], check=True)
    return target


def mixed(path, rows):
    """16 typed columns; one text column in fifty is quoted and holds separators, quotes or newlines."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as csv
    words = np.array([f"word{i:04d}" for i in range(5000)] + ['a "quoted" word', "two, parts", "two\nlines"] * 34)
    options = csv.WriteOptions(include_header=True, quoting_style="needed")
    block = 250_000
    with open(path, "wb") as out:
        for start in range(0, rows, block):
            r = np.random.default_rng([7, start])
            n = min(block, rows - start)
            columns = {
                "i1": pa.array(np.arange(start, start + n)),
                "i2": pa.array(r.integers(-1000, 1000, n, dtype=np.int32)),
                "i3": pa.array(r.integers(0, 2**50, n)),
                "d1": pa.array(np.round(r.normal(0, 100, n), 3)),
                "d2": pa.array(r.random(n)),
                "m1": pa.array(np.round(r.random(n) * 1e6, 2)),
                "b1": pa.array(r.random(n) < 0.5),
                "day": pa.array(r.integers(0, 20000, n).astype("datetime64[D]")),
                "t1": pa.array((r.integers(0, 2_000_000_000, n)).astype("datetime64[s]")),
                "s1": pa.array(words[r.zipf(1.3, n) % len(words)]),
                "s2": pa.array(words[r.integers(0, len(words), n)]),
                "s3": pa.array(words[r.integers(0, len(words), n)], mask=r.random(n) < 0.2),
                "s4": pa.array(np.char.add("user", r.integers(0, 10**7, n).astype(str))),
                "i4": pa.array(r.integers(0, 100, n)),
                "d3": pa.array(np.round(r.exponential(5, n), 2), mask=r.random(n) < 0.1),
                "s5": pa.array(np.char.add(np.char.add(words[r.integers(0, 5000, n)], " "), words[r.integers(0, 5000, n)])),
            }
            table = pa.table(columns)
            csv.write_csv(table, out, options if start == 0 else csv.WriteOptions(include_header=False,
                                                                                  quoting_style="needed"))


def csv_files(size, folder):
    target = folder / f"csv_{size}"
    target.mkdir(parents=True, exist_ok=True)
    lineitem = target / "lineitem.csv"
    if not lineitem.exists():
        lineitem.symlink_to((tpch(SCALE[size], folder) / "lineitem.csv").resolve())
    if not (target / "mixed.csv").exists():
        mixed(target / "part", MIXED_ROWS[size])
        shutil.move(target / "part", target / "mixed.csv")
    return target


def generate(kind, size, folder):
    if kind == "tpch":
        return tpch(SCALE[size], folder)
    if kind == "csv":
        return csv_files(size, folder)
    return folder
