"""The vectors of an embeddings answer, each encoded as it arrives and held once; and how large the answer gets."""

from __future__ import annotations

import base64
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final, overload

from model_service.errors import UpstreamError
from model_service.light_dataclasses import dataclass
from model_service.openai_api.encoding import write_json

MAX_LIST_NUMBERS: Final = 200_000  # of an answer; beyond it a number takes 8 bytes instead of 32
WRAPPING_BYTES: Final = 46  # {"object":"embedding","index":1,"embedding":},
MIN_NUMBER_BYTES: Final = 2  # "0,"
MAX_NUMBER_BYTES: Final = 25  # "-0.12345678901234568e-10,"


@dataclass(frozen=True)
class EmbeddingsPart:
    """What one call of several answered.

    The vectors as the caller wants them, the tokens, and the inputs if OCI was to send them back.
    """

    vectors: list[Any]
    tokens: int
    inputs: tuple[Any, ...] = ()


class PackedFloats(Sequence[float]):
    """Numbers that are written as a list of them is, in a quarter of its memory."""

    def __init__(self, numbers: Iterable[float]) -> None:
        self._numbers = array("d", numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> float: ...

    @overload
    def __getitem__(self, index: slice) -> list[float]: ...

    def __getitem__(self, index: int | slice) -> float | list[float]:
        numbers = self._numbers[index]
        return numbers.tolist() if isinstance(numbers, array) else numbers

    def __iter__(self) -> Iterator[float]:
        return iter(self._numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._numbers.tolist() == list(other)

    __hash__ = None  # type: ignore[assignment] # as of a list


def floats(vector: Any) -> list[float]:
    """Return the vector; raise ``TypeError`` or ``ValueError`` where it is not one of finite numbers."""
    if not isinstance(vector, list) or not all(map(isfinite, vector)):
        raise ValueError
    return vector


def packed_floats(vector: Any) -> PackedFloats:
    """Return the vector as ``floats`` does, in less memory."""
    return PackedFloats(floats(vector))


def base64_floats(vector: Any) -> str:
    """Return little-endian 32-bit floats in base64, as OpenAI's clients unpack them."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *floats(vector))).decode()


def encoded(vectors: Iterable[Any], encode: Callable[[Any], Any], *, is_packed: bool) -> list[Any]:
    """Return the vectors in the form that ``encode`` gives them; texts as they are, where OCI ``is_packed`` them.

    Raise ``UpstreamError`` for what is not a vector of finite numbers.
    """
    try:
        return [vector if is_packed and isinstance(vector, str) else encode(vector) for vector in vectors]
    except (TypeError, ValueError, OverflowError, struct.error):
        raise UpstreamError("OCI answered with an embedding that is not an array of numbers.") from None


def tokens_of(result: Mapping[str, Any]) -> int:
    """Return the tokens that an EmbedTextResult counts; without ``usage`` those of its inputs."""
    usage = result.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    of_inputs = result.get("inputTextTokenCounts")
    counted = usage.get("promptTokens") or usage.get("totalTokens")
    counts = [counted] if counted else (of_inputs if isinstance(of_inputs, list) else [])
    return sum(count for count in counts if isinstance(count, int) and not isinstance(count, bool) and count >= 0)


def answer_bytes(inputs: int, dimensions: int, encoding_format: str) -> tuple[int, int]:
    """Return how many bytes an answer has at least, and at most, before there is any of it."""
    if encoding_format == "base64":
        # Each three bytes, begun or whole, are four; a number has four bytes.
        least = most = (dimensions * 4 + 2) // 3 * 4
    else:
        least, most = dimensions * MIN_NUMBER_BYTES, dimensions * MAX_NUMBER_BYTES
    return inputs * (WRAPPING_BYTES + least), inputs * (WRAPPING_BYTES + 8 + most)


def likely_answer_bytes(inputs: int, part: EmbeddingsPart) -> int:
    """Return about how many bytes the whole answer has, from the first vectors of it: a little fewer than that."""
    sample = part.vectors[:8]
    written = sum(len(write_json(vector)) for vector in sample) / max(len(sample), 1)
    return int(inputs * (WRAPPING_BYTES + written * 0.97))


ENCODERS: Final[Mapping[str, Callable[[Any], Any]]] = {"float": floats, "base64": base64_floats}
