"""Credentials that are being rewritten while calls are made, torn at any byte: every call is answered."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from pathlib import Path
from random import Random

from tests.attack.report import Report, watched

from mock_oci import LoopbackServer, MockOci
from mock_oci.fn.credentials import FunctionCredentials
from mock_oci.identity.principals import ocid
from model_service.app import App
from model_service.fn.invocation import Deadline, Invocation

MODELS = ("meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025")
FUNCTION = ocid("fnfunc", "attacked", "us-chicago-1")


def attack(count: int, random: Random) -> Report:
    report, oci = Report(), MockOci()
    with tempfile.TemporaryDirectory(prefix="attack-") as folder, LoopbackServer(oci.answer) as server:
        credentials = FunctionCredentials(oci, FUNCTION, Path(folder))
        credentials.freshen()
        app = App(
            {
                "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
                "OCI_RESOURCE_PRINCIPAL_RPST": str(credentials.rpst),
                "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(credentials.private_pem),
                "OCI_RESOURCE_PRINCIPAL_REGION": "us-chicago-1",
                "OCI_GENAI_ENDPOINT": server.url,
                "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
            }
        )
        done = threading.Event()
        thread = threading.Thread(target=rotate, args=(credentials, count, random, done))
        with watched(report):
            thread.start()
            calls = 0
            while not done.is_set():
                for model in MODELS:
                    calls += 1
                    ask(report, app, model)
            thread.join()
        app.service.close()
    report.figures |= {"rotations": count, "calls": calls}
    return report


def ask(report: Report, app: App, model: str) -> None:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "x"}]}).encode()
    value = json.loads(app.answer(Invocation(body, Deadline.after(20), "01CALL")).whole())
    if "error" in value:
        report.fault("a call without an answer", value["error"])


def rotate(credentials: FunctionCredentials, count: int, random: Random, done: threading.Event) -> None:
    """Write each new pair in place and in pieces, token or key first: what no careful platform would do."""
    fresh = FunctionCredentials(credentials._cloud, FUNCTION, Path(tempfile.mkdtemp(dir=credentials.rpst.parent)))
    try:
        for _ in range(count):
            fresh.rotate()
            pairs = [(fresh.rpst, credentials.rpst), (fresh.private_pem, credentials.private_pem)]
            random.shuffle(pairs)
            for source, target in pairs:
                text = source.read_text()
                cut = random.randrange(len(text))
                target.write_text(text[:cut])
                time.sleep(random.choice((0, 0.001, 0.02)))
                target.write_text(text)
                time.sleep(random.choice((0, 0.001, 0.02)))
            time.sleep(random.choice((0, 0.005, 0.05)))
    finally:
        done.set()
