"""The records that every client sends, and how they must come out of the journal."""

COUNT = 500


def records(count=COUNT):
    """Records of different shapes, each with its serial."""
    shapes = [
        lambda n: {"remote_ip": "93.180.71.3", "request": "GET /downloads/product_1 HTTP/1.1", "response": 304,
                   "bytes": n, "referrer": "-", "agent": "Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)"},
        lambda n: {"text": "quotes \" backslash \\ newline \n tab \t nul \x00 del \x7f slash /"},
        lambda n: {"text": "gr\u00fc\u00dfe \u65e5\u672c\u8a9e \U0001f642 \u2028", "": "empty key", "empty": ""},
        lambda n: {"numbers": [0, 1, -1, 127, 128, 255, 256, 65535, 65536, -32, -33, -128, -129, -32768, -32769,
                               2**31, -2**31 - 1, 2**53 - 1, -2**53 + 1]},
        lambda n: {"floats": [0.5, -1.25, 1e-9, 3.141592653589793, 1.5e300]},
        lambda n: {"nothing": None, "yes": True, "no": False, "list": [], "map": {}},
        lambda n: {"deep": {"a": [{"b": {"c": [[[n]]]}}]}},
        lambda n: {"long": "x" * (n * 211 % 70_000)},
        lambda n: {f"key{i}": i for i in range(40)},
    ]
    for serial in range(count):
        yield {"serial": serial, **shapes[serial % len(shapes)](serial)}


def escaped(data):
    """Bytes as the journal's JSON has them: a byte that is no UTF-8 becomes U+EF00 + byte, and so does each byte of a
    character that could be mistaken for one (docs/internals/forward-protocol.md)."""
    text = ""
    for character in data.decode("utf-8", "surrogateescape"):
        if 0xDC80 <= ord(character) <= 0xDCFF or 0xEF80 <= ord(character) <= 0xEFFF:
            text += "".join(chr(0xEF00 + byte) for byte in character.encode("utf-8", "surrogateescape"))
        else:
            text += character
    return text
