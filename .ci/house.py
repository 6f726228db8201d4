#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what the house is made of, as a table in Markdown: .ci/house.py FOLDER... (work trees of commits to compare)."""
import collections
import pathlib
import re
import statistics
import subprocess
import sys

MODULES = ("core", "djl", "cli", "visual", "testkit")
BASE = "io.github.attribution4j"
MODIFIERS = r"(?:abstract |final |static |sealed |non-sealed |default |synchronized )*"
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
STRING = re.compile(r'"""(?:.*?)"""|"(?:\\.|[^"\\\n])*"', re.S)
LICENCE = re.compile(r"\A(?:/\*.*?(?:Licen[cs]e|Copyright).*?\*/\n|(?://[^\n]*\n)+)", re.S)


def sources(root, module):
    """The main code of a module: files by path, package-info left out."""
    folder = root / f"attribution-{module}" / "src/main/java"
    if module == "cli" and not folder.exists():  # it was a package of the examples
        folder = root / "attribution-examples/src/main/java/io/github/attribution4j/examples/cli"
    return [f for f in sorted(folder.rglob("*.java")) if f.name not in ("package-info.java", "module-info.java")]


def code(file):
    return COMMENT.sub("", STRING.sub('""', file.read_text()))


def package(text):
    return re.search(r"^package ([\w.]+);", text, re.M).group(1)


def is_public(file, text):
    return bool(re.search(rf"^public {MODIFIERS}(?:class|interface|enum|record|@interface) {file.stem}\b", text, re.M))


def public_types(root, module):
    found = []
    for file in sources(root, module):
        text = code(file)
        if is_public(file, text) and "internal" not in package(text).split("."):
            found.append((file, text))
    return found


def public_methods(root, module):
    count = 0
    for file, text in public_types(root, module):
        count += len(re.findall(rf"^ +public {MODIFIERS}[\w<>\[\], .?&@]*?\w+\(", text, re.M))
        if re.search(rf"^public {MODIFIERS}interface {file.stem}\b", text, re.M):
            count += len(re.findall(r"^    (?!public|private|return|throw|new)[\w<>\[\], .?&@]+ \w+\([^;{}]*\)[^;{}]*[;{]", text, re.M))
    return count


def builders(root, module):
    return sum(len(re.findall(r"\b(?:class|interface|record) \w*Builder\b", code(f))) for f in sources(root, module))


def lines(root, module):
    return sum(len(LICENCE.sub("", f.read_text()).splitlines()) for f in sources(root, module))


def arrows(root, module):
    """Pairs of packages, the first of which imports from the second, or names it in full."""
    pairs = set()
    for file in sources(root, module):
        text = code(file)
        own = package(text)
        for name in re.findall(rf"\b{re.escape(BASE)}(?:\.[a-z]\w*)*(?=\.[A-Z])", text):
            if name != own:
                pairs.add((own, name))
    known = {package(code(f)) for f in sources(root, module)}
    return {(a, b) for a, b in pairs if b in known}


def largest(root, module):
    sizes = collections.Counter(f.parent for f in sources(root, module))
    return max(sizes.values(), default=0)


def methods(root):
    """Classes of methods: those that describe themselves, or have a page."""
    named = set()
    for file in sources(root, "core"):
        if re.search(r"\bimplements [\w<>, ]*Attribution\b|\bextends (?:Described|ClassActivationMap|CoalitionMethod|LayerPathMethod"
                     r"|ExpectedGradients|DifferencePropagation|ReluMethod|Propagation)<", code(file)) and is_public(file, code(file)):
            if not re.search(r"^public (?:abstract|interface)", code(file), re.M):
                named.add(file.stem)
    return named


def naming(root, known):
    """How many files name each method, besides its own class, tests and golden data."""
    files = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\n")
    wanted = [f for f in files if re.search(r"\.(java|md|py|txt|json|properties)$", f)
              and not re.search(r"src/test/|^golden/|CHANGELOG|docs/adr/|benchmarks/", f)]
    words = [(f, set(re.findall(r"\w+", (root / f).read_text(errors="ignore")))) for f in wanted]
    here = {f.stem for f in sources(root, "core")}
    return {m: sum(1 for f, named in words if m in named and pathlib.Path(f).stem != m) for m in known & here}


def rows(root, known):
    named = naming(root, known)
    types = public_types(root, "core")
    yield "public types of core", len(types)
    yield "of them methods", sum(1 for file, _ in types if file.stem in known)
    yield "public types of djl, cli, visual, testkit", ", ".join(str(len(public_types(root, m))) for m in MODULES[1:])
    yield "public methods of core", public_methods(root, "core")
    yield "builders", sum(builders(root, m) for m in MODULES)
    for module in MODULES[:3]:
        yield f"lines of {module}", lines(root, module)
    yield "lines of the three", sum(lines(root, m) for m in MODULES[:3])
    yield "files in the largest package of core, djl, cli, visual, testkit", ", ".join(str(largest(root, m)) for m in MODULES)
    for module in MODULES[:3]:
        pairs = arrows(root, module)
        yield f"arrows between packages of {module}, of them there and back", f"{len(pairs)}, {sum((b, a) in pairs for a, b in pairs)}"
    yield "files that name InternalInfluence, KernelShap", ", ".join(str(named.get(m, 0)) for m in ("InternalInfluence", "KernelShap"))
    yield "files that name a method: median, most", f"{int(statistics.median(named.values()))}, {max(named.values())}"


def main(folders):
    roots = [pathlib.Path(f).resolve() for f in folders]
    known = set().union(*(methods(root) for root in roots))
    columns = [dict(rows(root, known)) for root in roots]
    print("| | " + " | ".join(pathlib.Path(f).resolve().name for f in folders) + " |")
    print("|---" * (len(folders) + 1) + "|")
    for name in columns[0]:
        print(f"| {name} | " + " | ".join(str(column[name]) for column in columns) + " |")


if __name__ == "__main__":
    main(sys.argv[1:] or ["."])
