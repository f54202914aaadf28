import tempfile

import polars as pl
from peer import serve

c = pl.col
CHECK = [pl.len(), c("l_orderkey").sum(), c("l_quantity").sum(), c("l_extendedprice").sum(), c("l_tax").sum(),
         c("l_shipdate").min(), c("l_comment").max(), c("l_shipmode").max()]
folder = tempfile.TemporaryDirectory()
frame, loaded = None, None
path = {"write_csv": f"{folder.name}/t.csv", "write_parquet": f"{folder.name}/t.parquet", "save": f"{folder.name}/t.arrow"}


def load(data):
    global frame
    frame = pl.read_parquet(f"{data}/lineitem.parquet")
    return ["write_csv", "write_parquet", "save", "load"]


def run(case):
    global loaded
    if case == "load":
        loaded = pl.read_ipc(path["save"])
    elif case == "save":
        frame.write_ipc(path["save"], compression="zstd")
    elif case == "write_csv":
        frame.write_csv(path[case])
    else:
        frame.write_parquet(path[case], compression="zstd")


def answer(case):
    run(case)
    back = loaded
    if case == "write_csv":
        back = pl.read_csv(path[case], schema=frame.schema)
    elif case == "write_parquet":
        back = pl.read_parquet(path[case])
    elif case == "save":
        back = pl.read_ipc(path[case])
    return back.select(e.alias(str(i)) for i, e in enumerate(CHECK)).rows()


serve(load, run, answer)
