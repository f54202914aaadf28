import polars as pl
from peer import query, serve, tables

KINDS = {"BIGINT": pl.Int64, "INT": pl.Int32, "STRING": pl.String, "DATE": pl.Date, "DECIMAL(15,2)": pl.Decimal(15, 2)}
frames = {}


def load(data):
    for name, columns in tables().items():
        frames[name] = pl.read_csv(f"{data}/{name}.csv", schema={column: KINDS[kind] for column, kind in columns})
    return [f"q{i:02d}" for i in range(1, 23)]


def run(case):
    with pl.SQLContext(frames=frames, eager=False) as sql:
        return sql.execute(query(case)).collect(engine="streaming").rows()


serve(load, run)
