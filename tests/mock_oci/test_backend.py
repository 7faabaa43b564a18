from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import oci as oci_sdk
import oci_genai_auth
import openai
import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.doors.written_config import write_config
from mock_oci.identity.principals import pem_of

MODEL = "meta.llama-3.3-70b-instruct"
BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}


def test_an_unknown_path_is_refused_as_oci_does_and_the_record_has_what_is_nearest(oci: MockOci) -> None:
    chat = "/openai/v1/chat/completions"
    for method, path in [("GET", "/openai/v1/models"), ("GET", chat), ("POST", "/openai/v1/chat/completion")]:
        response = oci.answer(Request(method, path, {}))
        body = json.loads(response.body)  # type: ignore[arg-type]
        assert response.status == 404
        assert body == {"code": "404", "message": "Path doesn't map to a registered service"}
        assert path == "/openai/v1/models" or f"POST {chat}" in oci.calls[-1].refusal


def test_requests_are_recorded_as_they_came(oci: MockOci, ask: Callable[..., Response]) -> None:
    ask(BODY, x_mine="1")
    oci.answer(Request("GET", "/nowhere", {}))
    assert [request.path for request in oci.requests] == ["/openai/v1/chat/completions", "/nowhere"]
    assert oci.requests[0].headers["x-mine"] == "1"


def test_secrets_stay_out_of_reprs(oci: MockOci) -> None:
    key = oci.principals.generative_ai_api_key()
    user, session = oci.principals.api_key_user(), oci.principals.session_token()
    resource = oci.principals.resource_principal("ocid1.fnfunc.oc1..f")
    shown = f"{key} {user} {session} {resource}"
    assert "PRIVATE" not in shown
    for secret in (key.secret, session.token, resource.rpst):
        assert secret not in shown


def test_each_resource_principal_is_a_new_pair(oci: MockOci) -> None:
    one, other = (oci.principals.resource_principal("ocid1.fnfunc.oc1..f") for _ in range(2))
    assert one.rpst != other.rpst
    assert one.private_pem != other.private_pem
    assert one.region == "us-chicago-1"


def test_it_answers_from_many_threads(oci: MockOci, ask: Callable[..., Response]) -> None:
    for number in range(16):
        oci.script.chat(str(number))
    seen: list[str] = []

    def run() -> None:
        body = ask(BODY).body
        seen.append(json.loads(body)["choices"][0]["message"]["content"])  # type: ignore[arg-type]

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(seen, key=int) == [str(number) for number in range(16)]


def test_plain_http_reaches_it(http: httpx.Client) -> None:
    reply = http.post("/openai/v1/chat/completions", json=BODY)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    with http.stream("POST", "/openai/v1/chat/completions", json={**BODY, "stream": True}) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        assert list(stream.iter_lines())[-2:] == ["data: [DONE]", ""]


def test_a_scripted_cut_is_seen_by_a_client(http: httpx.Client, live: MockOci) -> None:
    live.script.chat("a b c", cut_after=2)
    live.script.disconnect()
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            http.post("/openai/v1/chat/completions", json={**BODY, "stream": True})


def test_the_sdks_own_signer_is_understood(live: MockOci, server: LoopbackServer) -> None:
    user = live.principals.api_key_user()
    signer = oci_sdk.signer.Signer(
        user.tenancy_id, user.user_id, user.fingerprint, None, private_key_content=user.private_pem
    )
    session = live.principals.session_token()
    key = oci_sdk.signer.load_private_key(session.private_pem, None)
    token_signer = oci_sdk.auth.signers.SecurityTokenSigner(session.token, key)
    for each in (signer, token_signer):
        reply = oci_sdk._vendor.requests.post(
            f"{server.url}/openai/v1/chat/completions?a=%20b",
            json=BODY,
            headers={"opc-compartment-id": live.tenancy.compartment_id},
            auth=each,
            timeout=10,
        )
        assert reply.status_code == 200, list(live.refusals)


def _openai(server: LoopbackServer, live: MockOci, auth: httpx.Auth) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{server.url}/openai/v1",
        api_key="unused",
        max_retries=0,
        default_headers={"CompartmentId": live.tenancy.compartment_id, "Accept-Encoding": "gzip, deflate"},
        http_client=httpx.Client(auth=auth, trust_env=False),
    )


@pytest.mark.parametrize("profile", ["DEFAULT", "SESSION"])
def test_oci_genai_auth_works_from_the_written_config(
    live: MockOci, server: LoopbackServer, tmp_path: Path, profile: str
) -> None:
    write_config(live, tmp_path, server.url)
    kinds = {"DEFAULT": oci_genai_auth.OciUserPrincipalAuth, "SESSION": oci_genai_auth.OciSessionAuth}
    auth = kinds[profile](config_file=str(tmp_path / "config"), profile_name=profile)
    with _openai(server, live, auth) as client:
        answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}])
        chunks = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}], stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert answer.choices[0].message.content == text
    assert not live.refusals


def test_oci_genai_auth_works_as_a_resource_principal(
    live: MockOci, server: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(live, tmp_path, server.url)
    for name, value in {
        "VERSION": "2.2",
        "RPST": str(tmp_path / "resource_principal/rpst"),
        "PRIVATE_PEM": str(tmp_path / "resource_principal/private.pem"),
        "REGION": live.region,
    }.items():
        monkeypatch.setenv(f"OCI_RESOURCE_PRINCIPAL_{name}", value)
    with _openai(server, live, oci_genai_auth.OciResourcePrincipalAuth()) as client:
        assert client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}]).choices
        live.deny("fnfunc")
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}])


def test_the_written_config_is_for_its_owner_only(oci: MockOci, tmp_path: Path) -> None:
    (tmp_path / "token").touch(mode=0o644)
    write_config(oci, tmp_path, "http://127.0.0.1:1")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 7
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    oci_sdk.config.validate_config(oci_sdk.config.from_file(str(tmp_path / "config")))
    exports = (tmp_path / "env").read_text()
    assert f"export OCI_COMPARTMENT_ID={oci.tenancy.compartment_id}\n" in exports
    assert f"export OCI_CLI_CONFIG_FILE={tmp_path / 'config'}\n" in exports


def test_the_written_key_is_labelled_as_the_consoles_are(oci: MockOci, tmp_path: Path) -> None:
    """The CLI warns of a key without: docs, API/Concepts/apisigningkey.htm."""
    write_config(oci, tmp_path, "http://127.0.0.1:1")
    assert (tmp_path / "api_key.pem").read_text().endswith("-----END PRIVATE KEY-----\nOCI_API_KEY\n")


def test_a_spare_key_is_shared_and_another_is_not(oci: MockOci) -> None:
    assert oci.principals.api_key_user().private_pem == oci.principals.session_token().private_pem
    assert pem_of(oci.principals.issuer).startswith("-----BEGIN PRIVATE KEY-----")


def test_what_the_surface_names_but_does_not_serve(oci: MockOci, signed: Callable[..., Response]) -> None:
    for method, path in (("POST", "/openai/v1/embeddings"), ("GET", "/20231130/actions/v1/models")):
        response = signed(method, path, {} if method == "POST" else b"")
        assert (response.status, json.loads(response.body)["message"]) == (400, "Unsupported OpenAI operation")
