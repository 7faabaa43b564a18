"""Reads the object that an event of Object Storage names, signing as its resource principal."""

import io
import json

import oci
from fdk import response


def handler(ctx, data: io.BytesIO | None = None):
    event = json.loads(data.getvalue())
    bucket, name = event["data"]["additionalDetails"]["bucketName"], event["data"]["resourceName"]
    found = get_object(bucket, name)
    return response.Response(
        ctx, response_data=json.dumps({"content": found}), headers={"Content-Type": "application/json"}
    )


def get_object(bucket: str, name: str) -> str:
    signer = oci.auth.signers.get_resource_principals_signer()
    client = oci.object_storage.ObjectStorageClient(config={}, signer=signer)
    namespace = client.get_namespace().data
    return client.get_object(namespace, bucket, name).data.text
