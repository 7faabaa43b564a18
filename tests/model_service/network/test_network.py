"""Which proxy is on the way to a host, as requests reads the same environment, and what a function leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from oci._vendor.requests.utils import get_environ_proxies, select_proxy

from model_service.network import Network, Proxy
from model_service.settings import Settings

URL = "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/v1"
PROXY = "http://user:secret@proxy.example:3128"

ENVIRONMENTS = [
    {},
    {"HTTPS_PROXY": PROXY},
    {"https_proxy": PROXY},
    {"https_proxy": "http://lower:1", "HTTPS_PROXY": "http://upper:1"},
    {"ALL_PROXY": PROXY},
    {"all_proxy": PROXY, "HTTPS_PROXY": "http://upper:1"},
    {"HTTP_PROXY": PROXY},
    {"HTTPS_PROXY": "proxy.example:3128"},
    {"HTTPS_PROXY": "https://proxy.example"},
    *({"HTTPS_PROXY": PROXY, "NO_PROXY": listed} for listed in (
        "*", "oraclecloud.com", ".oraclecloud.com", "oracle.com",
        "inference.generativeai.us-chicago-1.oci.oraclecloud.com",
        "a.example, oraclecloud.com", "oraclecloud.com:443", "oraclecloud.com:8443", "10.0.0.0/8",
    )),
    {"HTTPS_PROXY": PROXY, "no_proxy": "a.example", "NO_PROXY": "*"},
]  # fmt: skip


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("theirs")
@pytest.mark.parametrize("url", [URL, URL.replace("https:", "http:"), "https://10.1.2.3/x"])
@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=str)
def test_the_proxy_is_the_one_that_the_sdk_would_take(
    environment: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    expected = select_proxy(url, get_environ_proxies(url))
    found = Settings.load(environment).network.proxy_for(url)
    assert found == (Proxy.parse(expected) if expected else None)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/opc/v2",
        "http://127.0.0.1:8080",
        "http://localhost:1",
        "http://[::1]/",
        "http://[fe80::1]/",
    ],
)
def test_metadata_and_this_machine_are_never_behind_a_proxy(url: str) -> None:
    network = Settings.load({"MODEL_SERVICE_PROXY": PROXY}).network
    assert network.proxy_for(url) is None
    assert network.proxy_for("http://elsewhere.example") == Proxy.parse(PROXY)


@pytest.mark.parametrize("inside", [{"FN_FN_ID": "ocid1.fnfunc.oc1..f"}, {"FN_LISTENER": "unix:/tmp/s"}])
@pytest.mark.parametrize(
    ("setting", "expected"),
    [({}, None), ({"MODEL_SERVICE_PROXY": "environment"}, PROXY), ({"MODEL_SERVICE_PROXY": PROXY}, PROXY)],
)
def test_inside_a_function_a_proxy_has_to_be_asked_for(
    inside: dict[str, str], setting: dict[str, str], expected: str | None
) -> None:
    network = Settings.load({**inside, "HTTPS_PROXY": PROXY, **setting}).network
    assert network.proxy_for(URL) == (Proxy.parse(expected) if expected else None)


@pytest.mark.parametrize(
    ("listed", "is_direct"), [("oraclecloud.com", True), ("cloud.com", False), ("x.oraclecloud.com", False)]
)
def test_a_domain_is_matched_label_by_label_as_curl_does(listed: str, is_direct: bool) -> None:
    # requests takes cloud.com for a part of oraclecloud.com.
    assert (Settings.load({"HTTPS_PROXY": PROXY, "NO_PROXY": listed}).network.proxy_for(URL) is None) is is_direct


def test_credentials_are_in_no_repr_and_no_log() -> None:
    settings = Settings.load({"MODEL_SERVICE_PROXY": PROXY})
    assert "secret" not in repr(settings)
    proxy = settings.network.proxy_for(URL)
    assert proxy is not None
    assert proxy.url == "http://proxy.example:3128"
    assert proxy.headers == {"Proxy-Authorization": "Basic dXNlcjpzZWNyZXQ="}
    assert Proxy.parse("http://a%40b:c%2Fd@h:1").with_credentials == "http://a%40b:c%2Fd@h:1"


@pytest.mark.parametrize(
    "text", ["", "http://", "http://h:x", "http://h:99999", "ftp://h", "http://h/path", "http://h?q"]
)
def test_what_is_no_proxy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Proxy.parse(text)


def test_without_authorities_nothing_is_loaded() -> None:
    assert Network().ssl_context is None


def test_authorities_may_be_a_folder(tmp_path: Path) -> None:
    assert Settings.load({"MODEL_SERVICE_CA_BUNDLE": str(tmp_path)}).network.ssl_context is not None
