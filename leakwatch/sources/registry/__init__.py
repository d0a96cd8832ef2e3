"""`registry`: hubs that answer by exact hash. OCI registries (Ollama's among them) by tag and digest, Civitai by SHA-256.

History
2026-11  first version: tags, manifests and indexes of OCI Distribution 1.1; Civitai's newest, by name and by hash
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from leakwatch.sources._kind import CredentialRef, Cursor, Json, Page, Payload, PolledKind, Question, Request
from leakwatch.sources.registry import civitai, oci

Protocol = Literal["oci", "civitai"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySite:
    """Settings of a hub: its protocol, and of an OCI registry the repositories, as name or name:tag.

    `token` names a secret that is sent as a bearer token.
    """

    url: str = "https://registry.ollama.ai"
    protocol: Protocol = "oci"
    repositories: tuple[str, ...] = ()
    limit: int = 100
    token: CredentialRef | None = None


def start(site: RegistrySite, cursor: Cursor) -> Iterator[Request]:
    """OCI: the tags of each repository, or the one that is named. Civitai: the newest models."""
    told = _told(site)
    if site.protocol == "civitai":
        yield civitai.newest(site.url, site.limit, cursor, told)
    for repository in site.repositories if site.protocol == "oci" else ():
        yield oci.watch(site.url, repository, cursor, told)


def ask(site: RegistrySite, cursor: Cursor, question: Question) -> Iterator[Request]:
    """Each SHA-256: OCI registries as a manifest of each repository, Civitai as a file; it is asked for words too."""
    told = _told(site)
    if site.protocol == "civitai":
        yield from civitai.ask(site.url, site.limit, question, told, cursor)
    else:
        yield from oci.ask(site.url, site.repositories, question, told, cursor)


def _told(site: RegistrySite) -> dict[str, Json]:
    return {"api": site.url, "credential": site.token}


def parse(payload: Payload) -> Page:
    """Manifests or model versions as observations with their files; what answers 404 is honestly not there.

    Raises: LayoutChanged if the JSON is of neither protocol's shape.
    """
    step = str(payload.request.state.get("step") or _guess(payload))
    if step in oci.STEPS:
        return oci.parse(payload, step)
    return civitai.parse(payload, step)


def _guess(payload: Payload) -> str:
    """The step of a saved payload that came without its request."""
    body = payload.json()
    told = body if isinstance(body, dict) else {}
    if "tags" in told:
        return "tags"
    if "items" in told:
        return "models"
    return "version" if "modelId" in told else "manifest"


KIND = PolledKind(
    name="registry",
    settings=RegistrySite,
    start=start,
    parse=parse,
    ask=ask,
    empty_is_normal=True,
    is_api=True,
)
