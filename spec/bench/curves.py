"""Curves of a row whose cases are named OPERATION@ROWS: one SVG an operation, times over rows, both axes logarithmic."""
import math

COLOURS = {"tidemill": "#0b6e99", "tidemill_1": "#7fb7cc", "duckdb": "#d9a400", "polars": "#c2455c", "spark": "#6a6a6a"}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 400, 70, 40, 120, 50


def groups(table):
    """operation -> engine -> [(rows, ns)]"""
    found = {}
    for case, engines in table.items():
        operation, _, rows = case.partition("@")
        for name, entry in engines.items():
            if "ns" in entry and "error" not in entry:
                found.setdefault(operation, {}).setdefault(name, []).append((int(rows), entry["ns"]))
    return found


def exponent(points):
    """The slope of the last decade, as in time = rows ^ slope."""
    (x1, y1), (x2, y2) = points[len(points) // 2], points[-1]
    return math.log(y2 / y1) / math.log(x2 / x1)


def decades(low, high):
    return range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)


def svg(operation, engines):
    xs = [x for points in engines.values() for x, _ in points]
    ys = [y for points in engines.values() for _, y in points]
    x_range, y_range = decades(min(xs), max(xs)), decades(min(ys), max(ys))

    def place(value, range_, start, length):
        return start + length * (math.log10(value) - range_[0]) / max(1, range_[-1] - range_[0])

    def at(x, y):
        return (place(x, x_range, LEFT, WIDTH - LEFT - RIGHT),
                HEIGHT - place(y, y_range, BOTTOM, HEIGHT - TOP - BOTTOM))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="22" font-size="15">{operation}: time over rows</text>']
    for k in x_range:
        x, _ = at(10 ** k, 10 ** y_range[0])
        out.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
                   f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">1e{k}</text>')
    for k in y_range:
        _, y = at(10 ** x_range[0], 10 ** k)
        label = {3: "1 us", 4: "10 us", 5: "100 us", 6: "1 ms", 7: "10 ms", 8: "100 ms", 9: "1 s", 10: "10 s"}.get(k, f"1e{k} ns")
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for k, (name, points) in enumerate(engines.items()):
        colour = COLOURS.get(name, "#333")
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*p) for p in points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
                   f'<text x="{WIDTH - RIGHT + 8}" y="{TOP + 16 + 18 * k}" fill="{colour}">{name} n^{exponent(points):.2f}</text>')
    return "\n".join(out + ["</svg>", ""])


def write(table, folder):
    """The files, and a line an operation with the exponents and what a second thread gains at most rows."""
    lines = []
    for operation, engines in groups(table).items():
        (folder / f"curve_{operation}.svg").write_text(svg(operation, engines))
        slopes = ", ".join(f"{name} n^{exponent(points):.2f}" for name, points in engines.items())
        if "tidemill" in engines and "tidemill_1" in engines:
            gain = engines["tidemill_1"][-1][1] / engines["tidemill"][-1][1]
            least = min(a[1] / b[1] for a, b in zip(engines["tidemill_1"], engines["tidemill"]))
            slopes += f"; two threads {gain:.2f}x at most rows, {least:.2f}x at least"
        lines.append(f"{operation}: {slopes}")
    return lines
