# SPDX-License-Identifier: Apache-2.0
"""Writes the pickles of TorchScript archives by hand, as versions of PyTorch wrote them that cannot be run any more.

Only what such archives hold: modules and other objects, tensors, numbers, text, lists, tuples, dictionaries, devices.
"""

import struct
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np

STORAGES = {"float32": "FloatStorage", "float64": "DoubleStorage", "int64": "LongStorage", "float16": "HalfStorage"}


class Object:
    """An instance: a module with its attributes in order, or an object with any state."""

    def __init__(self, type_name: str, state: Any) -> None:
        self.type_name = type_name
        self.state = state


class Device:
    """A torch.device as a value."""

    def __init__(self, name: str) -> None:
        self.name = name


class IntList(list):
    """A list of whole numbers, which the serializer marks as such."""


class Pickle:
    """One pickle and the bytes of its tensors.

    `parts`: elements of a storage's id; PyTorch 1.3 and 1.4 wrote six, the last None, all others five. `device`: where the tensors lay.
    """

    def __init__(self, value: Any, parts: int = 5, device: str = "cpu", suffix: str = "") -> None:
        self.parts = parts
        self.device = device
        self.suffix = suffix
        self.storages: Dict[str, bytes] = {}
        self.memo: Dict[str, int] = {}
        self.remembered = 0
        self.out = bytearray(b"\x80\x02")
        self.value(value)
        self.out += b"."

    def remember(self, key: Optional[str] = None) -> None:
        self.out += b"q" + bytes([self.remembered]) if self.remembered < 256 else b"r" + struct.pack("<i", self.remembered)
        if key is not None:
            self.memo[key] = self.remembered
        self.remembered += 1

    def known(self, key: str) -> bool:
        number = self.memo.get(key)
        if number is None:
            return False
        self.out += b"h" + bytes([number]) if number < 256 else b"j" + struct.pack("<i", number)
        return True

    def word(self, text: str) -> None:
        if not self.known("s" + text):
            data = text.encode()
            self.out += b"X" + struct.pack("<i", len(data)) + data
            self.remember("s" + text)

    def name(self, module: str, name: str) -> None:
        key = f"c{module}\n{name}\n"
        if not self.known(key):
            self.out += key.encode()
            self.remember(key)

    def number(self, value: int) -> None:
        if 0 <= value < 256:
            self.out += b"K" + bytes([value])
        elif 0 <= value < 65536:
            self.out += b"M" + struct.pack("<H", value)
        else:
            self.out += b"J" + struct.pack("<i", value)

    def numbers(self, values: Sequence[int]) -> None:
        self.out += b"("
        for value in values:
            self.number(value)
        self.out += b"t"

    def value(self, value: Any) -> None:
        if value is None:
            self.out += b"N"
        elif isinstance(value, (bool, np.bool_)):
            self.out += b"\x88" if value else b"\x89"
        elif isinstance(value, int):
            self.number(value)
        elif isinstance(value, float):
            self.out += b"G" + struct.pack(">d", value)
        elif isinstance(value, str):
            self.word(value)
        elif isinstance(value, np.ndarray):
            self.tensor(value)
        elif isinstance(value, IntList):
            self.name("torch.jit._pickle", "build_intlist")
            self.items(value)
            self.out += b"\x85R"
        elif isinstance(value, list):
            self.items(value)
        elif isinstance(value, tuple):
            self.out += b"("
            for item in value:
                self.value(item)
            self.out += b"t"
        elif isinstance(value, dict):
            self.mapping(value)
        elif isinstance(value, Device):
            self.name("torch", "device")
            self.word(value.name)
            self.out += b"\x85R"
            self.remember()
        elif isinstance(value, Object):
            module, _, name = value.type_name.rpartition(".")
            self.name(module, name)
            self.out += b")\x81"
            if isinstance(value.state, dict):
                self.mapping(value.state)
            else:
                self.value(value.state)
            self.out += b"b"
            self.remember()
        else:
            raise TypeError(type(value))

    def items(self, values: Sequence[Any]) -> None:
        self.out += b"]"
        self.out += b"("
        for item in values:
            self.value(item)
        self.out += b"e"

    def mapping(self, values: Dict[str, Any]) -> None:
        self.out += b"}("
        for key, item in values.items():
            self.word(key)
            self.value(item)
        self.out += b"u"

    def tensor(self, array: np.ndarray) -> None:
        key = f"{len(self.storages)}{self.suffix}"
        self.storages[key] = np.ascontiguousarray(array).tobytes()
        self.name("torch._utils", "_rebuild_tensor_v2")
        self.out += b"(("
        self.word("storage")
        self.name("torch", STORAGES[str(array.dtype)])
        self.word(key)
        self.word(self.device)
        self.number(array.size)
        self.out += b"N" if self.parts == 6 else b""
        self.out += b"tQ"
        self.remember()
        self.number(0)
        self.numbers(array.shape)
        self.numbers([int(np.prod(array.shape[i + 1 :])) for i in range(array.ndim)])
        self.out += b"\x89"
        self.name("collections", "OrderedDict")
        self.out += b")RtR"
        self.remember()


def archive(root: Object, code: Dict[str, str], version: str = "3", constants: Tuple = (), parts: int = 5, **records: bytes) -> Dict[str, bytes]:
    """The entries of an archive. `records`: further ones, such as byteorder."""
    data = Pickle(root, parts)
    values = Pickle(tuple(constants), parts)
    content = {f"code/{path}": text.encode() for path, text in code.items()}
    content["data.pkl"] = bytes(data.out)
    content.update({f"data/{key}": storage for key, storage in data.storages.items()})
    content["constants.pkl"] = bytes(values.out)
    content.update({f"constants/{key}": storage for key, storage in values.storages.items()})
    content["version"] = f"{version}\n".encode()
    content.update(records)
    return content
