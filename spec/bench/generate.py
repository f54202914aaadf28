"""Inputs of the benchmark rows: seeded, written by other programs than the one measured.

generate(kind, size, folder) makes what is missing below `folder` and gives the path that the row's engines read.
"""
import base64
import pathlib
import shutil
import subprocess
import sys

from peer import tables

MIXED_ROWS = {"small": 100_000, "full": 4_000_000}
JSON_ROWS = {"small": 100_000, "full": 3_000_000}
FILES = {"small": 500, "full": 10_000}
FILE_ROWS = 600  # about 100 KB
ROWS = {"small": 200_000, "full": 10_000_000}
SALES = {"small": 100_000, "full": 5_000_000}
KERNEL_ROWS = {"small": 200_000, "full": 1_000_000}
HITS = {"small": 100_000, "full": 10_000_000}
SCALE = {"small": "0.01", "full": "1", "large": "10"}


def tpch(scale, folder):
    """The eight tables of TPC-H as CSV, by tpchgen-cli."""
    target = folder / f"sf{scale}"
    if not (target / "lineitem.csv").exists():
        command = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(command), "csv", "-s", scale, "--output-dir", str(target)], check=True)
    return target


def tpch_parquet(scale, folder):
    """The same tables as Parquet, zstd, row groups of a million rows."""
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.parquet as pq
    target = folder / f"sf{scale}_parquet"
    if scale == "10":  # too large to go through CSV: tpchgen-cli writes the files
        if not (target / "supplier.parquet").exists():
            command = pathlib.Path(sys.executable).parent / "tpchgen-cli"
            subprocess.run([str(command), "parquet", "-s", scale, "--num-threads", "2", "--compression", "ZSTD(1)",
                            "--output-dir", str(target)], check=True)
        return target
    source = tpch(scale, folder)
    target.mkdir(parents=True, exist_ok=True)
    kinds = {"BIGINT": pa.int64(), "INT": pa.int32(), "STRING": pa.string(), "DATE": pa.date32(),
             "DECIMAL(15,2)": pa.decimal128(15, 2)}
    for name, columns in tables().items():
        if not (target / f"{name}.parquet").exists():
            types = {column: kinds[kind] for column, kind in columns}
            table = csv.read_csv(source / f"{name}.csv", convert_options=csv.ConvertOptions(column_types=types))
            pq.write_table(table, target / "part", compression="zstd", row_group_size=1_000_000)
            (target / "part").rename(target / f"{name}.parquet")
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


def small_files(folder, files, write, ending):
    """The same columns in many files."""
    for start in range(0, files, 100):
        block = mixed_block(start * FILE_ROWS, 100 * FILE_ROWS)
        for i in range(min(100, files - start)):
            write(block.slice(i * FILE_ROWS, FILE_ROWS), folder / f"part-{start + i:05d}.{ending}")


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
    """CSV files, each with its header, and Parquet files in the folder's neighbour."""
    import pyarrow.csv as csv
    import pyarrow.parquet as pq
    options = csv.WriteOptions(include_header=True, quoting_style="needed")
    ways = {"": (lambda table, path: csv.write_csv(table, path, options), "csv"),
            "_parquet": (lambda table, path: pq.write_table(table, path, compression="zstd"), "parquet")}
    for name, (write, ending) in ways.items():
        target, part = folder / f"many_{size}{name}", folder / f"many_{size}{name}.part"
        if not target.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            small_files(part, FILES[size], write, ending)
            part.rename(target)
    return folder / f"many_{size}"


def parquet(path, columns, group=1_000_000):
    """Columns as one Parquet file, zstd, without dictionaries for what hardly repeats."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    part = path.with_suffix(".part")
    pq.write_table(pa.table(columns), part, compression="zstd", row_group_size=group)
    part.rename(path)


def codes(r, n, distinct, text):
    """n draws of 1..distinct as texts."""
    import numpy as np
    import pyarrow as pa
    values = pa.array([text % i for i in range(1, distinct + 1)])
    return values.take(pa.array(r.integers(0, distinct, n, dtype=np.int32)))


def h2o(size, folder):
    """The table of db-benchmark's questions about groups, K = 100."""
    import numpy as np
    target = folder / f"h2o_{size}"
    if (target / "x.parquet").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    n, k, r = ROWS[size], 100, np.random.default_rng(108)
    parquet(target / "x.parquet", {
        "id1": codes(r, n, k, "id%03d"), "id2": codes(r, n, k, "id%03d"), "id3": codes(r, n, n // k, "id%010d"),
        "id4": r.integers(1, k + 1, n, dtype=np.int32), "id5": r.integers(1, k + 1, n, dtype=np.int32),
        "id6": r.integers(1, n // k + 1, n, dtype=np.int32), "v1": r.integers(1, 6, n, dtype=np.int32),
        "v2": r.integers(1, 16, n, dtype=np.int32), "v3": np.round(r.random(n) * 100, 6)})
    return target


def h2o_join(size, folder):
    """The tables of db-benchmark's questions about joins: nine tenths of the keys meet."""
    import numpy as np
    import pyarrow as pa
    target = folder / f"h2o_join_{size}"
    if (target / "big.parquet").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    n, r = ROWS[size], np.random.default_rng(109)
    counts = {"small": max(n // 1_000_000, 10), "medium": max(n // 1_000, 100), "big": n}
    keys = {}
    for name, count in counts.items():
        all_ = r.permutation(int(count * 1.1)).astype(np.int32) + 1
        keys[name] = (np.concatenate([all_[:count]]), all_[len(all_) - count:])

    def texts(values):
        return pa.array(np.char.add("id", values.astype(str)))
    left = {name: keys[name][0][r.integers(0, counts[name], n)] for name in ("small", "medium")}
    big = r.permutation(keys["big"][0])
    parquet(target / "x.parquet", {
        "id1": left["small"], "id2": left["medium"], "id3": big, "id4": texts(left["small"]), "id5": texts(left["medium"]),
        "v1": np.round(r.random(n) * 100, 6)})
    for name, column in (("small", "id1"), ("medium", "id2"), ("big", "id3")):
        right = r.permutation(keys[name][1])
        columns = {column: right, "v2": np.round(r.random(counts[name]) * 100, 6)}
        if name == "medium":
            columns["id5"] = texts(right)
        parquet(target / f"{name}.parquet", columns)
    return target


def uniform_file(path, n):
    """Numbers and texts for sorts, windows and sums."""
    import numpy as np
    import pyarrow as pa
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    r = np.random.default_rng(110)
    a = r.permutation(n).astype(np.int64) * 7 + 3
    parquet(path, {
        "i": np.arange(n), "a": a, "f": r.integers(0, 100, n), "g": r.integers(0, n // 10, n), "p": r.integers(0, n // 100, n),
        "d": r.normal(0, 1000, n), "s": pa.array(np.char.add("key-", a.astype(str)))})


def uniform(size, folder):
    uniform_file(folder / f"uniform_{size}" / "u.parquet", ROWS[size])
    return folder / f"uniform_{size}"


def curves(size, folder):
    """The same table at each size of a curve; `small` has the names but not the rows of the larger ones."""
    target = folder / f"curves_{size}"
    for n in (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000):
        uniform_file(target / f"u{n}.parquet", n if size == "full" else n // 50)
    return target


def strings(size, folder):
    """URLs, small JSON texts and days as text."""
    import numpy as np
    import pyarrow as pa
    target = folder / f"strings_{size}"
    if (target / "hits.parquet").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    n, r = ROWS[size], np.random.default_rng(111)
    paths = ["search", "item", "cart", "user/profile", "news/archive", "images/large", "api/v2/list", "checkout"]
    weights = [0.3, 0.3, 0.1, 0.1, 0.1, 0.05, 0.0499, 0.0001]
    which, host = r.choice(len(paths), n, p=weights), r.zipf(1.2, n) % 500
    item, page, user = r.integers(0, 10**6, n), r.integers(0, 1000, n), r.integers(0, 10**5, n)
    url = [f"https://{'www.' if h % 3 == 0 else ''}example-{h}.com/{paths[w]}?item={i}&page={p}"
           for h, w, i, p in zip(host.tolist(), which.tolist(), item.tolist(), page.tolist())]
    j = [f'{{"event":"view","user":{{"id":{u},"tags":["a","b"]}},"page":{p}}}' for u, p in zip(user.tolist(), page.tolist())]
    day = np.array([f"{d:02d}/{m:02d}/{y}" for y in range(2015, 2025) for m in range(1, 13) for d in range(1, 29)])
    parquet(target / "hits.parquet", {"url": pa.array(url), "j": pa.array(j), "day": pa.array(day[r.integers(0, len(day), n)])})
    return target


def zipf(r, n, distinct):
    """n ranks below `distinct`; rank k comes with a probability of about 1 / (k + 1)."""
    import numpy as np
    return (np.exp(r.random(n) * np.log(distinct + 1)) - 1).astype(np.int32)


def texts(r, words, count, most):
    """Phrases of 1 to `most` words."""
    lengths, picks = r.integers(1, most + 1, count), zipf(r, count * most, len(words))
    return [" ".join(words[k] for k in picks[i * most:i * most + n]) for i, n in enumerate(lengths.tolist())]


def urls(r, words, count):
    hosts = ["www.google.com", "maps.google.de", "example.org", *(f"{w}.com" for w in words[100:3000])]
    host, path, query = zipf(r, count, len(hosts)), r.integers(0, len(words), (count, 2)), r.integers(0, 10**6, count)
    return [f"http{'s' if q % 3 else ''}://{hosts[h]}/{words[p]}/{words[k]}{f'?id={q}' if q % 4 else '.html'}"
            for h, (p, k), q in zip(host.tolist(), path.tolist(), query.tolist())]


def hits_columns(n, r):
    """Page views in the order of their time: ids, texts of Zipf's law of which many are empty, small numbers."""
    import numpy as np
    import pyarrow as pa
    parts = ["ka", "ri", "no", "ste", "lu", "mon", "вер", "та", "é", "shi", "ow", "ra", "del", "pin", "qu", "zo"]
    words = ["Google", "the", "of", "a", *("".join(parts[k] for k in ks) for ks in r.integers(0, 16, (20000, 4)).tolist())]
    count = max(n // 8, 1000)

    def some(values, empty):
        """Draws of the values, a share of them empty; and their ranks, -1 where empty."""
        rank = np.where(r.random(n) < empty, -1, zipf(r, n, len(values)))
        return pa.array(["", *values]).take(pa.array(rank + 1)), rank.astype(np.int64)
    url, url_rank = some(urls(r, words, count), 0.0)
    referer, referer_rank = some(urls(r, words, count), 0.4)
    title, _ = some(texts(r, words, count // 2, 8), 0.02)
    phrase, phrase_rank = some(texts(r, words, count // 2, 5), 0.85)
    model, model_rank = some([f"{w} {k}" for k, w in enumerate(words[4:170])], 0.9)
    seconds = np.sort(r.integers(0, 31 * 86400, n)) + 1372636800  # July 2013

    def small(top):
        return zipf(r, n, top).astype(np.int16)
    return {
        "watch_id": r.permutation(n).astype(np.int64) * 461168601842 + 17, "counter_id": zipf(r, n, 5000) + 1,
        "client_ip": zipf(r, n, n // 10) * 7 + 1000, "region_id": zipf(r, n, 9000) + 1,
        "user_id": (zipf(r, n, n // 6).astype(np.int64) + 1) * 228571428 + 5, "url": url, "referer": referer, "title": title,
        "search_phrase": phrase, "event_time": seconds.astype("datetime64[s]").astype("datetime64[us]"),
        "event_date": seconds.astype("datetime64[s]").astype("datetime64[D]"), "is_refresh": (r.random(n) < 0.15).astype(np.int16),
        "resolution_width": r.choice(np.array([1024, 1280, 1366, 1638, 1920, 2560], dtype=np.int16), n),
        "resolution_height": r.choice(np.array([768, 800, 900, 1080, 1440], dtype=np.int16), n),
        "search_engine_id": np.where(phrase_rank < 0, 0, small(40) + 1).astype(np.int16),
        "adv_engine_id": np.where(r.random(n) < 0.99, 0, small(18) + 1).astype(np.int16),
        "mobile_phone": np.where(model_rank < 0, 0, model_rank % 60 + 1).astype(np.int16), "mobile_phone_model": model,
        "os": small(90), "user_agent": small(80), "traffic_source_id": small(10) - 1,
        "is_link": (r.random(n) < 0.1).astype(np.int16), "is_download": (r.random(n) < 0.01).astype(np.int16),
        "not_counted": (r.random(n) < 0.05).astype(np.int16), "url_hash": (url_rank + 1) * 1000000000 + 7,
        "referer_hash": (referer_rank + 1) * 1000000000 + 19, "window_width": r.integers(300, 2560, n, dtype=np.int16),
        "window_height": r.integers(200, 1440, n, dtype=np.int16), "is_mobile": (model_rank >= 0).astype(np.int16),
        "language": pa.array(["de", "en", "fr", "ja", "ru", "tr"]).take(pa.array(zipf(r, n, 6)))}


def hits(size, folder):
    import numpy as np
    target = folder / f"hits_{size}"
    if not (target / "hits.parquet").exists():
        target.mkdir(parents=True, exist_ok=True)
        parquet(target / "hits.parquet", hits_columns(HITS[size], np.random.default_rng(112)))
    return target


def sales_block(start, n):
    """Lines of orders as they come from shops: blanks, mixed case, missing and impossible values, one in twenty sent twice."""
    import numpy as np
    import pyarrow as pa
    r = np.random.default_rng([113, start])
    customer = np.char.add("c", np.char.zfill(zipf(r, n, 200_000).astype(str), 7))
    customer = np.where(r.random(n) < 0.3, np.char.add(np.char.upper(customer), "  "), customer)
    days = np.array([f"{d:02d}/{m:02d}/2024" for m in range(1, 13) for d in range(1, 29)])
    status = np.array(["paid", "Paid", "shipped", "SHIPPED", "cancelled", "Cancelled "])
    price = np.round(r.exponential(40, n) - 2, 2)
    columns = {
        "order_id": pa.array(np.arange(start, start + n) // 3), "line": pa.array(np.arange(start, start + n, dtype=np.int32) % 3),
        "customer": pa.array(customer), "product": pa.array(zipf(r, n, 20_000)),
        "quantity": pa.array(r.integers(1, 20, n, dtype=np.int32), mask=r.random(n) < 0.05),
        "price": pa.array(price, mask=r.random(n) < 0.02), "day": pa.array(days[r.integers(0, len(days), n)]),
        "status": pa.array(status[r.choice(6, n, p=[0.4, 0.1, 0.3, 0.1, 0.07, 0.03])]),
        "note": pa.array(np.where(r.random(n) < 0.9, "", "call the customer, then \"ship\""))}
    table = pa.table(columns)
    return pa.concat_tables([table, table.take(pa.array(r.integers(0, n, n // 20)))])


def sales(size, folder):
    """Orders with two tables of what they refer to."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as csv
    target = folder / f"sales_{size}"
    if target.exists():
        return target
    part, block = folder / f"sales_{size}.part", 250_000
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    r = np.random.default_rng(114)
    with open(part / "orders.csv", "wb") as out:
        for start in range(0, SALES[size], block):
            csv.write_csv(sales_block(start, min(block, SALES[size] - start)), out,
                          csv.WriteOptions(include_header=start == 0, quoting_style="needed"))
    countries, segments = np.array(["DE", "FR", "US", "JP", "BR", "IN", "GB", "PL"]), np.array(["home", "office", "trade"])
    kinds = np.array(["books", "food", "garden", "music", "office", "sport", "tools", "toys"])
    csv.write_csv(pa.table({"id": [f"C{i:07d}" for i in range(190_000)], "country": countries[zipf(r, 190_000, 8)],
                            "segment": segments[r.integers(0, 3, 190_000)]}), part / "customers.csv")
    csv.write_csv(pa.table({"id": np.arange(20_000), "category": kinds[r.integers(0, 8, 20_000)],
                            "cost": np.round(r.random(20_000) * 20, 2)}), part / "products.csv")
    part.rename(target)
    return target


def kernel_columns(n, r):
    """Columns of every kind that functions take."""
    import numpy as np
    import pyarrow as pa

    def lists(most):
        ends = np.cumsum(r.integers(1, most + 1, n))
        offsets = np.concatenate([[0], ends]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(r.integers(0, 100, ends[-1])))

    def vectors():
        return pa.ListArray.from_arrays(pa.array(np.arange(0, 8 * n + 1, 8, dtype=np.int32)),
                                        pa.array(r.normal(0, 1, 8 * n).astype(np.float32)))
    i, j, number = r.integers(-10**9, 10**9, n), r.integers(1, 1001, n), r.integers(0, 10**6, n)
    cents, days = r.integers(100, 10**8, n), r.integers(10957, 20000, n).astype(np.int32)
    seconds, v = r.integers(946684800, 1704067200, n), r.integers(0, 1000, n)
    at = seconds.astype("datetime64[s]")
    kinds, words = ["search", "item", "cart", "news/archive"], ["alpha", "Beta", "gamma", "Delta", "omega"]
    rows = list(zip(i.tolist(), j.tolist(), number.tolist(), v.tolist()))
    s = [f"word-{c} {words[b % 5]}" for a, b, c, d in rows]
    return {
        "i": i, "j": j, "n": number.astype(np.int32), "x": np.maximum(r.random(n), 1e-9), "y": r.normal(0, 1, n),
        "m": cents,
        "d": days.astype("datetime64[D]"), "ts": at.astype("datetime64[us]"), "s": s,
        "t": [" " * (b % 4) + f"text {c}" + " " * (b % 3) for a, b, c, d in rows],
        "u": [f"https://www.example-{b}.com/{kinds[c % 4]}?item={c}&page={d}" for a, b, c, d in rows],
        "h": [f"{c * 7919 + 2**36:010x}" for a, b, c, d in rows], "num": [str(c) for a, b, c, d in rows],
        "day": days.astype("datetime64[D]").astype(str), "at": np.char.replace(at.astype(str), "T", " "),
        "js": [f'{{"id":{a},"name":"{words[b % 5]} {c}","user":{{"v":{d}}},"tags":[{b},2,3]}}' for a, b, c, d in rows],
        "xm": [f"<r><a>{c}</a><b>{words[b % 5]} {d}</b></r>" for a, b, c, d in rows],
        "cs": [f"{a},{words[b % 5]} {c},{d}" for a, b, c, d in rows],
        "b": [base64.b64encode(text.encode()).decode() for text in s],
        "a": lists(12), "c": lists(6), "e": vectors(), "f": vectors()}


def raw(folder, name, column):
    """A column as its bytes, and for texts and lists where each row's end: what the C peer of row K1 reads."""
    import numpy as np
    import pyarrow as pa
    if pa.types.is_string(column.type):
        bytes_ = column.cast(pa.large_string())
        ends, values = np.frombuffer(bytes_.buffers()[1], np.int64)[1:len(column) + 1], np.frombuffer(bytes_.buffers()[2], np.uint8)
    elif pa.types.is_list(column.type):
        ends, values = column.offsets.to_numpy()[1:].astype(np.int64), column.values.to_numpy()
    else:
        ends, values = None, column.to_numpy(zero_copy_only=False)
    if ends is not None:
        ends.tofile(folder / f"{name}.end.bin")
        values = values[:ends[-1]] if values.dtype == np.uint8 else values
    if values.dtype.kind == "M":
        values = values.astype(np.int32 if values.dtype == "datetime64[D]" else np.int64)
    values.tofile(folder / f"{name}.bin")


def kernels(size, folder):
    """A table for row K1, and its columns as they lie in memory beside it."""
    import numpy as np
    import pyarrow as pa
    target, part = folder / f"kernels_{size}", folder / f"kernels_{size}.part"
    if target.exists():
        return target
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    table = pa.table(kernel_columns(KERNEL_ROWS[size], np.random.default_rng(115)))
    for name in table.column_names:
        raw(part, name, table.column(name).combine_chunks())
    parquet(part / "k.parquet", {name: table.column(name) for name in table.column_names})
    part.rename(target)
    return target


GENERATORS = {"tpch": lambda size, folder: tpch(SCALE[size], folder),
              "tpch_parquet": lambda size, folder: tpch_parquet(SCALE[size], folder), "csv": csv_files, "json": json_files,
              "many": many_files, "h2o": h2o, "h2o_join": h2o_join, "uniform": uniform, "curves": curves, "strings": strings,
              "hits": hits, "sales": sales, "kernels": kernels}


def generate(kind, size, folder):
    return GENERATORS[kind](size, folder) if kind in GENERATORS else folder
