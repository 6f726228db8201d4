# SPDX-License-Identifier: Apache-2.0
"""Writes TorchScript archives that are the same bytes on every run and say nothing about the machine that wrote them.

`torch.jit.save` stores the file names of the Python source beside the code (`*.debug_pkl`) and a random id; neither is needed to load an archive.
"""

import io
import zipfile
from typing import Callable, Dict, List, Optional

import torch

_DATE = (1980, 1, 1, 0, 0, 0)
_ALIGNMENT = 64


def script_bytes(module: torch.jit.ScriptModule) -> bytes:
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    return buffer.getvalue()


def entries(archive: bytes) -> Dict[str, bytes]:
    """The entries of an archive by name below its top folder, without what depends on the machine."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        result = {}
        for info in source.infolist():
            name = info.filename.split("/", 1)[1]
            if name.endswith(".debug_pkl") or name == ".data/serialization_id" or name.startswith("traced_inputs"):
                continue
            data = source.read(info)
            result[name] = _ordered(data) if name.endswith(".py") else data
    return result


def _ordered(code: bytes) -> bytes:
    """PyTorch prints the constants of a class in the order of a Python set, which changes from run to run: sorts each block of them."""
    lines: List[bytes] = []
    block: List[bytes] = []
    for line in code.split(b"\n"):
        if b" : Final[" in line:
            block.append(line)
        else:
            lines += sorted(block) + [line]
            block = []
    return b"\n".join(lines + sorted(block))


def write(path, content: Dict[str, bytes], folder: str, keep: Optional[Callable[[str], bool]] = None) -> None:
    """Writes entries as PyTorch does: code deflated, tensors stored on 64-byte boundaries; dates fixed."""
    with zipfile.ZipFile(path, "w") as target:
        for name, data in content.items():
            if keep is not None and not keep(name):
                continue
            info = zipfile.ZipInfo(f"{folder}/{name}", _DATE)
            if name.startswith("code/"):
                info.compress_type = zipfile.ZIP_DEFLATED
            else:
                start = target.fp.tell() + 30 + len(info.filename.encode())
                padding = -(start + 4) % _ALIGNMENT
                info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
            target.writestr(info, data)


def save(module: torch.jit.ScriptModule, path, folder: str) -> None:
    write(path, entries(script_bytes(module)), folder)


def script(model: torch.nn.Module) -> torch.jit.ScriptModule:
    return torch.jit.script(model)


def trace(model: torch.nn.Module, inputs) -> torch.jit.ScriptModule:
    """Traces with gradients enabled: under no_grad a trace would contain fused operations without a derivative.

    PyTorch's own check is left out because it runs under no_grad and then compares other graphs; `generate.py` compares the archive with the model instead.
    """
    with torch.enable_grad():
        return torch.jit.trace(model, inputs, check_trace=False)
