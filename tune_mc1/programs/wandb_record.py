"""Records of a `.wandb` file, as far as they are read here, without importing W&B.

The names and numbers are those of W&B's public `wandb_internal.proto`. Old files are synced by
new versions of W&B, so the numbers stay; the program may use another version than this process.
"""

from typing import Any

from google.protobuf.descriptor_pb2 import (  # type: ignore[import-untyped]
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool  # type: ignore[import-untyped]
from google.protobuf.message_factory import GetMessageClass  # type: ignore[import-untyped]

MESSAGES = {
    "Record": {
        "num": (1, "int64"),
        "history": (2, "HistoryRecord"),
        "summary": (3, "ConfigRecord"),
        "config": (5, "ConfigRecord"),
        "run": (17, "RunRecord"),
        "exit": (18, "RunExitRecord"),
    },
    "HistoryRecord": {"item": (1, "HistoryItem[]")},
    "HistoryItem": {
        "key": (1, "string"),
        "nested_key": (2, "string[]"),
        "boolean": (4, "bool"),
        "integer": (5, "sint64"),
        "number": (6, "double"),
        "text": (7, "string"),
        "json": (8, "string"),
        "value_json": (16, "string"),
    },
    "ConfigRecord": {"update": (1, "ConfigItem[]"), "remove": (2, "ConfigItem[]")},
    "ConfigItem": {
        "key": (1, "string"),
        "nested_key": (2, "string[]"),
        "value_json": (16, "string"),
    },
    "RunRecord": {
        "run_id": (1, "string"),
        "entity": (2, "string"),
        "project": (3, "string"),
        "config": (4, "ConfigRecord"),
        "sweep_id": (12, "string"),
    },
    "RunExitRecord": {"exit_code": (1, "int32")},
}
"""Fields by message: number and type. A summary has the form of a config."""

_ONE_OF = {"boolean", "integer", "number", "text", "json"}


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="tune_mc1_wandb.proto", package="tune_mc1", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            _add_field(message, field, number, kind)
    for field in next(m for m in file.message_type if m.name == "HistoryItem").field:
        if field.name in _ONE_OF:
            field.oneof_index = 0
    file.message_type[list(MESSAGES).index("HistoryItem")].oneof_decl.add(name="value")
    return file


def _add_field(message: DescriptorProto, name: str, number: int, kind: str) -> None:
    kind, repeated = kind.removesuffix("[]"), kind.endswith("[]")
    label = "LABEL_REPEATED" if repeated else "LABEL_OPTIONAL"
    field = message.field.add(name=name, number=number, label=label)
    if kind in MESSAGES:
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".tune_mc1.{kind}"
    else:
        field.type = f"TYPE_{kind.upper()}"


_pool = DescriptorPool()
_pool.Add(_file())

Record: Any = GetMessageClass(_pool.FindMessageTypeByName("tune_mc1.Record"))
"""Class of the protobuf message of one record; other fields than those above are not decoded."""


def type_of(data: bytes) -> int | None:
    """Number of the field that follows a record's own number; None if that is not first.

    Args:
        data: A record, which is not decoded.
    """
    if data[:1] != b"\x08":
        return None
    after = next((at for at in range(1, len(data)) if data[at] < 0x80), len(data)) + 1
    if after >= len(data):
        return None
    tag = data[after]
    return tag >> 3 if tag < 0x80 else (tag & 0x7F | data[after + 1] << 7) >> 3
