#!/usr/bin/env python3
"""Makes the data files of this folder anew from the packages that publish them (needs pip and a network).

    python3 examples/data/make.py

penguins_raw.csv and seattle_weather.csv are taken as they are; iris.csv is written from the package's JSON.
Sources and licences: LICENSES.md.
"""
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = ["palmerpenguins==0.1.6", "vega_datasets==0.9.0"]


def download(folder):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run(command + PACKAGES, check=True)
    return {wheel.name.split("-")[0]: zipfile.ZipFile(wheel) for wheel in folder.glob("*.whl")}


def iris(text):
    rows = json.loads(text)
    names = {"sepalLength": "sepal_length", "sepalWidth": "sepal_width", "petalLength": "petal_length",
             "petalWidth": "petal_width", "species": "species"}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names.values())
    writer.writerows([row[key] for key in names] for row in rows)
    return out.getvalue().encode()


def main():
    with tempfile.TemporaryDirectory() as folder:
        wheels = download(pathlib.Path(folder))
        penguins, vega = wheels["palmerpenguins"], wheels["vega_datasets"]
        files = {
            "penguins_raw.csv": penguins.read("palmerpenguins/data/penguins-raw.csv"),
            "seattle_weather.csv": vega.read("vega_datasets/_data/seattle-weather.csv"),
            "iris.csv": iris(vega.read("vega_datasets/_data/iris.json")),
        }
    for name, content in files.items():
        (HERE / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")


if __name__ == "__main__":
    main()
