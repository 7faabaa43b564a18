"""What a recording must not keep, by its look, by the name it stands under, or by its place in a path."""

from __future__ import annotations

import re
from typing import Final

SECRET: Final = "secret"  # noqa: S105 - the name of a kind
NAMESPACE: Final = "namespace"
OPAQUE: Final = "opaque"
# Kinds by which one gets in: they are looked for in every encoding before a recording is written.
CREDENTIALS: Final = frozenset({SECRET, "apikey", "bearer", "jwt", "link", "pem", "fingerprint", "ocid", "email"})

# By its look, in any text. The name of a group is the kind of what it finds.
BY_LOOK: Final = re.compile(
    r"(?P<pem>-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z))"
    r"|(?P<jwt>\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*)"
    r"|(?<=[Bb]earer )(?P<bearer>[\w.~+/-]{8,}=*)"
    r"|(?P<apikey>\bsk-[\w-]{8,})"
    r"|(?P<ocid>\bocid[v\d]+[.:][a-z0-9-]+[.:][a-z0-9]*[.:][a-z0-9-]*(?:[.:][a-z0-9-]*)?[.:][a-z0-9-]{3,})"
    r"|(?<=/p/)(?P<link>[\w-]{6,})(?=/n/)"
    r"|(?<=/n/)(?P<namespace>[\w-]{4,})(?=/[bp]\b)"
    r"|(?P<fingerprint>\b(?:[0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}\b)"
    r"|(?P<request>\b[0-9A-Fa-f]{32}(?:/[0-9A-Fa-f]{32}){0,2}\b)"
    r"|(?P<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)"
    r"|(?P<object>\b(?:resp|conv|msg|call|chatcmpl|file|vs|vsfb|cntr|cfile|fc|rs|run|batch)[_-][A-Za-z0-9_-]{16,})"
    r"|(?P<email>[^\s\"'<>,;:()\[\]{}@/\\=&?\0]{1,64}@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w.])(?P<ip>(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4})(?![\w.])"
    r"|(?P<host>\b(?!compat\.)[a-z0-9]{4,})"
    r"(?=\.(?:[a-z]+-[a-z0-9]+-\d\.functions|apigateway|apm-agt|(?:compat\.)?objectstorage)\.)",
    re.DOTALL | re.ASCII,  # a letter of another alphabet, or a byte, is no part of an id
)
# Kinds that are known by their place: without it they are looked for too.
KNOWN_BY_PLACE: Final = frozenset({"host", "namespace", "link"})
# By the name of a parameter, in the URLs of any text.
PARAMETER: Final = re.compile(
    r"([?&;](?:sig|token|signature|access_token|dataKey|password|secret|api_key)=)([^&\s\"'<>]+)", re.IGNORECASE
)

# Addresses that are the same everywhere.
COMMON_ADDRESSES: Final = frozenset({"127.0.0.1", "0.0.0.0", "169.254.169.254", "255.255.255.255"})  # noqa: S104 - nothing is bound

# By the name of a header, a query parameter or a field, in lower case and without what joins its words.
_SECRET_NAME = re.compile(
    r"(?:pass(?:word|wd|phrase)|secret|secretkey|privatekey|apikey|datakey|accesskey|keycontent|authorization"
    r"|credentials?|cookie|token|signature|customerkey|pem|passcode)$"
)
_OPAQUE_NAME = re.compile(r"(?:cursor|receipt|nextpage|prevpage|page)$")
_NAMES: Final = {
    "namespace": NAMESPACE,
    "namespacename": NAMESPACE,
    "bucketnamespace": NAMESPACE,
    "destinationnamespace": NAMESPACE,
    "tenantname": "tenancy",
    "tenancyname": "tenancy",
    "username": "user",
    "createdby": "user",
    "principalname": "user",
    "loginname": "user",
}
# What a client makes up so that a request counts once is no secret.
_HARMLESS = frozenset({"opcretrytoken"})


def kind_of_name(name: str) -> str | None:
    """Return the kind of whatever stands under this name; ``None`` when the name says nothing."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if plain in _NAMES:
        return _NAMES[plain]
    if _SECRET_NAME.search(plain) and plain not in _HARMLESS:
        return SECRET
    return OPAQUE if _OPAQUE_NAME.search(plain) else None


def kind_in_path(segments: list[str], index: int) -> str | None:
    """Return the kind of a segment of a path, by the segments before it."""
    if not segments[index]:
        return None
    before = segments[index - 1] if index else ""
    if before == "n":
        return NAMESPACE
    if before == "p" and index == 2:
        return "link"
    if before == "messages" and "queues" in segments[:index]:
        return OPAQUE
    return None
