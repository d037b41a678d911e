#!/usr/bin/env python3
"""Reads a store by what engine/FORMAT.md says, and by nothing else: the proof that the document is enough.

Usage: reader.py STORE. It prints a JSON array a line: of each commit every object as
[backup, type, id, in the bin, JSON text, [[relation, [target, ...]], ...]]. The footer's structures and the names of
types are read from the tables of the document. The status is 1 where the store is not as it says, 3 without a package.
"""
import datetime
import decimal
import json
import pathlib
import re
import struct
import sys

try:
    import zstandard
    from blake3 import blake3
except ImportError as error:
    print(f"{error.name} is not installed: python3 -m pip install zstandard blake3", file=sys.stderr)
    sys.exit(3)

ABSENT, NULL, UNKNOWN, TOP_BIT, MASK32, MASK64 = None, b"null", False, 1 << 31, (1 << 32) - 1, (1 << 64) - 1
USED_ENCODINGS = set()
DOCUMENT = pathlib.Path(__file__).parents[2].joinpath("engine/FORMAT.md").read_text(encoding="utf-8")

def check(fits, what):
    if not fits:
        sys.exit(f"damaged: {what}")

def table(name):
    """The rows of the table of the document that bears this mark."""
    lines = DOCUMENT.split(f"<!-- code: {name} -->\n")[1].split("\n\n")[0].splitlines()[2:]
    return [line.replace("`", "").strip("| ").split(" | ") for line in lines]

# Section 1
CRC_TABLE = list(range(256))
for _ in range(8):
    CRC_TABLE = [value >> 1 ^ (0x82F63B78 if value & 1 else 0) for value in CRC_TABLE]

def crc32c(data):
    value = MASK32
    for byte in data:
        value = CRC_TABLE[(value ^ byte) & 255] ^ value >> 8
    return value ^ MASK32

class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0
    def take(self, length):
        check(self.at + length <= len(self.data), f"{length} bytes are missing at {self.at}")
        self.at += length
        return self.data[self.at - length : self.at]
    def rest(self):
        return self.take(len(self.data) - self.at)
    def byte(self):
        return self.take(1)[0]
    def numbers(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))
    def varint(self):
        value, shift, byte = 0, 0, 128
        while byte >= 128:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
        return value
    def signed(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)
    def bits(self, count, width):
        number = int.from_bytes(self.take((count * width + 7) // 8), "little")
        text = f"{number:0{count * width}b}"
        check(width == 0 or len(text) in (1, count * width), "bits behind the last value")
        return [int(text[i * width - width : i * width or None], 2) if width else 0 for i in range(0, -count, -1)]
    def packed(self, count):
        base = self.signed()
        return [base + value & MASK64 for value in self.bits(count, self.byte())]
    def end(self):
        check(self.at == len(self.data), f"{len(self.data) - self.at} bytes too many")

# Sections 5.1 and 5.4
def integers(data, count):
    cursor, values = Cursor(data), []
    if count and cursor.byte() == 1:
        first, step = cursor.varint(), cursor.signed()
        values = [first + i * step & MASK32 for i in range(count)]
    while len(values) < count:
        length, head, base = min(1024, count - len(values)), cursor.byte(), cursor.varint()
        if head & 64:
            least = cursor.signed()
            values.append(base)
            for step in cursor.bits(length - 1, head & 63):
                values.append(values[-1] + least + step & MASK32)
        else:
            values += [base + value for value in cursor.bits(length, head & 63)]
    cursor.end()
    return values

def gaps(cursor, count=None):
    values, following = [], 0
    while cursor.at < len(cursor.data) if count is None else len(values) < count:
        following += cursor.varint() + 1
        values.append(following - 1)
    return values

def roaring(cursor):
    cookie, values = cursor.numbers("I")[0], []
    has_runs = cookie & 0xFFFF == 12347
    check(has_runs or cookie == 12346, "no Roaring bitmap")
    count = (cookie >> 16) + 1 if has_runs else cursor.numbers("I")[0]
    is_run = cursor.bits(count, 1) if has_runs else [0] * count
    heads = [cursor.numbers("HH") for _ in range(count)]
    cursor.take(0 if has_runs and count < 4 else 4 * count)
    for (key, cardinality), run in zip(heads, is_run):
        if run:
            runs = [cursor.numbers("HH") for _ in range(cursor.numbers("H")[0])]
            low = [first + i for first, length in runs for i in range(length + 1)]
        elif cardinality < 4096:
            low = cursor.numbers(f"{cardinality + 1}H")
        else:
            low = [i for i, bit in enumerate(cursor.bits(65536, 1)) if bit]
        values += [key << 16 | value for value in low]
    return values

def link_set(data, predecessor):
    cursor = Cursor(data)
    tag = cursor.byte()
    if tag < 2:
        return gaps(cursor) if tag == 0 else roaring(cursor)
    added = gaps(cursor, cursor.varint())
    return sorted(set(predecessor) - set(gaps(cursor)) | set(added))

# Sections 5.5 to 5.8: a column is a list of cells
def double_text(number):
    sign, digits, exponent = decimal.Decimal(repr(number)).normalize().as_tuple()
    digits, point = "".join(map(str, digits)), len(digits) + exponent
    if -5 < point <= 16:
        digits, point = "0" * max(0, 1 - point) + digits, max(1, point)
        text = digits[:point].ljust(point, "0") + "." + (digits[point:] or "0")
    else:
        text = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{point - 1}"
    return "-" * sign + text

def date_times(cursor, count):
    digits, unit, least = cursor.byte(), cursor.varint(), cursor.signed()
    for step in cursor.packed(count):
        seconds, ticks = divmod(least + step * unit, 10_000_000)
        text = (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)).isoformat()
        fraction = f"{ticks:07}".rstrip("0") if digits == 8 else f"{ticks:07}"[:digits]
        yield f'"{text}{"." if fraction else ""}{fraction}Z"'

def guid_text(data):
    return re.sub("(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", data.hex())

def expand(codes, symbols):
    codes = iter(codes)
    return b"".join(bytes([next(codes)]) if code == 255 else symbols[code] for code in codes)

def texts(cursor, count, encoding):
    prefix, suffix = cursor.take(cursor.varint()), cursor.take(cursor.varint())
    lengths = cursor.packed(count)
    if count > 16 and len(set(lengths)) > 1:
        starts = cursor.packed((count + 15) // 16 - 1)
        check(starts == [sum(lengths[: 16 * i + 16]) for i in range(len(starts))], "starts do not fit")
    if encoding == 11:
        blocks = cursor.varint()
        firsts, ends = cursor.packed(blocks), cursor.packed(blocks)
        frames, body = cursor.rest(), b""
        for start, end, first, following in zip([0, *ends], ends, firsts, [*firsts[1:], count]):
            length = sum(lengths[first:following])
            body += zstandard.ZstdDecompressor().decompress(frames[start:end], max_output_size=length)
        cursor = Cursor(body)
    symbols = [cursor.take(8)[:size] for size in cursor.take(cursor.byte())] if encoding == 10 else []
    rests = [cursor.take(length) for length in lengths]
    cursor.end()
    return [prefix + (expand(rest, symbols) if encoding == 10 else rest) + suffix for rest in rests]

def values(cursor, encoding, count):
    USED_ENCODINGS.add(encoding)
    if encoding == 8:
        distinct, codes = cursor.varint(), cursor.packed(count)
        found = values(cursor, cursor.byte(), distinct)
        check(found == sorted(set(found)), "a dictionary does not ascend")
        return [found[code] for code in codes]
    if encoding in (1, 9, 10, 11):
        return [cursor.rest()] * count if encoding == 1 else texts(cursor, count, encoding)
    if encoding == 2:
        found = [("false", "true")[bit] for bit in cursor.bits(count, 1)]
    elif encoding == 3:
        found = [str(value - (value >> 63 << 64)) for value in cursor.packed(count)]
    elif encoding == 4:
        found = map(double_text, cursor.numbers(f"{count}d"))
    elif encoding == 5:
        found = list(date_times(cursor, count))
    elif encoding == 6:
        found = [f'"{guid_text(cursor.take(16))}"' for _ in range(count)]
    else:
        check(encoding in (0, 7), f"there is no encoding {encoding}")
        found = ['"S-1-12-1-%d-%d-%d-%d"' % cursor.numbers("4I") for _ in range(count)]
    cursor.end()
    return [text.encode() for text in found]

def column(data, count):
    cursor = Cursor(data)
    encoding, head = cursor.byte(), cursor.byte()
    has_value = [head & 7 == 0] * count
    if head & 7 == 2:
        has_value = cursor.bits(count, 1)
        ranks = cursor.packed((count + 511) // 512 - 1) if count > 512 else []
        check(ranks == [sum(has_value[: 512 * i + 512]) for i in range(len(ranks))], "ranks do not fit")
    elif head & 7 > 2:
        listed = set(cursor.packed(cursor.varint()))
        has_value = [(row in listed) == (head & 7 == 3) for row in range(count)]
    other_count = count - sum(has_value)
    others = iter(cursor.packed(other_count) if head >> 3 == 3 else [head >> 3] * other_count)
    found = iter(values(cursor, encoding, count - other_count))
    return [next(found) if has else (ABSENT, NULL, UNKNOWN)[next(others)] for has in has_value]

# Section 4
NUMBERS = {"u8": "<B", "bool": "<?", "u32": "<I", "u64": "<Q", "i64": "<q"}
PLACES = {name: (int(size), int(alignment)) for name, size, alignment in table("footer structures")}
FIELDS = {name: table(f"footer {name}") for name in PLACES}
PLACES |= {name: (struct.calcsize(form), struct.calcsize(form)) for name, form in NUMBERS.items()}

def place(kind):
    """Size and alignment of a type."""
    if kind.startswith("Tuple2"):
        return place(kind[7:-1].split(", ")[1])[1] * 2, place(kind[7:-1].split(", ")[1])[1]
    return PLACES.get(kind, (8, 4))

def decode(data, at, kind):
    check(0 <= at < len(data), "the footer points beyond itself")
    if kind in NUMBERS:
        return struct.unpack_from(NUMBERS[kind], data, at)[0]
    if kind == "String" and data[at] & 0xC0 != 0x80:
        return data[at : at + 8].split(b"\xff")[0].decode()
    if kind == "String":
        number, offset = struct.unpack_from("<Ii", data, at)
        return data[at + offset :][: number & 0x3F | (number & ~0xFF) >> 2].decode()
    if kind.startswith("Vec"):
        offset, count = struct.unpack_from("<iI", data, at)
        return [decode(data, at + offset + i * place(kind[4:-1])[0], kind[4:-1]) for i in range(count)]
    if kind.startswith("Option"):
        return decode(data, at + place(kind[7:-1])[1], kind[7:-1]) if data[at] else None
    if kind.startswith("Tuple2"):
        first, second = kind[7:-1].split(", ")
        return [decode(data, at, first), decode(data, at + place(second)[1], second)]
    return {name: decode(data, at + int(offset), field) for name, offset, field, _ in FIELDS[kind]}

class Segment:
    def __init__(self, data, store_id, sequence):
        head = struct.unpack("<8sII16sQ20sI", data[:64])
        check(head[0] == b"ESNAPSEG" and head[6] == crc32c(data[:60]) and head[1] <= 2, "no header of a known format")
        check(head[2:6] == (0, store_id, sequence, bytes(20)), "a segment of another place")
        start, length, footer_hash, cipher, crc, magic = struct.unpack("<QQ32sII8s", data[-64:])
        check((magic, crc, cipher) == (b"GESPANSE", crc32c(data[-64:-12]), 0), "no trailer")
        footer = data[start:-64]
        check(len(footer) == length and blake3(footer).digest() == footer_hash, "another footer")
        self.footer = decode(footer, length - place("Footer")[0], "Footer")
        self.counts = [chunk["count"] for chunk in self.footer["chunks"]]
        self.chunks = [data[chunk["offset"] :][: chunk["length"]] for chunk in self.footer["chunks"]]
        check([c["checksum"] for c in self.footer["chunks"]] == [*map(crc32c, self.chunks)], "another chunk")
        long = [chunk for chunk in self.chunks[:-1] if len(chunk) > 16384]
        blocks = [chunk[i : i + 16384] for chunk in long for i in range(0, len(chunk), 16384)]
        sums = b"".join(struct.pack("<I", crc32c(block)) for block in blocks)
        check(head[1] < 2 or sums == self.chunks[-1], "the checksums of blocks do not fit")
    def integers(self, chunk):
        return integers(self.chunks[chunk], self.counts[chunk])
    def packed(self, chunk):
        return Cursor(self.chunks[chunk]).packed(self.counts[chunk])
    def column(self, chunk):
        return column(self.chunks[chunk], self.counts[chunk])
    def ids(self, entry):
        keys = Cursor(self.chunks[entry["keys"]])
        found = [guid_text(keys.take(16)) for _ in range(entry["count"])]
        if entry["texts"] is not None:
            for row, text in zip(self.packed(entry["text_rows"]), self.column(entry["texts"])):
                found[row] = json.loads(text)
        return found

# Section 6
ODATA_TYPES = dict(table("odata types"))

def quote(text):
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))

def name_of(part):
    return re.sub("~(u(.{4})|.)", lambda m: chr(int(m[2], 16)) if m[2] else {"0": "~", "1": "/", "e": ""}[m[1]], part)

def assemble(cells):
    tree = {}
    for path, text in sorted(cells.items(), key=lambda cell: cell[0].count("/")):
        node, names = tree, [name_of(part) for part in path.split("/")]
        for name in names[:-1]:
            node[name] = node = node[name] if isinstance(node.get(name), dict) else {}
        node[names[-1]] = text.decode()
    return text_of(tree)

def text_of(node):
    if isinstance(node, str):
        return node
    members = sorted(node.items(), key=lambda member: member[0].encode("utf-8", "surrogatepass"))
    return "{" + ",".join(quote(name) + ":" + text_of(value) for name, value in members) + "}"

# Sections 3 and 7 to 10
class Store:
    """What the commits up to one make of all IDs, numbers and vectors."""

    def __init__(self, folder):
        self.folder, self.ids, self.gone, self.vectors, self.numbers = pathlib.Path(folder), [], set(), {}, {}
        self.record, self.head = self.sealed("store.json")[0], self.sealed("HEAD")[0]
        check(max(self.record["formatVersion"], self.head["formatVersion"]) <= 2, "a newer format")
        check(self.record["cipher"] == "none" and self.record["storeId"] == self.head["storeId"], "another store")

    def sealed(self, *path):
        """A sealed record, and the hash of its file."""
        data = self.folder.joinpath(*path).read_bytes()
        check(data[-65:] == blake3(data[:-65]).hexdigest().encode() + b"\n", f"the seal of {path} does not fit")
        return json.loads(data[:-65]), blake3(data).hexdigest()

    def commits(self):
        """Applies one commit after the other, and gives its manifest and segment."""
        before = ""
        for sequence in range(1, self.head["sequence"] + 1):
            manifest, following = self.sealed("manifests", f"{sequence:010}.man")
            check((manifest["sequence"], manifest["previous"]) == (sequence, before), "the chain is broken")
            data, before = self.folder.joinpath("segments", f"{sequence:010}.seg").read_bytes(), following
            check({"length": len(data), "hash": blake3(data).hexdigest()} == manifest["segment"], "another segment")
            segment = Segment(data, bytes.fromhex(self.record["storeId"]), sequence)
            self.add(segment, segment.footer)
            yield manifest, segment
        check(before == self.head["manifest"], "HEAD names another manifest")

    def add(self, segment, footer):
        if footer["ids"]:
            check(footer["ids"]["first_ordinal"] == len(self.ids), "ordinals are not dense")
            self.ids += segment.ids(footer["ids"])
        for entry in footer["tables"]:
            key = (entry["type_token"], ("core", "volatile")[entry["space"]])
            self.add_versions(segment, entry, self.numbers.setdefault(key, [None]))
            self.add_slots(segment, entry["slots"], self.vectors.setdefault(key, {}))
        for entry in footer["links"]:
            key = (entry["type_token"], "links", entry["relation"])
            known, ends = self.numbers.setdefault(key, [None, []]), segment.packed(entry["ends"])
            check(entry["first_set"] == len(known), "link sets are not dense")
            for start, end, predecessor in zip([0, *ends], ends, segment.packed(entry["predecessors"])):
                known.append(link_set(segment.chunks[entry["data"]][start:end], known[predecessor]))
            self.add_slots(segment, entry["slots"], self.vectors.setdefault(key, {}))
        if footer["gone"]:
            self.gone |= set(segment.integers(footer["gone"]["added"]))
            self.gone -= set(segment.integers(footer["gone"]["removed"]))

    def add_versions(self, segment, entry, known):
        """A version is its cells by path."""
        check(entry["first_version"] == len(known), "versions are not dense")
        paths = segment.footer["paths"]
        for group in entry["groups"]:
            columns = {chunk: segment.column(chunk) for _, chunk in group["columns"]}
            for rule in group["references"]:
                for row, base in enumerate(columns[rule["base"]]):
                    if columns[rule["chunk"]][row] is UNKNOWN:
                        part = base[1:-1].split(b"@")[0] if rule["part"] else base[1:-1]
                        columns[rule["chunk"]][row] = bytes(rule["prefix"]) + part + bytes(rule["suffix"])
            named = [(paths[path], columns[chunk]) for path, chunk in group["columns"]]
            known += [{path: cells[row] for path, cells in named if cells[row]} for row in range(group["row_count"])]
        predecessors = iter(segment.packed(entry["predecessors"])[entry["whole_count"] :])
        for patch in entry["patches"]:
            ends, changed = segment.packed(patch["ends"]), [paths[path] for path in segment.packed(patch["paths"])]
            attributes = list(zip(changed, segment.column(patch["new_texts"])))
            for start, end, predecessor in zip([0, *ends], ends, predecessors):
                cells = known[predecessor] | dict(attributes[start:end])
                known.append({path: text for path, text in cells.items() if text})

    def add_slots(self, segment, entry, vector):
        if entry:
            stored = zip(segment.integers(entry["ordinals"]), segment.integers(entry["new_values"]))
            vector.update((ordinal, slot >> 1 | (slot & 1) << 31) for ordinal, slot in stored)

    def objects(self):
        cores = [(key[0], *item) for key in self.vectors if key[1] == "core" for item in self.vectors[key].items()]
        for token, ordinal, slot in cores:
            if slot & ~TOP_BIT:
                moving = self.vectors.get((token, "volatile"), {}).get(ordinal, 0) & ~TOP_BIT
                kind = ODATA_TYPES.get(token, f"#microsoft.graph.{token}")
                cells = {"id": quote(self.ids[ordinal]).encode(), "@odata.type": quote(kind).encode()}
                cells |= self.numbers[token, "core"][slot & ~TOP_BIT]
                cells |= self.numbers[token, "volatile"][moving] if moving else {}
                yield token, self.ids[ordinal], slot >= TOP_BIT, assemble(cells), list(self.links(token, ordinal))

    def links(self, token, ordinal):
        for key in sorted(key for key in self.vectors if key[:2] == (token, "links")):
            if number := self.vectors[key].get(ordinal, 0):
                targets = self.numbers[key][number]
                yield key[2], sorted(self.ids[target] for target in targets if target not in self.gone)

if __name__ == "__main__":
    store = Store(sys.argv[1])
    for manifest, _ in store.commits():
        for found in store.objects():
            print(json.dumps([manifest["id"], *found]))
