"""One engine under measurement, as a child process of run.py.

run.py starts it as `python -P <peer>.py DATA` with this folder on PYTHONPATH, so that a file may have its library's name.

A row's <peer>.py calls serve(load, run): load(data) prepares the engine and gives the cases it can run; run(case) does one
and gives its rows (a list of lists), or the nanoseconds it took by its own clock; answer(case), where given, gives the
rows instead. Commands come as lines on stdin (`load`,
`run CASE`, `answer CASE`, `quit`); each gets one line of JSON on stdout.
"""
import datetime
import decimal
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).parent


def text(value):
    """A value as Spark's CAST(value AS STRING) gives it, near enough to compare numbers by their value."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return str(value)


def tables():
    """The TPC-H tables: name -> list of (column, SQL type)."""
    text_ = json.loads((HERE / "tpch.json").read_text())
    return {name: columns(schema) for name, schema in text_.items()}


def columns(schema):
    """Spark's schema text as a list of (column, SQL type)."""
    parts = (part.strip().split(" ") for part in schema.replace(",2)", ";2)").split(","))
    return [(name, kind.replace(";", ",")) for name, kind in parts]


def query(number):
    return (HERE / "T1" / "queries" / f"{number}.sql").read_text()


def median_of(call, repeats):
    """Nanoseconds of one call, which gets the number of its turn: median and 99th percentile of many, after as many to
    warm up."""
    times = []
    for round_ in range(2 * repeats):
        began = time.perf_counter_ns()
        call(round_)
        if round_ >= repeats:
            times.append(time.perf_counter_ns() - began)
    times.sort()
    return {"ns": times[len(times) // 2], "p99": times[len(times) * 99 // 100]}


def sql_row():
    """row.json of a row that is SQL over tables, with its cases by name. The row's folder is the second argument."""
    info = json.loads((pathlib.Path(sys.argv[2]) / "row.json").read_text())
    for case in info["cases"]:
        if "file" in case:
            case["sql"] = (HERE / case["file"]).read_text()
    info["cases"] = {case["name"]: case for case in info["cases"]}
    return info


def serve(load, run, answer=None):
    out = sys.stdout
    sys.stdout = sys.stderr
    data = sys.argv[1]
    for line in sys.stdin:
        command, _, case = line.strip().partition(" ")
        began, cpu = time.perf_counter_ns(), time.process_time_ns()
        try:
            if command == "quit":
                return
            result = load(data) if command == "load" else (answer or run)(case) if command == "answer" else run(case)
            reply = {"ns": time.perf_counter_ns() - began, "cpu": time.process_time_ns() - cpu}
            if command == "load":
                reply["cases"] = result
            elif isinstance(result, int):
                reply["ns"] = result
            elif isinstance(result, dict):
                reply.update(result)
            elif command == "answer":
                reply["answer"] = [[text(v) for v in row] for row in result]
        except Exception as e:  # a peer that fails is a line of the report, not the end of it
            reply = {"error": f"{type(e).__name__}: {e}"[:500]}
        print(json.dumps(reply), file=out, flush=True)
