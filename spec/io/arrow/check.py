# Opens a file of the format arrow with pyarrow, which validates it, and with Polars; prints what is in it.
import sys

import polars
import pyarrow.ipc as ipc

path = sys.argv[1]
table = (ipc.open_file if path.endswith(".arrow") else ipc.open_stream)(path).read_all()
table.validate(full=True)
last = table.slice(table.num_rows - 1)
shown = ["p" if last["st"][0].as_py()["p"][0]["z"] == "4999" else "?", last["nn"][0].as_py(), last["a"][0][0].as_py()]
seen = polars.from_arrow(table.drop_columns(["mo", "ci"]))
print(table.num_rows, seen["id"].sum(), last["x"][0], shown, table["x"].null_count)
