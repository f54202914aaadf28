#!/usr/bin/env python3
"""Scaling curves: SVG plots, exponents and a verdict (performance.md, section 7).

    python3 spec/bench/curves.py [--clock ns|cpu] [AXIS ..]      every axis of curves/axes.lua, ours, one thread and two

Each axis is a process a number of threads; the plots go to build/bench/curve_AXIS.svg. A line an axis: the exponent of the
last part, what a second thread gains, and the first step that is a cliff: it grew more than the axis's slack times what
is expected. Ends with `no cliff in N curves` or `M cliffs in N curves`. With --clock cpu the processor time of all threads is
counted, where other work shares the machine: then nothing is said of the second thread.

The row `curves` of run.py (make bench ROWS=curves) draws the axis of rows with the peers beside it, through write().
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COLOURS = {"tidemill": "#0b6e99", "tidemill_1": "#7fb7cc", "duckdb": "#d9a400", "polars": "#c2455c", "spark": "#6a6a6a"}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 400, 70, 40, 140, 50
FLOOR = 2e6  # ns: below, fixed costs and the clock decide
LABELS = {3: "1 us", 4: "10 us", 5: "100 us", 6: "1 ms", 7: "10 ms", 8: "100 ms", 9: "1 s", 10: "10 s", 11: "100 s"}


# ---- what the figures say ----------------------------------------------------------------------------------------------

def exponent(points):
    """The slope of the upper half, as in time = x ^ slope."""
    (x1, y1), (x2, y2) = points[(len(points) - 1) // 2], points[-1]
    return math.log(y2 / y1) / math.log(x2 / x1) if 0 < x1 < x2 else 0.0


def expected(axis, x1, x2):
    """How many times the time may grow from x1 to x2."""
    growth = (x2 / x1) ** axis["grows"] if x1 > 0 else 1
    return growth * (math.log(x2) / math.log(x1) if axis["log"] and x1 > 1 else 1)


def cliff(axis, points):
    """The first step that is one, as text; None: there is none."""
    if axis["level"]:
        most = axis["slack"] * max(points[0][1], points[-1][1], FLOOR)
        return next((f"{y / most * axis['slack']:.1f}x the ends at {x:g}" for x, y in points if y > most), None)
    for (x1, y1), (x2, y2) in zip(points, points[1:]):
        if y2 > axis["slack"] * expected(axis, x1, x2) * max(y1, FLOOR):
            return f"{y2 / max(y1, FLOOR):.1f}x from {x1:g} to {x2:g}, {expected(axis, x1, x2):.1f}x expected"
    return None


def gain(engines):
    """What a second thread gains at most work, and at the least gain."""
    pairs = [(a[1], b[1]) for a, b in zip(engines.get("tidemill_1", []), engines.get("tidemill", []))]
    return (pairs[-1][0] / pairs[-1][1], min(a / b for a, b in pairs)) if pairs else None


# ---- plots -----------------------------------------------------------------------------------------------------------

def decades(low, high):
    return range(math.floor(math.log10(low)), max(math.ceil(math.log10(high)), math.floor(math.log10(low)) + 1) + 1)


def line(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def text(x, y, anchor, words, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{words}</text>'


def scale_of_x(xs):
    """A function from x to 0..1 and the marks of the axis; linear where x begins at 0."""
    if min(xs) <= 0:
        most = max(xs) or 1
        return lambda x: x / most, [(x, f"{x:g}") for x in xs]
    marks = decades(min(xs), max(xs))
    first, length = marks[0], marks[-1] - marks[0]
    return lambda x: (math.log10(x) - first) / length, [(10 ** k, f"1e{k}" if k > 3 else f"{10 ** k:g}") for k in marks]


def svg(title, counts, engines):
    xs = [x for points in engines.values() for x, _ in points]
    ys = decades(min(y for p in engines.values() for _, y in p), max(y for p in engines.values() for _, y in p))
    share, marks = scale_of_x(xs)

    def at(x, y):
        up = (math.log10(y) - ys[0]) / (ys[-1] - ys[0])
        return LEFT + (WIDTH - LEFT - RIGHT) * share(x), HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * up
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', text(LEFT, 22, "start", title, ' font-size="15"'),
           text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "middle", counts)]
    for x, label in marks:
        out += [line(at(x, 10 ** ys[0])[0], TOP, at(x, 10 ** ys[0])[0], HEIGHT - BOTTOM),
                text(at(x, 10 ** ys[0])[0], HEIGHT - BOTTOM + 18, "middle", label)]
    for k in ys:
        y = at(marks[0][0], 10 ** k)[1]
        out += [line(LEFT, y, WIDTH - RIGHT, y), text(LEFT - 6, y + 4, "end", LABELS.get(k, f"1e{k} ns"))]
    for k, (name, points) in enumerate(engines.items()):
        colour = COLOURS.get(name, "#333")
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*p) for p in points))
        said = name if min(xs) <= 0 else f"{name} n^{exponent(points):.2f}"
        out += [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
                text(WIDTH - RIGHT + 8, TOP + 16 + 18 * k, "start", said, f' fill="{colour}"')]
    return "\n".join(out + ["</svg>", ""])


# ---- the row of run.py -------------------------------------------------------------------------------------------------

def groups(table):
    """operation -> engine -> [(rows, ns)], of cases named OPERATION@ROWS"""
    found = {}
    for case, engines in table.items():
        operation, _, rows = case.partition("@")
        for name, entry in engines.items():
            if "ns" in entry and "error" not in entry:
                found.setdefault(operation, {}).setdefault(name, []).append((int(rows), entry["ns"]))
    return found


def write(table, folder):
    """The files, and a line an operation with the exponents and what a second thread gains at most rows."""
    lines = []
    for operation, engines in groups(table).items():
        (folder / f"curve_{operation}.svg").write_text(svg(f"{operation}: time over rows", "rows", engines))
        slopes = ", ".join(f"{name} n^{exponent(points):.2f}" for name, points in engines.items())
        if gain(engines):
            slopes += "; two threads {:.2f}x at most rows, {:.2f}x at least".format(*gain(engines))
        lines.append(f"{operation}: {slopes}")
    return lines


# ---- all axes --------------------------------------------------------------------------------------------------------

def axes_lua(clock, *words):
    env = dict(os.environ, LUA_PATH=f"{ROOT}/lua/?.lua;{ROOT}/lua/?/init.lua;{ROOT}/?.lua;;", LUA_CPATH=f"{ROOT}/build/?.so;;",
               BENCH_CLOCK=clock)
    done = subprocess.run(["lua5.4", "spec/bench/curves/axes.lua", *words], cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"axes.lua {' '.join(words)}: {done.stderr.strip()[-500:]}")
    return done.stdout


def measure(axis, clock):
    engines = {}
    for name, threads in (("tidemill", "2"), ("tidemill_1", "1")):
        pairs = [row.split() for row in axes_lua(clock, axis["name"], threads).splitlines()]
        engines[name] = [(float(x), max(float(y), 1e3)) for x, y in pairs]
    return engines


def verdict(axis, engines, clock):
    """What is said of a curve, and is it well?"""
    fault = cliff(axis, engines["tidemill"])
    parts = [] if axis["level"] else [f"x^{exponent(engines['tidemill']):.2f}"]
    if clock == "ns":
        parts.append("two threads {:.2f}x at the end, {:.2f}x at least".format(*gain(engines)))
    parts += [fault] if fault else []
    times = " ".join(f"{y / 1e6:.3g}" for _, y in engines["tidemill"])
    return f"{axis['name']:<14} {'CLIFF' if fault else 'ok   '} {'; '.join(parts)} [{times} ms]", not fault


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("axes", nargs="*", help="names; none: all")
    p.add_argument("--clock", default="ns", choices=["ns", "cpu"])
    args = p.parse_args()
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [a for a in json.loads(axes_lua(args.clock, "list")) if not args.axes or a["name"] in args.axes]
    cliffs = 0
    for axis in wanted:
        engines = measure(axis, args.clock)
        plot = svg(f"{axis['name']}: time over {axis['counts']}", axis["counts"], engines)
        (folder / f"curve_{axis['name']}.svg").write_text(plot)
        said, well = verdict(axis, engines, args.clock)
        cliffs += not well
        print(said, flush=True)
    print(f"{cliffs} cliffs in {len(wanted)} curves" if cliffs else f"no cliff in {len(wanted)} curves")
    return cliffs > 0


if __name__ == "__main__":
    sys.exit(main())
