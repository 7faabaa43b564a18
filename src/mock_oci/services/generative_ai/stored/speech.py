"""/openai/v1/audio/speech: a text becomes a sound in one piece (docs: generative-ai/xai-grok-tts.htm).

The sound is silence, as long as the text would take: half a second a word.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from mock_oci.identity.signatures import API_KEY, SIGNATURE
from mock_oci.operations import Call
from mock_oci.services.generative_ai.openai_errors import openai_error
from mock_oci.services.generative_ai.openai_surface import check_compartment, no_such_model, target_of
from mock_oci.services.generative_ai.stored.stored import body_with, check_host, operation
from mock_oci.wire import Response

MAX_CHARACTERS = 15_000
_RATE = 24_000  # samples a second
_FRAME = bytes.fromhex("fffb9064") + bytes(413)  # of MPEG-1 layer 3, 128 kbit/s, 44.1 kHz: 26 ms


def speak(call: Call) -> Response:
    check_host(call, "inference.")
    check_compartment(call, "opc-compartment-id", "compartmentid")
    body = body_with(call, _FIELDS, ("model", "input", "voice"))
    target = target_of(call, body["model"])
    if target is None:
        raise no_such_model(call, body["model"])
    if "TEXT_TO_AUDIO" not in target.model.capabilities:
        raise openai_error("Unsupported OpenAI operation", "model", "invalid_value")
    text, voice, format_ = body["input"], body["voice"], body.get("response_format", "mp3")
    if not isinstance(text, str) or not 0 < len(text) <= MAX_CHARACTERS:
        raise openai_error(f"Invalid 'input': a string of 1 to {MAX_CHARACTERS} characters.", "input", "invalid_value")
    if not isinstance(voice, str) or voice.lower() not in _VOICES:
        raise openai_error(f"Invalid value for 'voice': one of {_VOICES}.", "voice", "invalid_value")
    if format_ not in _FORMATS:
        raise openai_error(
            f"Invalid value for 'response_format': one of {list(_FORMATS)}.", "response_format", "invalid_value"
        )
    if body.get("stream_format", "audio") != "audio":
        raise openai_error("Streaming is not supported on /audio/speech.", "stream_format", "unsupported_value")
    content_type, sound = _FORMATS[format_]
    return Response(200, {"content-type": content_type}, sound(len(text.split()) / 2))


def _mp3(seconds: float) -> bytes:
    return _FRAME * max(1, round(seconds / 0.026))


def _pcm(seconds: float) -> bytes:
    return bytes(2 * round(seconds * _RATE))


def _wav(seconds: float) -> bytes:
    samples = _pcm(seconds)
    format_ = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(samples), b"WAVE")
    return head + format_ + struct.pack("<4sI", b"data", len(samples)) + samples


_FORMATS: dict[str, tuple[str, Callable[[float], bytes]]] = {
    "mp3": ("audio/mpeg", _mp3),
    "wav": ("audio/wav", _wav),
    "pcm": ("audio/pcm", _pcm),
}
_VOICES = ("ara", "eve", "leo", "rex", "sal")
_OPENAI = ("model", "input", "voice", "response_format", "speed", "instructions", "stream_format")
_FIELDS = (*_OPENAI, "language", "sample_rate", "bit_rate", "text_normalization")
OPERATIONS = (operation("POST", "/openai/v1/audio/speech", speak, (SIGNATURE, API_KEY)),)
