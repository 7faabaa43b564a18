"""What it means that a host cannot be reached, and what to do about it: one table for every way to OCI."""

from __future__ import annotations

import re
from typing import Final

from model_service.errors import UpstreamUnreachable
from model_service.network import Network


def unreachable(url: str, cause: BaseException | str, network: Network) -> UpstreamUnreachable:
    """Return the error for a host that no connection came about to: it names host, proxy and cause, and what to do.

    ``cause`` is a socket's or a certificate's error, or its text, which quotes nothing that was sent.
    """
    proxy = network.proxy_for(url)
    text = in_words(str(cause))
    hint = next(hint for pattern, hint in HINTS if re.search(pattern, text, re.IGNORECASE))
    if proxy and hint in (REACH_OCI, NAME):
        hint = PROXY
    if network.in_function:
        hint = IN_A_FUNCTION.get(hint, hint)
    way = f" through the proxy {proxy.url}" if proxy else ""
    host = url.partition("//")[2].partition("/")[0]
    return UpstreamUnreachable(f"Cannot connect to {host}{way}: {text}.", hint=hint)


def in_words(cause: str) -> str:
    """Return the cause without the numbers and places that only a programmer knows."""
    # "[Errno 111] Connection refused", "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: … (_ssl.c:1006)".
    text = MARKS.sub("", cause).partition(" (_ssl.c")[0].rstrip(".")
    if text == "wrong version number":  # OpenSSL's words for an answer that is no TLS
        return "the other side does not speak TLS"
    return "no connection came about in time" if not text or text.endswith("timed out") else text


MARKS: Final = re.compile(r"\[(Errno -?\d+|SSL(: \w+)?)\] ")
NAME: Final = (
    "Is the region spelt correctly, is it one that has this service, and has this machine a network? Behind a "
    "company's proxy set HTTPS_PROXY or MODEL_SERVICE_PROXY."
)
REACH_OCI: Final = (
    "A firewall or a VPN may be in the way, or nothing listens there: look twice at OCI_GENAI_ENDPOINT and other "
    "endpoints where they are set. Behind a company's proxy set HTTPS_PROXY or MODEL_SERVICE_PROXY."
)
PROXY: Final = (
    "Is it the right proxy, and may it reach this host? HTTPS_PROXY, ALL_PROXY or MODEL_SERVICE_PROXY names it, "
    "NO_PROXY lists what is reached without one."
)
CREDENTIALS: Final = (
    "The proxy wants to know who asks: http://user:password@host:port in HTTPS_PROXY or MODEL_SERVICE_PROXY."
)
AUTHORITIES: Final = (
    "Where a proxy opens TLS, or the endpoint has a private authority, name the file with its certificates (PEM) in "
    "MODEL_SERVICE_CA_BUNDLE. A clock that is far off looks like this too."
)

# What else to do inside OCI Functions, where the subnet decides.
IN_A_FUNCTION: Final = {
    NAME: "Is the region spelt correctly, and is it one that has this service? The subnet's DHCP options must name a "
    "resolver that knows OCI's names (the VCN's does).",
    REACH_OCI: "The function's subnet needs a service gateway or a NAT gateway, a route to it, and a rule that lets "
    "443 out (the service gateway reaches the function's own region only).",
}

# A pattern of the cause, and what to do; the first that fits counts.
HINTS: Final = (
    (r"\b407\b|proxy authentication", CREDENTIALS),
    (r"certificate|self.signed|\bca\b|hostname mismatch|wrong version number", AUTHORITIES),
    (r"\b(4|5)[0-9][0-9]\b", PROXY),
    (r"name|address associated|nodename|resol", NAME),
    (r"", REACH_OCI),
)
