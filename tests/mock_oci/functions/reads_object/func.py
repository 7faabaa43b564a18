"""Reads the object that an event names, as its resource principal."""

import io
import json
import os

import oci
from fdk.context import InvokeContext


def handler(ctx: InvokeContext, data: io.BytesIO) -> str:
    details = json.loads(data.getvalue())["data"]
    signer = oci.auth.signers.get_resource_principals_signer()
    client = oci.object_storage.ObjectStorageClient(
        {}, signer=signer, service_endpoint=os.environ["OCI_GENAI_ENDPOINT"]
    )
    namespace = client.get_namespace().data
    content = client.get_object(
        namespace, details["additionalDetails"]["bucketName"], details["resourceName"]
    ).data.content
    print("read", len(content), "bytes", flush=True)
    return f"{os.environ['GREETING']} {content.decode()}"
