"""What guardrails find in a text or an image: by patterns, where the service has models.

Source: docs generative-ai/guardrails.htm, whose examples of injections are among the patterns.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mock_oci.cloud import Cloud

_HARMFUL = (
    r"\b(?:build|make|assemble)\s+an?\s+(?:\w+\s+)?(?:bomb|explosive|weapon)\b",
    r"\b(?:kill|hurt)\s+(?:him|her|them|you|myself|yourself)\b",
    r"\bhate\s+all\s+\w+",
)
_INJECTIONS = (
    r"\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+)?"
    r"(?:previous|prior|above|earlier)\s+(?:instructions|prompts|rules)\b",
    r"\b(?:reveal|show|print|repeat)\s+(?:me\s+)?(?:your|the)\s+system\s+prompt\b",
    r"\bexfiltrate\s+(?:the\s+)?secrets\b",
    r"前の指示を無視",
)
_PERSONAL = {
    "EMAIL": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",
    "TELEPHONE_NUMBER": r"(?<![\w.])\+?\d{1,3}?[ .-]?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?!\w)",
    "PERSON": r"(?<=\bname is )[A-Z]\w+(?: [A-Z]\w+)*|(?<=\bI am )[A-Z]\w+ [A-Z]\w+",
    "ADDRESS": r"\b\d{1,5} (?:[A-Z]\w+ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Boulevard)\b",
}
_SURE = 0.95  # of personal information; the other scores are 0 or 1


@dataclass(frozen=True)
class Found:
    """A piece of personal information; ``offset`` and ``len(text)`` in characters."""

    label: str
    text: str
    offset: int
    score: float = _SURE


class Guardrails:
    """What counts as what: regular expressions, whatever their case, that a test may add to or take away.

    ``blocklist`` stands for the service's own set of words, which nobody has published: it is empty. ``personal`` has
    the pattern of each label. Pictures are judged by the text in their bytes.
    """

    def __init__(self, cloud: Cloud) -> None:
        del cloud
        self.harmful = list(_HARMFUL)
        self.injections = list(_INJECTIONS)
        self.blocklist: list[str] = []
        self.personal = dict(_PERSONAL)

    def personal_in(self, text: str, labels: Iterable[str]) -> Iterator[Found]:
        """Yield what is found of these labels, in the order of the text."""
        found = [
            Found(label, match[0], match.start())
            for label in labels
            for match in re.finditer(self.personal[label], text)
        ]
        yield from sorted(found, key=lambda item: item.offset)


def matches(patterns: Iterable[str], text: str) -> bool:
    """Tell whether one of the patterns is found in a text."""
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)


def text_in_image(url: str) -> str:
    """Return what can be read of an image: the bytes of its data URL, or the Base64 alone, as text."""
    try:
        return base64.b64decode(url.partition("base64,")[2] or url).decode("latin-1")
    except (ValueError, binascii.Error):
        return ""
