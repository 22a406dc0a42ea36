"""Holds livekit_ffi_subset.proto against the descriptors in the installed wheel.

Usage: check_subset.py PROTO VERSION. Ends with 1 and one line for each
difference; with 0 and a JSON summary otherwise. A missing wheel or protoc is an
error, never a pass.
"""
import importlib.metadata, json, os, subprocess, sys, tempfile

from google.protobuf import descriptor_pb2, descriptor_pool

PACKAGE = "livekit.proto."
# Events that only answer requests which the subset does not have.
NEVER_ASKED_FOR = {"video_stream_event", "publish_data_track", "new_capture_source"}


def compile_subset(path):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "set")
        subprocess.run(
            ["protoc", "--proto_path", os.path.dirname(path), "--descriptor_set_out", out, os.path.basename(path)],
            check=True)
        with open(out, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool.FindFileByName(os.path.basename(path)), pool


def messages_of(file):
    pending = list(file.message_types_by_name.values())
    while pending:
        message = pending.pop(0)
        if not message.GetOptions().map_entry:
            yield message
        pending += message.nested_types


def shape(field):
    kind = field.message_type or field.enum_type
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name
        return ("map", shape(inner["key"]), shape(inner["value"]))
    label = "repeated" if field.is_repeated else "required" if field.is_required else "optional"
    oneof = field.containing_oneof.name if field.containing_oneof else None
    return (field.number, field.type, label, kind.full_name if kind else None, oneof)


def compare_messages(ours, wheel):
    for message in ours:
        try:
            real = wheel.FindMessageTypeByName(message.full_name)
        except KeyError:
            yield f"{message.full_name} is not in the wheel"
            continue
        for field in message.fields:
            other = real.fields_by_name.get(field.name)
            if other is None:
                yield f"{message.full_name}.{field.name} is not in the wheel"
            elif shape(field) != shape(other):
                yield f"{message.full_name}.{field.name}: {shape(field)}, in the wheel {shape(other)}"
        for field in real.fields:
            if field.is_required and message.full_name.endswith("Request") and field.name not in message.fields_by_name:
                yield f"{message.full_name}.{field.name} is required by the wheel"


def compare_enums(ours, wheel):
    for enum in ours:
        real = wheel.FindEnumTypeByName(enum.full_name)
        mine = {value.name: value.number for value in enum.values}
        other = {value.name: value.number for value in real.values}
        if mine != other:
            yield f"{enum.full_name}: {mine}, in the wheel {other}"


def handle_paths(message, prefix="", seen=()):
    """Every way from an event to a handle that it hands over."""
    for field in message.fields:
        if field.message_type is None or field.message_type.full_name in seen:
            continue
        if not prefix and field.name in NEVER_ASKED_FOR:
            continue
        path = f"{prefix}.{field.name}" if prefix else field.name
        if field.message_type.name == "FfiOwnedHandle":
            yield path
        else:
            yield from handle_paths(field.message_type, path, seen + (field.message_type.full_name,))


def main():
    path, version = sys.argv[1:3]
    installed = importlib.metadata.version("livekit")
    if installed != version:
        sys.exit(f"the wheel `livekit` is {installed}, not {version}")
    from livekit.rtc._proto import ffi_pb2

    wheel = ffi_pb2.DESCRIPTOR.pool
    file, pool = compile_subset(path)
    ours = list(messages_of(file))
    differences = list(compare_messages(ours, wheel))
    differences += compare_enums(file.enum_types_by_name.values(), wheel)
    mine = set(handle_paths(pool.FindMessageTypeByName(PACKAGE + "FfiEvent")))
    theirs = set(handle_paths(ffi_pb2.FfiEvent.DESCRIPTOR))
    differences += [f"the handle at {missing} would leak" for missing in sorted(theirs - mine)]
    differences += [f"the handle at {unknown} is not in the wheel" for unknown in sorted(mine - theirs)]
    if differences:
        sys.exit("\n".join(differences))
    print(json.dumps({
        "messages": len(ours), "fields": sum(len(m.fields) for m in ours), "handles": sorted(mine)}))


main()
