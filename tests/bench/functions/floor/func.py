"""The practical floor: the FDK, one kept connection of httpx, and one signature as OCI wants it, all by hand."""

import base64
import hashlib
import json
import logging
import os
import time
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fdk.response import Response

logging.getLogger().setLevel(logging.WARNING)  # the FDK lets every library write DEBUG lines
URL = httpx.URL(os.environ["OCI_GENAI_ENDPOINT"] + "/openai/v1/chat/completions")
HOST, TARGET = URL.netloc.decode(), URL.raw_path.decode()
TOKEN = Path(os.environ["OCI_RESOURCE_PRINCIPAL_RPST"]).read_text().strip()
KEY = load_pem_private_key(Path(os.environ["OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"]).read_bytes(), None)
NAMES = "date (request-target) host content-length content-type x-content-sha256"
transport = httpx.HTTPTransport(verify=False, trust_env=False)


def signed(body):
    headers = {
        "date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
        "host": HOST,
        "content-length": str(len(body)),
        "content-type": "application/json",
        "x-content-sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
    }
    values = {**headers, "(request-target)": f"post {TARGET}"}
    text = "\n".join([f"{name}: {values[name]}" for name in NAMES.split()])
    signature = base64.b64encode(KEY.sign(text.encode(), PKCS1v15(), SHA256())).decode()
    key = f'Signature algorithm="rsa-sha256",headers="{NAMES}",keyId="ST${TOKEN}"'
    authorization = f'{key},signature="{signature}",version="1"'
    compartment = os.environ["OCI_COMPARTMENT_ID"]
    return {**headers, "authorization": authorization, "opc-compartment-id": compartment, "CompartmentId": compartment}


def handler(ctx, data=None):
    body = json.dumps(json.load(data)).encode()
    request = httpx.Request("POST", URL, headers=signed(body), content=body)
    response = transport.handle_request(request)
    answer = json.loads(response.read())
    return Response(ctx, response_data=json.dumps(answer), headers={"content-type": "application/json"})
