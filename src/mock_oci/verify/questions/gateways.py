"""What is not documented of API Gateway and of APM, asked of one that is there already."""

from __future__ import annotations

from mock_oci.verify.question import Cost, CouldNotAsk, Observation, Question
from mock_oci.verify.service import AskedService


def ask_method(service: AskedService) -> Observation:
    """Ask a route with a method that it does not take: one that changes nothing, should it take it."""
    if service.fetch(service.given["gateway"], "GET").status >= 300:
        raise CouldNotAsk("the route does not answer a GET")
    return {"status": service.fetch(service.given["gateway"], "HEAD").status}


def ask_preflight(service: AskedService) -> Observation:
    """Ask a route as a browser does before it asks."""
    headers = {"origin": "https://verify.example.com", "access-control-request-method": "GET"}
    answer = service.fetch(service.given["gateway"], "OPTIONS", headers)
    if "access-control-allow-origin" not in answer.headers:
        raise CouldNotAsk("the deployment has no CORS policy, or none for every origin")
    return {"status": answer.status}


def ask_spans(service: AskedService) -> Observation:
    """Send spans to the collector with a key that is none."""
    target = "/20200101/observations/public-span?dataFormat=zipkin&dataFormatVersion=2&dataKey=mock-oci-verify"
    url = f"{service.given['apm'].rstrip('/')}{target}"
    return {"status": service.fetch(url, "POST", {"content-type": "application/json"}, b"[]").status}


QUESTIONS = (
    Question(
        "gateway-method",
        "The status of a method that a route does not take.",
        "GET and HEAD of the URL that --given gateway names: one that takes GET, and not HEAD.",
        Cost(2),
        ask_method,
        needs=("gateway",),
    ),
    Question(
        "gateway-preflight",
        "The status of the answer to a preflight.",
        "OPTIONS of the URL that --given gateway names, whose deployment shares with every origin.",
        Cost(1),
        ask_preflight,
        needs=("gateway",),
    ),
    Question(
        "apm-key",
        "The status of spans that come with a wrong data key.",
        "An upload without spans to the data upload endpoint that --given apm names.",
        Cost(1),
        ask_spans,
        needs=("apm",),
    ),
)
