"""Bodies that arrive compressed: whatever a client sends, what comes out is bounded, and what is wrong is said."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from backports import zstd

from model_service.errors import EncodingNotTaken, InvalidRequest, RequestTooLarge
from model_service.fn.content_encoding import CODINGS, MAX_MEMBERS, TAKEN, decompressed
from model_service.fn.invocation import Deadline, HttpRequest, Invocation

TEXT = b'{"model": "meta.llama-3.3-70b-instruct"}' * 20
LIMIT = 1_000_000


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": lambda data: zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}),
}


def test_every_coding_is_tried_here() -> None:
    assert set(COMPRESS) == set(CODINGS)
    assert TAKEN == ("gzip", "deflate", "zstd")


@pytest.mark.parametrize("name", COMPRESS)
def test_a_compressed_body_is_read(name: str) -> None:
    assert decompressed(COMPRESS[name](TEXT), name, LIMIT) == TEXT
    assert decompressed(COMPRESS[name](TEXT), f" {name.upper()} , identity", LIMIT) == TEXT


def test_deflate_is_taken_with_and_without_its_frame() -> None:
    assert decompressed(raw_deflate(TEXT), "deflate", LIMIT) == TEXT


def test_what_was_compressed_twice_is_taken_apart_from_the_outside() -> None:
    assert decompressed(zstd.compress(gzip.compress(TEXT)), "gzip, zstd", LIMIT) == TEXT


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_members_follow_each_other(name: str) -> None:
    assert decompressed(COMPRESS[name](b"one ") + COMPRESS[name](b"two"), name, LIMIT) == b"one two"
    with pytest.raises(InvalidRequest):
        decompressed(COMPRESS[name](b"") * (MAX_MEMBERS + 1), name, LIMIT)


@pytest.mark.parametrize("name", ["br", "compress", "gzip, br", "gzip, gzip, gzip", "\ud800", "gzip;q=1"])
def test_another_coding_is_refused_with_those_that_are_taken(name: str) -> None:
    with pytest.raises(EncodingNotTaken, match="gzip, deflate, zstd") as refused:
        decompressed(TEXT, name, LIMIT)
    assert refused.value.status == 415


@pytest.mark.parametrize("name", COMPRESS)
@pytest.mark.parametrize("breaking", ["cut", "changed", "none", "more"])
def test_what_is_broken_is_a_400(name: str, breaking: str) -> None:
    whole = COMPRESS[name](TEXT)
    changed = whole[:12] + bytes(255 - byte for byte in whole[12:20]) + whole[20:]
    broken = {"cut": whole[:-3], "changed": changed, "none": TEXT, "more": whole + b"x"}
    with pytest.raises(InvalidRequest, match="Content-Encoding") as refused:
        decompressed(broken[breaking], name, LIMIT)
    assert (refused.value.status, refused.value.code) == (400, "invalid_encoding")


@pytest.mark.parametrize("name", COMPRESS)
def test_a_bomb_is_a_413_and_holds_no_more_than_the_limit(name: str) -> None:
    bomb = COMPRESS[name](b"\0" * 100 * LIMIT)
    assert decompressed(COMPRESS[name](b"\0" * LIMIT), name, LIMIT) == b"\0" * LIMIT
    tracemalloc.start()
    try:
        with pytest.raises(RequestTooLarge):
            decompressed(bomb, name, LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * LIMIT


def test_a_zstd_frame_that_wants_a_window_of_gigabytes_is_refused() -> None:
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    compressor = zstd.ZstdCompressor(options=options)
    frame = compressor.compress(TEXT) + compressor.flush()
    with pytest.raises(InvalidRequest):
        decompressed(frame, "zstd", LIMIT)


def test_without_zstd_the_others_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(CODINGS, "zstd")  # type: ignore[arg-type]
    with pytest.raises(EncodingNotTaken):
        decompressed(zstd.compress(TEXT), "zstd", LIMIT)


@pytest.mark.parametrize("is_http", [True, False])
def test_the_encoding_is_a_header_of_the_client_or_of_a_direct_caller(is_http: bool) -> None:
    headers = {"content-encoding": "gzip"}
    http = HttpRequest("POST", "/v1/chat/completions", headers) if is_http else None
    invocation = Invocation(gzip.compress(TEXT), Deadline.after(5), headers={} if is_http else headers, http=http)
    assert invocation.readable().body == TEXT
    broken = Invocation(TEXT, Deadline.after(5), headers={} if is_http else headers, http=http).readable()
    assert broken.fault is not None
    assert broken.body == b""
