"""What stands in for ``terraform``, ``docker``, ``fn``, ``curl``, ``make``, ``pip`` while a page's commands are tried.

``python stand_ins.py PROGRAM ARGUMENTS…`` ends with 1, and says why, where the program would not take the arguments: a
subcommand that it does not have, a variable or an output that the Terraform of this folder does not declare, a target
that the Makefile does not have, an option that our command line does not have. What it would print is made up.
"""

from __future__ import annotations

import re
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"mock-oci": "src/pyproject.toml", "model-service": "pyproject.toml"}
REPOSITORY = "ord.ocir.io/mynamespace/model-service"
OUTPUTS = {
    "image_repository": REPOSITORY,
    "base_url": "https://id.apigateway.us-chicago-1.oci.customer-oci.com/v1",
    "keys_secret_id": "ocid1.vaultsecret.oc1.us-chicago-1.keys",
}
# What comes first of the programs that we do not have, as their documentation has it.
DOCKER = ("login", "push", "buildx imagetools inspect", "build --tag mock-oci src", "run --rm")
FN = (
    "create context",
    "use context",
    "update context",
    "create app",
    "config app",
    "deploy --app",
    "invoke",
    "update function",
)
TERRAFORM = ("init", "apply", "output -raw", "workspace new", "plan", "destroy")


def refuse(problem: str) -> None:
    """End with an error."""
    sys.exit(f"{' '.join(sys.argv[1:])}: {problem}")


def starts(words: list[str], known: tuple[str, ...]) -> None:
    """Refuse what begins with none of the known subcommands."""
    if not any(" ".join(words).startswith(one) for one in known):
        refuse(f"must begin with one of {', '.join(known)}")


def terraform(words: list[str]) -> None:
    """Check variables and outputs against the files of this folder."""
    starts(words, TERRAFORM)
    text = "\n".join(path.read_text() for path in sorted(Path().glob("*.tf")))
    variables = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    given = {one.partition("=")[0] for before, one in pairwise(words) if before == "-var"}
    for file in Path().glob("*.tfvars"):
        given |= set(re.findall(r"^(\w+) +=", file.read_text(), re.MULTILINE))
    if unknown := given - variables:
        refuse(f"no such variable: {', '.join(sorted(unknown))}")
    if words[0] == "output":
        if f'output "{words[-1]}"' not in text:
            refuse("no such output")
        print(OUTPUTS[words[-1]])


def docker(words: list[str]) -> None:
    """Have mock-oci read what the image of mock-oci is asked."""
    starts(words, DOCKER)
    if words[0] == "run":
        command, *rest = words[words.index("mock-oci") + 1 :]
        parse(f"from mock_oci.commands.{command} import _parser; import sys; _parser().parse_args(sys.argv[1:])", rest)


def pip(words: list[str]) -> None:
    """Check that there is such a package of ours, with these extras; what others there are is not known here."""
    starts(words, ("install ",))
    for requirement in words[1:]:
        name, _, extras = requirement.rstrip("]").partition("[")
        if name not in PACKAGES:
            refuse(f"no such package: {name}")
        known = tomllib.loads((ROOT / PACKAGES[name]).read_text())["project"]["optional-dependencies"]
        if extras and not set(extras.split(",")) <= set(known):
            refuse(f"no such extra: {extras}")


def make(words: list[str]) -> None:
    """Check that the targets are there."""
    folder = words[words.index("-C") + 1] if "-C" in words else "."
    known = re.findall(r"^([a-z-]+):", (Path(folder) / "Makefile").read_text(), re.MULTILINE)
    targets = [one for one in words if re.fullmatch(r"[a-z][a-z-]+", one)]
    if not targets or not set(targets) <= set(known):
        refuse("no such target")


def curl(words: list[str]) -> None:
    """Check the URL."""
    if not [one for one in words if one.startswith("https://")]:
        refuse("no URL")


def python(words: list[str]) -> None:
    """Have the real parser of our command line, or of an example, read the arguments."""
    if words[0] != "-m":
        folder, file = (ROOT / words[0]).parent, Path(words[0]).stem
        program = (
            f"import sys; sys.path.insert(0, {str(folder)!r}); import {file}; {file}.parser().parse_args(sys.argv[1:])"
        )
    else:
        program = f"from {words.pop(1)}.__main__ import _parser; import sys; _parser().parse_args(sys.argv[1:])"
    parse(program, words[1:])


def parse(program: str, arguments: list[str]) -> None:
    """Have a program read the arguments, which ends with an error when it does not take them."""
    sys.path.insert(0, str(ROOT / "src"))
    held, sys.argv = sys.argv, ["-c", *arguments]
    try:
        exec(program, {})
    except SystemExit as end:
        if end.code:
            refuse(str(end.code))
    finally:
        sys.argv = held


if __name__ == "__main__":
    program, arguments = sys.argv[1], sys.argv[2:]
    if program == "fn":
        starts(arguments, FN)
    else:
        known = {"terraform": terraform, "make": make, "curl": curl, "python": python, "docker": docker, "pip": pip}
        known[program](arguments)
