#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the notebooks of this folder with a real JJava kernel and writes their outputs into them.

    ./mvnw -q -Dfast -DskipTests package
    pip install nbclient jjava
    python attribution-examples/notebooks/run.py [--check] [--maven] [--kernel NAME] [NOTEBOOK ...]

The kernel gets the jars of this build by the environment variable JJAVA_CLASSPATH, and the %maven lines are left out of
the run: those are what a user of a release types. With --maven they run, and find what is in Maven Central or in the
local repository (./mvnw install). With --check nothing is written: the numbers have to agree with those in the notebook
to 1e-5, and the outputs have to be of the same types.
"""

import argparse
import glob
import os
import re
import sys

import nbclient
import nbformat

FOLDER = os.path.dirname(os.path.abspath(__file__))
MODULE = os.path.join(FOLDER, "..", "..", "attribution-notebook", "target")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def class_path():
    with open(os.path.join(MODULE, "notebooks.classpath")) as file:
        jars = file.read().strip().split(os.pathsep)
    # The kernel has its own base and its own logging, and no test runs in it.
    jars = [jar for jar in jars if not re.search(r"jjava|jeromq|slf4j-simple|junit|assertj|archunit|testkit", jar)]
    return os.pathsep.join([os.path.realpath(os.path.join(MODULE, "classes"))] + jars)


def magics(source):
    return source.startswith("%")


def run(notebook, kernel, maven):
    sources = [cell.source for cell in notebook.cells]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            if not maven and magics(cell.source):
                cell.source = ""
    client = nbclient.NotebookClient(
        notebook,
        kernel_name=kernel,
        timeout=300,
        record_timing=False,
        resources={"metadata": {"path": FOLDER}},
    )
    client.execute()
    number = 0
    for cell, source in zip(notebook.cells, sources):
        cell.source = source
        if cell.cell_type == "code":
            number += 1
            cell.execution_count = number
            if magics(source):
                cell.outputs = []  # the list of the jars of one machine
            cell.outputs = joined(cell.outputs)
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = number


def joined(outputs):
    """Returns outputs in which what was printed in pieces is one text; without the log, which differs by machine."""
    result = []
    for output in outputs:
        if output.get("name") == "stderr":
            continue
        last = result[-1] if result else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def texts(cell):
    """Returns what a cell printed and gave as text; without progress, whose times differ."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/png" in data or data.get("text/html", "").startswith("<progress"):
            continue
        yield output.get("text", "") + data.get("text/plain", "")


def types(cell):
    return [sorted(output.get("data", {"stream": 1})) for output in cell.get("outputs", [])]


def differences(before, after):
    for old, new in zip(before.cells, after.cells):
        if types(old) != types(new):
            yield f"{types(old)} became {types(new)}:\n{new.source}"
        for was, now in zip(texts(old), texts(new)):
            if NUMBER.sub("#", was) != NUMBER.sub("#", now):
                yield f"{was}\nbecame\n{now}"
            for x, y in zip(map(float, NUMBER.findall(was)), map(float, NUMBER.findall(now))):
                if abs(x - y) > 1e-5 * max(1, abs(x)):
                    yield f"{x} became {y}:\n{now}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", default=sorted(glob.glob(os.path.join(FOLDER, "*.ipynb"))))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--maven", action="store_true")
    parser.add_argument("--kernel", default="java")
    options = parser.parse_args()
    if not options.maven:
        os.environ["JJAVA_CLASSPATH"] = class_path()
    wrong = 0
    for path in options.notebooks:
        notebook = nbformat.read(path, as_version=4)
        committed = nbformat.read(path, as_version=4)
        run(notebook, options.kernel, options.maven)
        found = list(differences(committed, notebook)) if options.check else []
        for difference in found:
            print(difference)
        wrong += len(found)
        pictures = sum("image/png" in output.get("data", {}) for cell in notebook.cells
                       for output in cell.get("outputs", []))
        if not options.check:
            nbformat.write(notebook, path)
        print(f"{os.path.basename(path)}: {len(notebook.cells)} cells, {pictures} pictures, "
              + (f"{len(found)} differences" if options.check else f"{os.path.getsize(path)} bytes"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
