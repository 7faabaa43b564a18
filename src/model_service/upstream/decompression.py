"""A body that OCI has compressed, decompressed in small pieces: a bomb is found out before it is in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from model_service.errors import UpstreamUnreachable

MAX_PIECE_BYTES: Final = 65536

GZIP: Final = 16 + zlib.MAX_WBITS
ZLIB: Final = zlib.MAX_WBITS
RAW: Final = -zlib.MAX_WBITS


def decompressed(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Yield the body of which ``pieces`` are the compressed form, at most ``MAX_PIECE_BYTES`` at a time.

    ``coding`` is a ``Content-Encoding`` (RFC 9110, 8.4). Raises ``UpstreamUnreachable`` for one that was not offered,
    for bytes that are no such body, and with ``connection_lost`` for one that ends before its end.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        yield from pieces
        return
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise UpstreamUnreachable("OCI sent a body in a compression that it was not asked for.")
    try:
        yield from _inflated(pieces, is_gzip=coding != "deflate")
    except zlib.error as error:
        raise UpstreamUnreachable("OCI sent a body that cannot be decompressed.") from error


def _inflated(pieces: Iterable[bytes], *, is_gzip: bool) -> Iterator[bytes]:
    inflater = None
    for piece in pieces:
        waiting = piece
        while waiting:
            if inflater is None or inflater.eof:  # gzip'ed parts may follow each other (RFC 1952, 2.2)
                inflater = zlib.decompressobj(GZIP if is_gzip else _deflate_format(waiting))
            if inflated := inflater.decompress(waiting, MAX_PIECE_BYTES):
                yield inflated
            waiting = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        while inflater and not inflater.eof and (inflated := inflater.decompress(b"", MAX_PIECE_BYTES)):
            yield inflated  # what the last piece held, but did not fit
    if inflater is not None and not inflater.eof:
        raise UpstreamUnreachable("The connection to OCI broke.", code="connection_lost")


def _deflate_format(start: bytes) -> int:
    # "deflate" means zlib's format, but some send it without its head: whose first byte is 0x78, as good as always.
    return ZLIB if start[0] & 0x0F == 8 and start[0] >> 4 <= 7 else RAW
