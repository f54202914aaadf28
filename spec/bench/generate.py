"""Inputs of the benchmark rows: seeded, written by other programs than the one measured.

generate(kind, size, folder) makes what is missing below `folder` and gives the path that the row's engines read.
"""
import pathlib
import shutil
import subprocess
import sys

MIXED_ROWS = {"small": 100_000, "full": 4_000_000}
JSON_ROWS = {"small": 100_000, "full": 3_000_000}
FILES = {"small": 500, "full": 10_000}
FILE_ROWS = 600  # about 100 KB
SCALE = {"small": "0.01", "full": "1"}


def tpch(scale, folder):
    """The eight tables of TPC-H as CSV, by tpchgen-cli."""
    target = folder / f"sf{scale}"
    if not (target / "lineitem.csv").exists():
        command = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(command), "csv", "-s", scale, "--output-dir", str(target)], check=True)
    return target


def mixed_block(start, n):
    """16 typed columns; one text column in fifty is quoted and holds separators, quotes or newlines."""
    import numpy as np
    import pyarrow as pa
    words = np.array([f"word{i:04d}" for i in range(5000)] + ['a "quoted" word', "two, parts", "two\nlines"] * 34)
    r = np.random.default_rng([7, start])
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
    return pa.table(columns)


def mixed(path, rows):
    import pyarrow.csv as csv
    block = 250_000
    with open(path, "wb") as out:
        for start in range(0, rows, block):
            csv.write_csv(mixed_block(start, min(block, rows - start)), out,
                          csv.WriteOptions(include_header=start == 0, quoting_style="needed"))


def small_files(folder, files):
    """The same columns in many files, each with its header."""
    import pyarrow.csv as csv
    options = csv.WriteOptions(include_header=True, quoting_style="needed")
    for start in range(0, files, 100):
        block = mixed_block(start * FILE_ROWS, 100 * FILE_ROWS)
        for i in range(min(100, files - start)):
            csv.write_csv(block.slice(i * FILE_ROWS, FILE_ROWS), folder / f"part-{start + i:05d}.csv", options)


def ndjson(path, rows):
    """Ten members in three orders, an object and a list in each; texts with escapes and beyond ASCII; nulls."""
    import json
    import numpy as np
    countries = ["DE", "FR", "US", "JP", "BR", "Österreich", "日本"]
    kinds = ["view", "click", "purchase", "refund"]
    notes = ["", "plain note", "a \"quoted\" note", "two\nlines", "a longer note that nobody reads to its end"]
    block = 50_000
    with open(path, "w", encoding="utf-8") as out:
        for start in range(0, rows, block):
            r = np.random.default_rng([11, start])
            n = min(block, rows - start)
            user, ratio, price = r.integers(0, 10**6, n), r.random(n), np.round(r.exponential(50, n), 2)
            pick, seconds = r.integers(0, 2**31, n), r.integers(0, 2_000_000_000, n).astype("datetime64[s]").astype(str)
            lines = []
            for i in range(n):
                k = int(pick[i])
                members = {
                    "id": start + i, "time": seconds[i].replace("T", " "), "kind": kinds[k % 4],
                    "user": {"id": int(user[i]), "name": f"user{k % 5000:04d}", "country": countries[k % 7]},
                    "price": float(price[i]), "quantity": k % 100, "ratio": float(ratio[i]) if k % 10 else None,
                    "first": k % 3 == 0, "tags": [f"tag{k % 7}", f"tag{k % 11}"][: k % 3], "note": notes[k % 5]}
                names = list(members)
                order = names if k % 3 == 0 else names[::-1] if k % 3 == 1 else names[5:] + names[:5]
                lines.append(json.dumps({name: members[name] for name in order}, ensure_ascii=False,
                                        separators=(",", ":")))
            out.write("\n".join(lines) + "\n")


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


def json_files(size, folder):
    target = folder / f"json_{size}"
    target.mkdir(parents=True, exist_ok=True)
    if not (target / "events.json").exists():
        ndjson(target / "part", JSON_ROWS[size])
        shutil.move(target / "part", target / "events.json")
    return target


def many_files(size, folder):
    target = folder / f"many_{size}"
    if not target.exists():
        part = folder / f"many_{size}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        small_files(part, FILES[size])
        part.rename(target)
    return target


def generate(kind, size, folder):
    if kind == "tpch":
        return tpch(SCALE[size], folder)
    kinds = {"csv": csv_files, "json": json_files, "many": many_files}
    return kinds[kind](size, folder) if kind in kinds else folder
