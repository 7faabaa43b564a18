"""An authorizer and what it guards in one: judges ``Bearer <team>``, and tells a caller who it is taken for."""

import io
import json
from typing import Any

from fdk.context import InvokeContext


def handler(ctx: InvokeContext, data: io.BytesIO | None = None) -> Any:
    body = json.loads(data.getvalue() or b"null")
    if isinstance(body, dict) and body.get("type") == "USER_DEFINED":
        return json.dumps(verdict(body["data"].get("authorization", "")))
    names = ("caller", "team", "key", "models")
    return json.dumps({name: ctx.HTTPHeaders().get(f"x-model-service-{name}") for name in names})


def verdict(authorization: str) -> Any:
    scheme, _, team = authorization.partition(" ")
    if scheme != "Bearer":
        return {"active": False, "wwwAuthenticate": 'Bearer realm="tests"'}
    if team == "broken":
        raise RuntimeError("as told")
    return {"active": True, "context": {"caller": f"{team}-app", "team": team, "key": "1"}}
