from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import oci as sdk
import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response, mock_oci
from mock_oci.services.generative_ai.projects import VISIBLE_AFTER_SECONDS

Models = sdk.generative_ai.models


@pytest.fixture
def client() -> Iterator[tuple[Any, MockOci]]:
    """The SDK's control plane client, on the real host name."""
    with mock_oci(credentials=True) as cloud:
        retry = sdk.retry.NoneRetryStrategy()
        yield sdk.generative_ai.GenerativeAiClient(sdk.config.from_file(), retry_strategy=retry), cloud


def test_the_sdk_manages_projects(client: tuple[Any, MockOci]) -> None:
    control, cloud = client
    compartment = cloud.tenancy.compartment_id
    config = Models.ConversationConfig(responses_retention_in_hours=24, conversations_retention_in_hours=48)
    details = Models.CreateGenerativeAiProjectDetails(
        display_name="mine", compartment_id=compartment, description="a", conversation_config=config
    )
    made = control.create_generative_ai_project(details)
    assert made.headers["opc-work-request-id"].startswith("ocid1.generativeaiworkrequest.")
    project = control.get_generative_ai_project(made.data.id).data
    assert (project.display_name, project.description, project.lifecycle_state) == ("mine", "a", "ACTIVE")
    assert project.conversation_config.responses_retention_in_hours == 24
    listed = control.list_generative_ai_projects(compartment, display_name="mine").data
    assert [item.id for item in listed.items] == [project.id]
    change = Models.UpdateGenerativeAiProjectDetails(display_name="ours")
    assert control.update_generative_ai_project(project.id, change).data.display_name == "ours"
    assert control.delete_generative_ai_project(project.id).status == 204
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        control.get_generative_ai_project(project.id)
    assert refusal.value.status == 404


def test_a_project_of_the_control_plane_is_new_to_the_data_plane(client: tuple[Any, MockOci]) -> None:
    control, cloud = client
    details = Models.CreateGenerativeAiProjectDetails(compartment_id=cloud.tenancy.compartment_id)
    id_ = control.create_generative_ai_project(details).data.id
    found = cloud.projects.find(id_)
    assert found is not None
    assert cloud.clock() - found.created < VISIBLE_AFTER_SECONDS


def test_another_compartment_reads_as_not_found(client: tuple[Any, MockOci]) -> None:
    control, cloud = client
    for ask, id_ in (
        (control.list_generative_ai_projects, "ocid1.compartment.oc1..elsewhere"),
        (control.get_generative_ai_project, "ocid1.generativeaiproject.oc1..none"),
    ):
        with pytest.raises(sdk.exceptions.ServiceError) as refusal:
            ask(id_)
        assert (refusal.value.status, refusal.value.code) == (404, "NotAuthorizedOrNotFound")
    cloud.deny("user")
    with pytest.raises(sdk.exceptions.ServiceError):
        control.get_generative_ai_project(cloud.projects.default.id)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{}", b'{"compartmentId": 5}'])
def test_a_malformed_project_is_refused(oci: MockOci, sign: Callable[..., Request], body: bytes) -> None:
    user = oci.principals.api_key_user()
    request = sign(user.key_id, user.private_pem, body=body, target="/20231130/generativeAiProjects")
    assert oci.answer(request).status == 400


@pytest.mark.parametrize("config", ["5", '{"responsesRetentionInHours": "x"}', '{"responsesRetentionInHours": true}'])
def test_a_retention_is_a_number_of_hours(oci: MockOci, sign: Callable[..., Request], config: str) -> None:
    user, compartment = oci.principals.api_key_user(), oci.tenancy.compartment_id
    body = f'{{"compartmentId": "{compartment}", "conversationConfig": {config}}}'.encode()
    response: Response = oci.answer(
        sign(user.key_id, user.private_pem, body=body, target="/20231130/generativeAiProjects")
    )
    assert response.status == 400


def test_a_generative_ai_api_key_manages_no_projects(live: MockOci, server: LoopbackServer, http: Any) -> None:
    assert http.get("/20231130/generativeAiProjects").status_code == 401
