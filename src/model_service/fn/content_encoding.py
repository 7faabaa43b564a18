"""Bodies that arrive compressed (``Content-Encoding``), taken apart within a bound. Loaded with the first of them.

Source: https://www.rfc-editor.org/rfc/rfc9110#field.content-encoding
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, Protocol

from model_service.errors import EncodingNotTaken, InvalidRequest, RequestTooLarge

MAX_CODINGS: Final = 2  # of one body; who compresses twice gains nothing
MAX_MEMBERS: Final = 100  # of one body: each costs a copy of what comes after it
MAX_ZSTD_WINDOW_LOG: Final = 23  # 8 MiB, which RFC 8878 §3.1.1.1.2 asks of every decoder; a frame may name 2 GiB
ZSTD_MODULES: Final = ("compression.zstd", "backports.zstd")  # Python's own from 3.14 on, and the same for older ones


class Decompressor(Protocol):
    """What zlib and zstd share; ``eof`` says that a frame or member is complete."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def decompressed(body: bytes, content_encoding: str, limit: int) -> bytes:
    """Return what ``body`` holds; raise ``InvalidRequest`` for what is broken or has another encoding.

    Raise ``RequestTooLarge`` where more than ``limit`` bytes come out; no more than that is ever held of it.
    """
    names = [name for text in content_encoding.split(",") if (name := text.strip().lower()) not in ("", "identity")]
    if len(names) > MAX_CODINGS or not all(name in CODINGS for name in names):
        raise EncodingNotTaken(*TAKEN)
    for name in reversed(names):
        body = _decode(body, name, limit)
    return body


def _decode(body: bytes, name: str, limit: int) -> bytes:
    try:
        return _read_all(CODINGS[name], body, limit)
    except (zlib.error, EOFError, ValueError) as error:
        raise _broken(name) from error
    except RequestTooLarge:
        raise
    except Exception as error:
        if type(error).__name__ != "ZstdError":  # of whichever module it is
            raise
        raise _broken(name) from error


def _read_all(start: Callable[[bytes], Decompressor], body: bytes, limit: int) -> bytes:
    """Return all members of a body one after the other, as gzip and zstd allow them."""
    pieces: list[bytes] = []
    room = limit + 1
    while body:
        if len(pieces) == MAX_MEMBERS:
            raise ValueError("too many members")
        decompressor = start(body)
        piece = decompressor.decompress(body, room)
        room -= len(piece)
        if room <= 0:
            raise RequestTooLarge(f"The request has more than {limit} bytes once it is decompressed.")
        if not decompressor.eof:
            raise EOFError("cut short")
        pieces.append(piece)
        body = decompressor.unused_data
    return b"".join(pieces)


def _broken(name: str) -> InvalidRequest:
    return InvalidRequest(f"The body is not {name}, which Content-Encoding names.", code="invalid_encoding")


def _gzip(_body: bytes) -> Any:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _deflate(body: bytes) -> Any:
    # The standard means zlib's format; some clients send the raw one. The first two bytes tell (RFC 1950 §2.2).
    is_zlib = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)


def _zstd_module() -> Any:
    for name in ZSTD_MODULES:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def _zstd(_body: bytes) -> Any:
    zstd = _zstd_module()
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: MAX_ZSTD_WINDOW_LOG})


CODINGS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    **({"zstd": _zstd} if _zstd_module() else {}),
}
TAKEN: Final = tuple(name for name in CODINGS if not name.startswith("x-"))
