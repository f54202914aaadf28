#!/usr/bin/env python3
"""The benchmark suite: our times beside those of the peers, from the same run.

    python3 spec/bench/run.py --rows T1,I1 --peers duckdb,polars,spark [--size small|full|large] [--runs 5]

A row is a folder here: row.json says what it is, tidemill.lua and <peer>.py run it. Each engine is a child process that is
bound to the same cores; the engines take turns, case by case, so that a change of the machine's speed meets all of them.
Answers are compared: with the recorded ones where a row has them, else with each other. The table goes to stdout and to
build/bench/, the figures to build/bench/results for readme.lua. Each row ends with `gm ratio X`: the geometric mean over
its cases of our time / the best peer's.
"""
import argparse
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import curves
from generate import generate

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "build" / "bench"
LIMIT = 120  # seconds a call may take before the engine is given up for the row
MEMORY = ""  # what our engine and DuckDB may take, "8GB"; empty: their defaults
CASES = ("",)  # beginnings of the names of the cases that are measured
WARM = 8  # seconds of warming up a case: one run, for Spark twelve, as long as they fit


def environment(name, row):
    env = dict(os.environ)
    env["PYTHONPATH"] = str(HERE)
    env["LUA_PATH"] = f"{ROOT}/lua/?.lua;{ROOT}/lua/?/init.lua;{ROOT}/?.lua;;"
    env["LUA_CPATH"] = f"{ROOT}/build/?.so;;"
    env["POLARS_MAX_THREADS"] = "2"
    env["OMP_NUM_THREADS"] = "2"
    env["BENCH_MEMORY"] = MEMORY
    threads = json.loads((HERE / row / "row.json").read_text()).get("threads", 2)
    env["TIDEMILL_THREADS"] = "1" if name == "tidemill_1" else str(threads)
    return env


def command(row, name, data):
    """How a row runs an engine: by the row's own script, or by the common one for rows that are SQL over tables."""
    if name == "c":
        return ["taskset", "-c", cores(), str(OUT / row / "c"), str(data)] if (HERE / row / "main.c").exists() else None
    ours = name.startswith("tidemill")
    file = "tidemill.lua" if ours else f"{name}.py"
    runner = ["lua5.4"] if ours else [sys.executable, "-P"]
    for script in (HERE / row / file, HERE / "sql" / file):
        if script.exists() and (script.parent.name != "sql" or "tables" in json.loads((HERE / row / "row.json").read_text())):
            return ["taskset", "-c", cores(), *runner, str(script), str(data), str(HERE / row)]
    return None


def cores():
    return ",".join(str(c) for c in sorted(os.sched_getaffinity(0))[:2])


class Engine:
    """A child process that answers commands, one line each way."""

    def __init__(self, row, name, data):
        self.name, self.peak, self.failed = name, 0, None
        self.log = open(OUT / f"{row}-{name}.log", "w")
        self.child = subprocess.Popen(command(row, name, data), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=self.log, text=True, cwd=ROOT, env=environment(name, row))

    def ask(self, text):
        if self.failed:
            return {"error": self.failed}
        try:
            self.child.stdin.write(text + "\n")
            self.child.stdin.flush()
            line = self.child.stdout.readline()
        except BrokenPipeError:
            line = ""
        self.peak = max(self.peak, peak_memory(self.child.pid))
        if not line:
            self.failed = f"the process ended ({self.child.wait()})"
            return {"error": self.failed}
        return json.loads(line)

    def close(self):
        if not self.failed:
            self.ask_quietly("quit")
        self.child.stdin.close()
        self.child.wait()
        self.log.close()

    def ask_quietly(self, text):
        try:
            self.child.stdin.write(text + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass


def peak_memory(pid):
    """Peak resident bytes of a process and its children."""
    total = 0
    try:
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("VmHWM"):
                total += int(line.split()[1]) * 1024
        for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
            total += peak_memory(int(child))
    except OSError:
        pass
    return total


# ---- answers ---------------------------------------------------------------------------------------------------------

def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def same_value(a, b, tolerance):
    if a == b or a.split(" 00:00:00")[0] == b:
        return True
    x, y = number(a), number(b)
    return x is not None and y is not None and math.isclose(x, y, rel_tol=tolerance, abs_tol=tolerance)


def sort_key(row):
    return [f"{number(v):.4g}" if number(v) is not None else v for v in row]


def difference(got, expected, tolerance):
    """What is wrong with `got`, None when nothing is; rows that tie in ORDER BY may change places."""
    if len(got) != len(expected):
        return f"{len(got)} rows, not {len(expected)}"
    for a, b in zip(sorted(got, key=sort_key), sorted(expected, key=sort_key)):
        if len(a) != len(b) or not all(same_value(x, y, tolerance) for x, y in zip(a, b)):
            return f"{a} is not {b}"
    return None


def recorded(row, size, case):
    info = json.loads((HERE / row / "row.json").read_text())
    if "answers" not in info:
        return None
    file = HERE / row / info["answers"] / info["sizes"][size] / f"{case}.tsv"
    if not file.exists():
        return None
    lines = file.read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("# ")]


# ---- measuring -------------------------------------------------------------------------------------------------------

def measure(row, info, names, size, runs, data, clock):
    """case -> engine -> {"ns": median, "spread": .., "error": ..}"""
    engines = [Engine(row, name, data) for name in names]
    table = {}
    for e in engines:
        loaded = e.ask("load")
        if "error" in loaded:
            e.failed = loaded["error"]
        else:
            cases = loaded["cases"]
        print(f"  {row} {e.name}: loaded in {loaded.get('ns', 0) / 1e9:.1f} s", file=sys.stderr)
    for case in (c for c in cases if c.startswith(CASES)):
        table[case] = measure_case(engines, row, info, size, case, runs, clock)
        print(f"  {row} {case}: " + ", ".join(f"{n} {cell(entry)}" for n, entry in table[case].items()), file=sys.stderr)
    for e in engines:
        e.close()
    return table, {e.name: e.peak for e in engines}


def measure_case(engines, row, info, size, case, runs, clock):
    result, expected = {e.name: {"times": []} for e in engines}, recorded(row, size, case)
    for e in engines:
        began = time.monotonic()
        reply = e.ask(f"answer {case}")
        entry = result[e.name]
        entry["peak"] = reply.get("peak")
        if "error" in reply:
            entry["error"] = reply["error"]
        elif "answer" in reply:
            if expected is None:
                expected = reply["answer"]
            wrong = difference(reply["answer"], expected, info["tolerance"])
            if wrong:
                entry["error"] = "wrong answer: " + wrong
        if "error" not in entry:
            for _ in range(12 if e.name == "spark" else 1):
                if time.monotonic() - began < WARM:
                    e.ask(f"run {case}")
    for _ in range(runs):
        for e in engines:
            entry = result[e.name]
            if "error" in entry or sum(entry["times"]) > LIMIT * 1e9:
                continue
            reply = e.ask(f"run {case}")
            if "error" in reply:
                entry["error"] = reply["error"]
            else:
                entry["times"].append(reply[clock])
                entry.setdefault("p99s", []).extend([reply["p99"]] if "p99" in reply else [])
    for entry in result.values():
        if entry.get("p99s"):
            entry["p99"] = statistics.median(entry["p99s"])
        if entry["times"]:
            entry["ns"] = statistics.median(entry["times"])
    return result


def measure_processes(row, info, names, runs, data):
    """The row's cases as whole processes, from start to end."""
    table = {case: {name: {"times": []} for name in names} for case in info["cases"]}
    for round_ in range(runs + 1):
        for case, engines in table.items():
            for name, entry in engines.items():
                began = time.perf_counter_ns()
                done = subprocess.run([*command(row, name, data)[:-1], case], cwd=ROOT, env=environment(name, row),
                                      capture_output=True, text=True)
                if done.returncode != 0:
                    entry["error"] = done.stderr[-300:]
                elif round_ > 0:
                    entry["times"].append(time.perf_counter_ns() - began)
    for engines in table.values():
        for entry in engines.values():
            if entry["times"]:
                entry["ns"] = statistics.median(entry["times"])
    return table, {}


# ---- reports ---------------------------------------------------------------------------------------------------------

def show(ns):
    for unit, scale in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= scale:
            return f"{ns / scale:.3g} {unit}"
    return f"{ns:.0f} ns"


def cell(entry):
    if "error" in entry:
        return "wrong" if entry["error"].startswith("wrong") else "failed"
    peak = f", {entry['peak'] / 2**20:.0f} MiB" if entry.get("peak") else ""
    late = f" (p99 {show(entry['p99'])})" if entry.get("p99") else ""
    return show(entry["ns"]) + late + peak if "ns" in entry else "-"


def ratio(engines):
    peers = [e["ns"] for name, e in engines.items() if not name.startswith("tidemill") and "ns" in e and "error" not in e]
    ours = engines["tidemill"]
    return ours["ns"] / min(peers) if peers and "ns" in ours and "error" not in ours else None


def raw_bytes(info, data):
    """case -> the bytes of its file of text, where a row says which that is: our speed is told in GB/s of them too."""
    files = {case: data / name.format(size=data.name.split("_")[0]) for case, name in info.get("raw", {}).items()}
    return {case: file.stat().st_size for case, file in files.items() if file.exists()}


def rate(size, entry):
    return f"{size / entry['ns']:.2f}" if size and "ns" in entry and "error" not in entry else "-"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def report(row, info, names, table, peaks, raw):
    speed = ["ours, GB/s"] if raw else []
    lines = [f"### {row}: {info['text']}", "", "| case | " + " | ".join([*names, "ours / best peer", *speed]) + " |",
             "|---|" + "---|" * (len(names) + 1 + len(speed))]
    ratios = []
    for case, engines in table.items():
        r = ratio(engines)
        ratios += [r] if r else []
        cells = [cell(engines[n]) for n in names] + [f"{r:.2f}" if r else "-"]
        if raw:
            cells.append(rate(raw.get(case), engines["tidemill"]))
        lines.append("| " + " | ".join([case, *cells]) + " |")
    if len(table) > 3 and "c" not in names:
        lines.append("| total | " + " | ".join(total(table, n) for n in names) + " |" + " |" * (1 + len(speed)))
    for name in names:
        r = [e["tidemill"]["ns"] / e[name]["ns"] for e in table.values()
             if name != "tidemill" and "ns" in e["tidemill"] and "ns" in e[name] and "error" not in e[name]]
        if r:
            lines.append(f"\nours / {name}: geometric mean {geometric_mean(r):.2f} over {len(r)} cases")
    lines += above_bounds(info, table)
    if peaks:
        lines.append("\npeak memory: " + ", ".join(f"{n} {p / 2**20:.0f} MiB" for n, p in peaks.items()))
    for case, engines in table.items():
        for name, e in engines.items():
            if "error" in e:
                lines.append(f"\n{case}, {name}: {e['error'][:200]}")
    lines += ["", f"{row} gm ratio {geometric_mean(ratios):.3f}"]
    return "\n".join(lines)


def above_bounds(info, table):
    """Cases with a bound of their own whose ratio is above it, the worst first."""
    bounds = {case["name"]: case["bound"] for case in info.get("cases", []) if "bound" in case}
    all_ = [(ratio(engines), case) for case, engines in table.items() if case in bounds and ratio(engines)]
    over = sorted(((r, case) for r, case in all_ if r > bounds[case]), reverse=True)
    told = ", ".join(f"{case} {r:.1f}" for r, case in over)
    return [f"\n{len(over)} of {len(all_)} above their bounds: {told}"] if all_ else []


def total(table, name):
    if any("ns" not in e[name] or "error" in e[name] for e in table.values()):
        return "-"
    return show(sum(e[name]["ns"] for e in table.values()))


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    return f"{model}, cores {cores()}, {memory / 2**20:.0f} GiB, Linux {platform.release()}"


def versions(names):
    found = []
    for name in names:
        if not name.startswith("tidemill"):
            module = "pyspark" if name == "spark" else name
            code = f"import {module} as m; print(getattr(m, '__version__', None) or m.sqlite_version)"
            done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
            found.append(f"{name} {done.stdout.strip() or 'missing'}")
    return ", ".join(found)


def keep(row, info, names, table, head):
    """The figures of a row for readme.lua, in a file of its own: rows may be measured in several runs."""
    folder = OUT / "results"
    folder.mkdir(exist_ok=True)
    figures = {case: {name: {"ns": e["ns"]} if "ns" in e and "error" not in e else {"error": e.get("error", "not run")}
                      for name, e in engines.items()} for case, engines in table.items()}
    kept = {"row": row, "text": info["text"], "names": names, "head": head, "cases": figures}
    (folder / f"{row}.json").write_text(json.dumps(kept, indent=1) + "\n")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rows", default="T1,T3,I1,I2,I3,E1,T9,T10,curves")
    p.add_argument("--peers", default="duckdb,polars,spark")
    p.add_argument("--size", default="full", choices=["small", "full", "large"],
                   help="large: scale 10, of row T2 alone")
    p.add_argument("--cases", default="", help="those alone whose name begins so: hash.,string.upper")
    p.add_argument("--memory", default="", help="the limit of our engine and of DuckDB: 8GB")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--data", default=str(OUT / "data"), help="where inputs are made and kept")
    p.add_argument("--clock", default="ns", choices=["ns", "cpu"],
                   help="wall time, or the processor time of all threads: where other work shares the machine")
    args = p.parse_args()
    if args.clock == "cpu" and "spark" in args.peers:
        p.error("Spark works in a process of its own, whose processor time is not counted: leave it out with --clock cpu")
    global MEMORY, CASES
    MEMORY, CASES = args.memory, tuple(args.cases.split(","))
    OUT.mkdir(parents=True, exist_ok=True)
    reports = []
    head = f"{machine()}; {versions(args.peers.split(','))}; {args.runs} runs, median"
    head += "" if args.clock == "ns" else " of processor time"
    head += f"; at most {args.memory}" if args.memory else ""
    head += "" if args.size == "full" else f"; {args.size} inputs"
    for row in args.rows.split(","):
        info = json.loads((HERE / row / "row.json").read_text())
        ours = ["tidemill", "tidemill_1"] if info.get("curves") else ["tidemill"]
        names = ours + [n for n in dict.fromkeys([*args.peers.split(","), "c"]) if n and command(row, n, "")]
        data = generate(info["generator"], args.size, pathlib.Path(args.data).resolve())
        if info.get("process"):
            table, peaks = measure_processes(row, info, names, args.runs, data)
        else:
            table, peaks = measure(row, info, names, args.size, args.runs, data, args.clock)
        reports.append(report(row, info, names, table, peaks, raw_bytes(info, data)))
        if info.get("curves"):
            reports[-1] += "\n\n" + "\n".join(curves.write(table, OUT))
        print(reports[-1], "\n", flush=True)
        if args.size == "full" and not args.cases:  # what README quotes is the whole row at its size
            keep(row, info, names, table, head)
    (OUT / "report.md").write_text(head + "\n\n" + "\n\n".join(reports) + "\n")
    print(head)


if __name__ == "__main__":
    main()
