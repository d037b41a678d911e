#!/usr/bin/env python3
"""Checks what FORMAT.md says of a store beyond its objects: old values, content hashes, checkpoints, journals.

Usage: check.py STORE. It prints what it compared as one JSON object, number by name, and the encodings of columns that
it met. The status is 1 where the store is not as the document says, 3 without a package.
"""
import collections
import json
import pathlib
import re
import struct
import sys

sys.dont_write_bytecode = True  # no compiled modules beside the scripts
import reader
from reader import MASK64, MASK32, Cursor, check

COMPARED = collections.Counter()
GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

def derived(context, data):
    check([context] in [row[:1] for row in reader.table("hash contexts")], f"{context} is no context of the document")
    return reader.blake3(data, derive_key_context=context).digest()

def slot(stored):
    return stored >> 1 | (stored & 1) << 31

def normal(text):
    return "|".join(part.lower() if GUID.fullmatch(part) else part for part in text.split("|"))

def sized(data):
    return (bytes([len(data)]) if len(data) < 255 else b"\xff" + struct.pack("<I", len(data))) + data

class Checked(reader.Store):
    """A store of which everything is compared that it says twice."""

    def __init__(self, folder):
        super().__init__(folder)
        self.keys, self.manifests = [], []

    def add(self, segment, footer):
        if entry := footer["ids"]:
            self.keys += [segment.chunks[entry["keys"]][i * 16 :][:16] for i in range(entry["count"])]
        super().add(segment, footer)

    def add_slots(self, segment, entry, vector):
        """Section 7: old values are those before."""
        if entry:
            for ordinal, old in zip(segment.integers(entry["ordinals"]), segment.integers(entry["old_values"])):
                check(vector.get(ordinal, 0) == slot(old), "a slot was something else before")
                COMPARED["old slots"] += 1
        super().add_slots(segment, entry, vector)

    def add_versions(self, segment, entry, known):
        """Section 9: old texts are those of the predecessor."""
        super().add_versions(segment, entry, known)
        version = entry["first_version"] + entry["whole_count"]
        predecessors = segment.packed(entry["predecessors"])[entry["whole_count"] :]
        for patch in entry["patches"]:
            paths, old = segment.packed(patch["paths"]), segment.column(patch["old_texts"])
            ends = segment.packed(patch["ends"])
            for i, (start, end) in enumerate(zip([0, *ends], ends), patch["first_patch"]):
                for path, text in zip(paths[start:end], old[start:end]):
                    before = known[predecessors[i]].get(segment.footer["paths"][path])
                    check(before == text and predecessors[i] < version + i, "a patch is not of its predecessor")
                    COMPARED["old texts"] += 1

    def check_ids(self):
        """Section 8, of table version 2."""
        for text, key in zip(self.ids, self.keys):
            name = normal(text)
            is_guid = GUID.fullmatch(name)
            found = bytes.fromhex(name.replace("-", "")) if is_guid else derived(
                "entrasnap object id text, version 1", name.encode())[:16]
            check(found == key, "an ID has another key")
            COMPARED["keys"] += 1

    def check_hashes(self, segment):
        """Section 9, of table version 2."""
        for entry in segment.footer["tables"]:
            token, hashes = entry["type_token"], Cursor(segment.chunks[entry["hashes"]])
            owners = segment.integers(entry["ordinals"]) if entry["space"] == 0 else []
            for version, ordinal in enumerate(owners, entry["first_version"]):
                cells = self.numbers[token, "core"][version].items()
                columns = sorted((column_number(token, path), text) for path, text in cells)
                numbers = b"".join(struct.pack("<Q", number) for number, _ in columns)
                content = sized(token.encode()) + sized(normal(self.ids[ordinal]).encode())
                content += derived("entrasnap columns of a content, version 1", numbers)[:16]
                content += b"".join(sized(text) for _, text in columns)
                key = bytes.fromhex(self.record["hashKey"])
                check(reader.blake3(content, key=key).digest()[:16] == hashes.take(16), "a version has another hash")
                COMPARED["content hashes"] += 1

    def check_checkpoint(self, segment, entry):
        """Sections 4, 7 and 8: a checkpoint says what the segments up to it made."""
        lines = reader.zstandard.ZstdDecompressor().decompress(segment.chunks[entry["backups"]])
        check([json.loads(line) for line in lines.splitlines()] == self.manifests, "it lists other backups")
        check(len(lines) == segment.counts[entry["backups"]], "its list of backups has another length")
        check(set(segment.integers(entry["gone"])) == self.gone, "it has another gone set")
        starts, ordinals = (
            Cursor(segment.chunks[chunk]).numbers(f"{segment.counts[chunk]}I")
            for chunk in (entry["bucket_starts"], entry["bucket_ordinals"]))
        check(sorted(ordinals) == list(range(len(self.ids))), "its index has not all IDs")
        for bucket, (start, end) in enumerate(zip(starts, starts[1:])):
            for ordinal in ordinals[start:end]:
                high, low = struct.unpack(">QQ", self.keys[ordinal])
                place = ((high ^ low) * 0x9E3779B97F4A7C15 & MASK64) * entry["bucket_count"] >> 64
                check(place == bucket, "an ID is in another bucket")
        named = [((table["type_token"], table["name"]), table) for table in entry["tables"]]
        named += [((table["type_token"], "links", table["name"]), table) for table in entry["links"]]
        check({key for key, _ in named} == set(self.vectors), "it has other vectors")
        for key, table in named:
            found = dict(zip(segment.integers(table["ordinals"]), map(slot, segment.integers(table["values"]))))
            check(found == {o: v for o, v in self.vectors[key].items() if v}, "it has another vector")
            check(table["next"] == len(self.numbers[key]), "it has another next number")
        COMPARED["checkpoints"] += 1

    def check_id(self, manifest):
        """Section 3.3: how the ID of a backup is made."""
        parts = [bytes.fromhex(manifest["storeId"]), struct.pack("<Q", manifest["sequence"])]
        parts += [manifest["previous"].encode(), manifest["takenAt"].encode(), bytes.fromhex(manifest["segment"]["hash"])]
        letters = "".join(chr(ord("k") + int(digit, 16)) for digit in reader.blake3(b"".join(parts)).hexdigest()[:16])
        check(letters == manifest["id"], "a backup has another ID")

    def check_journal(self, name):
        """Section 11."""
        cursor, previous = Cursor(self.folder.joinpath("journals", name + ".log").read_bytes()), bytes(32)
        records, heads = [], []
        while cursor.at < len(cursor.data):
            length, turned, before, digest = struct.unpack("<II32s32s", cursor.take(72))
            payload = cursor.take(length)
            check(length ^ turned == MASK32 and before == previous, "the chain of a journal is broken")
            previous = derived("entrasnap 2026-11 journal record", struct.pack("<I", length) + before + payload)
            check(previous == digest, "a record has another hash")
            records.append(json.loads(payload))
            heads.append({"count": len(records) - 1, "hash": list(digest), "length": cursor.at})
        check(records[0] == {"format": 1, "journal": name, "store": self.record["storeId"]}, "another journal")
        check(self.head["journals"][name] in heads, "a journal does not reach what HEAD knows")
        COMPARED["records"] += len(records) - 1

def column_number(token, path):
    return int.from_bytes(reader.blake3(f"{token}\0core\0{path}".encode()).digest()[:8], "little")

if __name__ == "__main__":
    store = Checked(sys.argv[1])
    for manifest, segment in store.commits():
        store.check_id(manifest)
        if manifest["tableVersion"] >= 2:
            store.check_hashes(segment)
        if segment.footer["checkpoint"]:
            store.check_checkpoint(segment, segment.footer["checkpoint"])
        store.manifests.append(manifest)
    if all(manifest["tableVersion"] >= 2 for manifest in store.manifests):
        store.check_ids()
    for name in store.head["journals"]:
        store.check_journal(name)
    print(json.dumps(COMPARED | {"encodings": sorted(reader.USED_ENCODINGS)}))
