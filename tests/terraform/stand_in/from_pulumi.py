"""Writes ``schema.json``, the arguments of the resources in use, from the generated sources of PyPI's pulumi-oci.

    pip download --no-deps pulumi-oci && unzip -q pulumi_oci-*.whl -d /tmp/pulumi
    python -m tests.terraform.stand_in.from_pulumi /tmp/pulumi > tests/terraform/stand_in/schema.json

pulumi-oci (Apache-2.0) is generated from Oracle's provider. What it loses on the way stands in ``corrections.py``.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.terraform.stand_in.corrections import LEFT_OUT, RENAMED, REQUIRED, SETS

Classes = dict[str, ast.ClassDef]

SCALARS: Final = {"_builtins.str": "string", "_builtins.bool": "bool", "_builtins.int": "number"} | {
    "_builtins.float": "number"
}
BLOCK: Final = re.compile(r"'(?P<arguments>\w+Args)'")
PARAMETER: Final = re.compile(r":param (?P<type>.*?) (?P<name>\w+): (?P<updatable>\(Updatable\))?")


def resource(package: Path, module: str, class_name: str, type_name: str) -> dict[str, Any]:
    """The arguments of a resource and what it puts out besides."""
    file = re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()
    classes = _classes(package / module / f"{file}.py") | _classes(package / module / "_inputs.py")
    block = _block(classes, f"{class_name}Args", type_name)
    given = block["attributes"].keys() | block["blocks"].keys()
    for name, text, _ in _parameters(classes[f"_{class_name}State"]):
        if name not in given | LEFT_OUT and not BLOCK.search(text):
            block["attributes"][name] = {"type": _type(text, f"{type_name}.{name}"), "use": "computed"}
    block["attributes"]["id"] = {"type": "string", "use": "computed"}
    return block


def _classes(path: Path) -> Classes:
    tree = ast.parse(path.read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _block(classes: Classes, name: str, where: str) -> dict[str, Any]:
    updatable = _updatable(classes[name])
    attributes, blocks = {}, {}
    for argument, text, needed in _parameters(classes[name]):
        if argument in LEFT_OUT:
            continue
        real_name = RENAMED.get(argument, argument)
        path = f"{where}.{real_name}"
        replaces = {} if argument in updatable else {"replaces": True}
        nested = BLOCK.search(text)
        if nested:
            blocks[real_name] = _shape(text, path, needed) | replaces | _block(classes, nested["arguments"], path)
        else:
            use = "required" if needed or path in REQUIRED else "optional"
            attributes[real_name] = {"type": _type(text, path), "use": use} | replaces
    return {"attributes": attributes, "blocks": blocks}


def _shape(text: str, path: str, needed: bool) -> dict[str, Any]:
    """How often a block may be there; no maximum is 0, as in Terraform's protocol."""
    return {"nesting": "set" if path in SETS else "list", "min": int(needed), "max": int("Sequence[" not in text)}


def _parameters(node: ast.ClassDef) -> Iterator[tuple[str, str, bool]]:
    """Name, annotation, and whether it has to be given."""
    arguments = _constructor(node).args
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield argument.arg, ast.unparse(argument.annotation) if argument.annotation else "", default is None


def _updatable(node: ast.ClassDef) -> set[str]:
    documentation = ast.get_docstring(_constructor(node)) or ""
    return {match["name"] for match in PARAMETER.finditer(documentation) if match["updatable"]}


def _constructor(node: ast.ClassDef) -> ast.FunctionDef:
    return next(one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__")


def _type(text: str, path: str) -> Any:
    scalar = SCALARS[next(name for name in SCALARS if name in text)]
    if "Mapping[" in text:
        return ["map", scalar]
    if "Sequence[" in text:
        return ["set" if path in SETS else "list", scalar]
    return scalar


def main() -> None:
    package = Path(sys.argv[1]) / "pulumi_oci"
    resources = {name: resource(package, *source, name) for name, source in sorted(RESOURCES.items())}
    json.dump({"source": "pulumi-oci 5.5.0 (Apache-2.0)", "resources": resources}, sys.stdout, indent=1, sort_keys=True)
    print()


RESOURCES: Final = {
    "oci_apigateway_deployment": ("apigateway", "Deployment"),
    "oci_apigateway_gateway": ("apigateway", "Gateway"),
    "oci_apigateway_subscriber": ("apigateway", "Subscriber"),
    "oci_apigateway_usage_plan": ("apigateway", "UsagePlan"),
    "oci_artifacts_container_repository": ("artifacts", "ContainerRepository"),
    "oci_core_internet_gateway": ("core", "InternetGateway"),
    "oci_core_nat_gateway": ("core", "NatGateway"),
    "oci_core_network_security_group": ("core", "NetworkSecurityGroup"),
    "oci_core_network_security_group_security_rule": ("core", "NetworkSecurityGroupSecurityRule"),
    "oci_core_route_table": ("core", "RouteTable"),
    "oci_core_security_list": ("core", "SecurityList"),
    "oci_core_service_gateway": ("core", "ServiceGateway"),
    "oci_core_subnet": ("core", "Subnet"),
    "oci_core_vcn": ("core", "Vcn"),
    "oci_events_rule": ("events", "Rule"),
    "oci_functions_application": ("functions", "Application"),
    "oci_functions_function": ("functions", "Function"),
    "oci_identity_dynamic_group": ("identity", "DynamicGroup"),
    "oci_identity_policy": ("identity", "Policy"),
    "oci_logging_log": ("logging", "Log"),
    "oci_logging_log_group": ("logging", "LogGroup"),
    "oci_management_dashboard_management_dashboards_import": ("managementdashboard", "ManagementDashboardsImport"),
    "oci_monitoring_alarm": ("monitoring", "Alarm"),
    "oci_objectstorage_bucket": ("objectstorage", "Bucket"),
    "oci_objectstorage_object_lifecycle_policy": ("objectstorage", "ObjectLifecyclePolicy"),
    "oci_ons_notification_topic": ("ons", "NotificationTopic"),
    "oci_ons_subscription": ("ons", "Subscription"),
    "oci_queue_queue": ("queue", "Queue"),
    "oci_sch_service_connector": ("sch", "Connector"),
    "oci_streaming_stream": ("streaming", "Stream"),
    "oci_vault_secret": ("vault", "Secret"),
}

if __name__ == "__main__":
    main()
