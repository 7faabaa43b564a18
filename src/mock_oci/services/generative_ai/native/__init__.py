"""The formats of the native chat operation, one module each, by the name that ``apiFormat`` gives them."""

from mock_oci.services.generative_ai.native import cohere, cohere_v2, generic
from mock_oci.services.generative_ai.native.format import Format

FORMATS: dict[str, Format] = {
    "GENERIC": generic.FORMAT,
    "COHERE": cohere.FORMAT,
    "COHEREV2": cohere_v2.FORMAT,
}
