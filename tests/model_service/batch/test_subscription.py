"""A subscription that wants to be confirmed is, at OCI's own addresses, and nobody else is visited for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.services.notifications import Delivery, Notifications
from model_service.app import App
from model_service.batch import subscription
from model_service.batch.record import ConfirmationRequest
from model_service.fn.invocation import Deadline, Invocation
from model_service.network import Network
from model_service.settings import Settings

PATH = "/20181201/subscriptions/ocid1.onssubscription.oc1.phx.aaaa/confirmation?token=c2VjcmV0==&protocol=CUSTOM_HTTPS"
OCIS = "https://cell1.notification.us-phoenix-1.oci.oraclecloud.com"


@pytest.fixture
def app(environment: dict[str, str], oci_url: str) -> Iterator[App]:
    logged = {"OCI_LOG_REQUESTS": "true", "MODEL_SERVICE_LOG_CONTENT": "true"}
    app = App({**environment, **logged, "MODEL_SERVICE_OCI_ENDPOINT": oci_url})
    with closing(app.service):
        yield app


def delivered_to(app: App) -> Callable[[Delivery], int]:
    def deliver(delivery: Delivery) -> int:
        headers = {name.lower(): value for name, value in delivery.headers.items()}
        return app.answer(Invocation(delivery.body, Deadline.after(20), headers=headers)).status

    return deliver


def asked_to_visit(app: App, url: str) -> dict[str, Any]:
    headers = {"x-oci-ns-messagetype": "SubscriptionConfirmation", "x-oci-ns-confirmationurl": url}
    reply = app.answer(Invocation(b"", Deadline.after(20), headers=headers))
    return {"status": reply.status, **json.loads(reply.whole())}


def test_a_subscription_that_asks_for_it_is_confirmed(
    app: App, oci: MockOci, oci_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    notifications = oci.state_of(Notifications)
    notifications.hooks["CUSTOM_HTTPS"] = delivered_to(app)
    topic = notifications.create_topic("alarms")
    asked = notifications.subscribe(topic, "CUSTOM_HTTPS", "https://f.example", confirmed=False, base_url=oci_url)
    (confirmed,) = notifications.subscriptions_of(topic.id)
    assert (asked.state, confirmed.state) == ("PENDING", "ACTIVE")
    assert '"trigger":"notification"' in caplog.text
    assert asked.token not in caplog.text


def test_a_token_that_is_not_the_subscriptions_is_a_failed_call(app: App, oci_url: str) -> None:
    said = asked_to_visit(app, oci_url + PATH)
    assert (said["status"], said["error"]["status"]) == (502, 404)
    assert "c2VjcmV0" not in json.dumps(said)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://notification.us-phoenix-1.oraclecloud.com",
        "https://notification.us-phoenix-1.oci.oraclecloud.com",
        OCIS,
        "https://cell2.notification.us-gov-phoenix-1.oraclegovcloud.com",
    ],
)
def test_ocis_own_addresses_are_visited(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    visited: list[str] = []

    class Visited:
        def __init__(self, endpoint: str, _credential: object, *, network: Network) -> None:
            assert network == Network()
            visited.append(endpoint)

        def send(self, method: str, path: str, *_rest: object) -> Visited:
            visited.extend((method, path))
            return self

        def read(self) -> bytes:
            return b""

        def close(self) -> None: ...

    monkeypatch.setattr(subscription, "UpstreamClient", Visited)
    subscription.confirm(ConfirmationRequest(endpoint + PATH), None, Settings(), Deadline.after(5))  # type: ignore[arg-type]
    assert visited == [endpoint, "GET", PATH]


FOREIGN = [
    "https://evil.example" + PATH,
    "https://notification.us-phoenix-1.oraclecloud.com.evil.example" + PATH,
    "https://notification.us-phoenix-1.evil.example" + PATH,
    "https://evil.example/notification.us-phoenix-1.oraclecloud.com" + PATH,
    "http://notification.us-phoenix-1.oraclecloud.com" + PATH,
    "https://notification.us-gov-phoenix-1.oraclecloud.com" + PATH,
    "https://notification.us-phoenix-1.oraclecloud.com." + PATH,
    "https://notification.us-phoenix-1.oraclecloud.com:8443" + PATH,
    "https://evil.example@notification.us-phoenix-1.oraclecloud.com" + PATH,
    "https://notification.us-phoenix-1.oraclecloud.com@evil.example" + PATH,
    "https://notification.us-phoenix-1.oraclecloud.com\\@evil.example" + PATH,
    "https://NOTIFICATION.us-phoenix-1.oraclecloud.com" + PATH,
    "https://notification.us-phoenix-1.oraclecloud.c\u043em" + PATH,
    "https://notification.us-phoenix-1.oraclecloud.com\u2100" + PATH,
    "https://evil.example#.notification.us-phoenix-1.oraclecloud.com" + PATH,
    "https://evil.example?.notification.us-phoenix-1.oraclecloud.com" + PATH,
    "https://[::1]" + PATH,
    "https://[::1" + PATH,
    "https://169.254.169.254" + PATH,
    "//notification.us-phoenix-1.oraclecloud.com" + PATH,
    "file:///etc/passwd",
    OCIS + "/20181201/subscriptions/../confirmation?token=a",
    OCIS + "/20181201/subscriptions/a/../../topics/confirmation?token=a",
    OCIS + "/20181201/subscriptions/%2e%2e/confirmation?token=a",
    OCIS + "/20181201/subscriptions/a/unsubscription?token=a",
    OCIS + "/20181201/subscriptions/a/confirmation",
    OCIS + "/20181201/subscriptions/a/confirmation?token=a#b",
    OCIS + "/20181201/subscriptions/a/confirmation?token=a\x00b",
    OCIS + "/20181201/subscriptions/a/confirmation?token=a\r\nx-evil: 1",
    OCIS + "/20181201/subscriptions/a/confirmation?token=\ud800",
    OCIS + "/20181201/subscriptions/a/confirmation?token=" + "a" * 70_000,
    "\n" + OCIS + PATH,
    OCIS + PATH + "\n",
]


@pytest.mark.parametrize("url", FOREIGN, ids=[f"{number}" for number in range(len(FOREIGN))])
def test_no_other_address_is_visited(app: App, oci: MockOci, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(subscription, "UpstreamClient", None)  # whoever would visit something fails
    said = asked_to_visit(app, url)
    assert (said["status"], said["error"]["code"]) == (502, "unknown_address")
    assert not oci.requests


def test_an_address_that_points_elsewhere_is_not_followed(environment: dict[str, str]) -> None:
    visits: list[str] = []

    def answer(request: Request) -> Response:
        visits.append(request.path)
        return Response(302, {"location": "/latest/meta-data"}, b"")

    with LoopbackServer(answer) as server:
        app = App({**environment, "MODEL_SERVICE_OCI_ENDPOINT": server.url})
        with closing(app.service):
            assert asked_to_visit(app, server.url + PATH)["status"] == 502
    assert visits == [PATH.partition("?")[0]]
