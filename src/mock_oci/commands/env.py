"""``mock-oci env``: how clients of each language, the OCI CLI and Terraform's provider are pointed at a local OCI.

Each SDK takes an endpoint for each of its clients. The CLI has one variable for all, OCI_CLI_ENDPOINT (docs:
API/SDKDocs/clienvironmentvariables.htm); Oracle's provider reads CLIENT_HOST_OVERRIDES.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mock_oci.commands.arguments import Parser, base_url, program
from mock_oci.coverage.sdk import CLIENTS

DEFAULT_URL: Final = "http://127.0.0.1:9000"

# Clients that are not in the provider (internal/client of terraform-provider-oci): they make no resources.
NOT_IN_TERRAFORM: Final = frozenset(
    {"GenerativeAiInferenceClient", "StreamClient", "QueueClient", "WorkRequestClient", "LoggingClient"}
)
# Their constructors in Go want the endpoint (oci-go-sdk v65), which differs from one stream or function to the next.
ENDPOINT_GIVEN: Final = frozenset({"StreamClient", "FunctionsInvokeClient"})


def run(arguments: Sequence[str]) -> int:
    """Print what to type, or to put into a program, and return 0."""
    parser = Parser(prog=f"{program()} env", description="Print the settings with which clients use a local OCI.")
    parser.add_argument(
        "--url", type=base_url, default=DEFAULT_URL, help=f"URL of the local OCI (default: {DEFAULT_URL})"
    )
    parser.add_argument(
        "--for",
        dest="language",
        choices=("shell", *PROGRAMS),
        default="shell",
        help="shell (default): variables for the OCI CLI, Terraform and model-service; others: lines of code",
    )
    options = parser.parse_args(arguments)
    program_of = PROGRAMS.get(options.language)
    sys.stdout.write(shell_variables(options.url) if program_of is None else program_of.text(options.url))
    return 0


def terraform_overrides(url: str) -> str:
    """Return the value of CLIENT_HOST_OVERRIDES: every client of the provider whose service is here."""
    known = [f"oci_{module}.{client}" for module, client in CLIENTS if client not in NOT_IN_TERRAFORM]
    return ";".join(f"{client}={url}" for client in known)


def variables(url: str) -> dict[str, str]:
    """Return the variables of the OCI CLI, of the provider and of model-service."""
    return {
        "OCI_CLI_ENDPOINT": url,
        "CLIENT_HOST_OVERRIDES": terraform_overrides(url),
        "OCI_GENAI_ENDPOINT": url,
    }


def shell_variables(url: str) -> str:
    """Return the exports that a shell reads."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables(url).items())


@dataclass(frozen=True)
class Program:
    """What a language writes: ``package`` and ``client`` once for each of those, ``opening`` and ``provider`` once."""

    opening: str
    package: str
    provider: str
    client: str
    client_given_endpoint: str

    def text(self, url: str) -> str:
        """Return the lines that make every client ask ``url``."""
        named = [_names(module, client, url) for module, client in CLIENTS]
        packages = dict.fromkeys(self.package.format_map(names) for names in named)
        clients = [
            (self.client_given_endpoint if names["client"] in ENDPOINT_GIVEN else self.client).format_map(names)
            for names in named
        ]
        return "".join([self.opening, *packages, self.provider, *clients])


def _names(module: str, client: str, url: str) -> dict[str, str]:
    """Return how the languages write a client: the other SDKs call Python's object_storage objectstorage."""
    return {
        "url": url,
        "module": module,
        "package": module.replace("_", ""),
        "client": client,
        "camel": client[0].lower() + client[1:],
        "snake": re.sub(r"(?<!^)(?=[A-Z])", "_", client).lower(),
    }


_PYTHON: Final = '{snake} = oci.{module}.{client}(config, service_endpoint="{url}")\n'
_JAVA: Final = 'var {camel} = com.oracle.bmc.{package}.{client}.builder().endpoint("{url}").build(provider);\n'
_GO: Final = '{camel}, err := {package}.New{client}WithConfigurationProvider(provider)\n{camel}.Host = "{url}"\n'
_GO_GIVEN: Final = '{camel}, err := {package}.New{client}WithConfigurationProvider(provider, "{url}")\n'
_TYPESCRIPT: Final = 'const {camel} = new {client}({{ authenticationDetailsProvider }});\n{camel}.endpoint = "{url}";\n'

PROGRAMS: Final = {
    "python": Program("import oci\n", "", "\nconfig = oci.config.from_file()\n", _PYTHON, _PYTHON),
    "java": Program(
        "",
        "",
        'var provider = new com.oracle.bmc.auth.ConfigFileAuthenticationDetailsProvider("DEFAULT");\n',
        _JAVA,
        _JAVA,
    ),
    "go": Program(
        'import "github.com/oracle/oci-go-sdk/v65/common"\n',
        'import "github.com/oracle/oci-go-sdk/v65/{package}"\n',
        "\nprovider := common.DefaultConfigProvider()\n",
        _GO,
        _GO_GIVEN,
    ),
    "typescript": Program(
        'import { ConfigFileAuthenticationDetailsProvider } from "oci-common";\n',
        'import {{ {client} }} from "oci-{package}";\n',
        "\nconst authenticationDetailsProvider = new ConfigFileAuthenticationDetailsProvider();\n",
        _TYPESCRIPT,
        _TYPESCRIPT,
    ),
}
