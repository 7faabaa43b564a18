"""Tests that hold on OCI itself too: here on mock_oci, and in test_oci_live.py on a service in another process."""

from __future__ import annotations

import oci as sdk
import pytest

from mock_oci.doors.live_tests import OciTenancy

LLAMA = "meta.llama-3.3-70b-instruct"


@pytest.mark.oci_live(recording="recordings/store.json")
def test_an_object_is_read_as_it_was_put(oci_tenancy: OciTenancy) -> None:
    client = oci_tenancy.client(sdk.object_storage.ObjectStorageClient)
    namespace, bucket = client.get_namespace().data, oci_tenancy.name("letters")
    details = sdk.object_storage.models.CreateBucketDetails(name=bucket, compartment_id=oci_tenancy.compartment_id)
    made = client.create_bucket(namespace, details).data
    try:
        assert made.compartment_id == oci_tenancy.compartment_id
        client.put_object(namespace, bucket, "one", b"Dear \xff")
        assert client.get_object(namespace, bucket, "one").data.content == b"Dear \xff"
        with pytest.raises(sdk.exceptions.ServiceError) as refused:
            client.delete_bucket(namespace, bucket)
        assert (refused.value.status, refused.value.code) == (409, "BucketNotEmpty")
    finally:
        client.delete_object(namespace, bucket, "one")
        client.delete_bucket(namespace, bucket)


@pytest.mark.oci_live
def test_a_chat_says_something_and_counts_it(oci_tenancy: OciTenancy) -> None:
    models = sdk.generative_ai_inference.models
    said = models.UserMessage(content=[models.TextContent(text="Say hello.")])
    details = models.ChatDetails(
        compartment_id=oci_tenancy.compartment_id,
        serving_mode=models.OnDemandServingMode(model_id=LLAMA),
        chat_request=models.GenericChatRequest(messages=[said], max_tokens=5),
    )
    client = oci_tenancy.client(sdk.generative_ai_inference.GenerativeAiInferenceClient)
    answer = client.chat(details).data.chat_response
    assert answer.choices[0].message.content[0].text
    assert 0 < answer.usage.completion_tokens <= 5


@pytest.mark.parametrize("stem", ["none", "no/ne"])
@pytest.mark.oci_live(region="eu-frankfurt-1", recording="recordings/{test}.json")
def test_a_bucket_that_there_is_not(oci_tenancy: OciTenancy, stem: str) -> None:
    client = oci_tenancy.client(sdk.object_storage.ObjectStorageClient)
    with pytest.raises(sdk.exceptions.ServiceError) as refused:
        client.get_bucket(client.get_namespace().data, oci_tenancy.name(stem))
    assert (refused.value.status, refused.value.code) == (404, "BucketNotFound")


@pytest.mark.oci_live
def test_a_marked_test_need_not_name_the_fixture() -> None:
    """It would leave the process otherwise, which nothing here does."""
    from mock_oci.doors.open_doors import DOORS

    assert DOORS._open
