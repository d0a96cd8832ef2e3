"""A model hub with the Hugging Face Hub API's shape: a list of models, and one with its files' hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from leakwatch.demo.answers import iso_milliseconds, number

_PER_PAGE = 100
_MOST_PER_PAGE = 1000
_SMALLEST_LFS_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a repository; large ones are kept by Git LFS, small ones in git itself.

    `sha256` is that of the content, None for a file kept in git; `blob_id` is the SHA-1 of the git blob,
    which is the content or the LFS pointer to it.
    """

    name: str
    size_bytes: int
    sha256: str | None
    blob_id: str
    pointer_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model repository, `owner/name`."""

    id: str
    files: tuple[HubFile, ...]
    created_at: float
    tags: tuple[str, ...]


class Hub:
    """All repositories. `served` collects the ids that were handed out."""

    def __init__(self, base: str, clock: Callable[[], float]) -> None:
        self.served: set[str] = set()
        self._base = base
        self._clock = clock
        self._models: dict[str, Model] = {}

    def upload(
        self,
        model_id: str,
        files: tuple[HubFile, ...],
        tags: tuple[str, ...] = (),
        *,
        at: float | None = None,
    ) -> Model:
        """Make a repository public."""
        now = self._clock() if at is None else at
        model = Model(id=model_id, files=files, created_at=now, tags=tags)
        self._models[model_id] = model
        return model

    def routes(self) -> list[Route]:
        """The endpoints, below `/hub`."""
        return [
            Route("/api/models", self._answer_list),
            Route("/api/models/{owner}/{name}", self._answer_model),
        ]

    async def _answer_list(self, request: Request) -> Response:
        query = request.query_params
        wanted, author = query.get("search", "").lower(), query.get("author", "")
        models = [
            model
            for model in sorted(self._models.values(), key=lambda model: -model.created_at)
            if wanted in model.id.lower() and (not author or model.id.startswith(f"{author}/"))
        ]
        if query.get("direction") not in (None, "-1"):
            models.reverse()
        skip = number(request, "skip", 0)
        limit = max(1, number(request, "limit", _PER_PAGE, _MOST_PER_PAGE))
        headers: dict[str, str] = {}
        if skip + limit < len(models):
            following = request.url.include_query_params(skip=skip + limit).query
            headers["Link"] = f'<{self._base}/api/models?{following}>; rel="next"'
        full = query.get("full", "").lower() in ("true", "1", "full")
        return JSONResponse(
            [self._listed(one, full=full) for one in models[skip : skip + limit]], headers=headers
        )

    async def _answer_model(self, request: Request) -> Response:
        model = self._models.get("{owner}/{name}".format(**request.path_params))
        if model is None:
            return JSONResponse({"error": "Repository not found"}, status_code=404)
        shown = self._listed(model, full=True)
        if request.query_params.get("blobs", "").lower() in ("true", "1"):
            shown["siblings"] = [_sibling(file) for file in model.files]
        return JSONResponse(shown)

    def _listed(self, model: Model, *, full: bool) -> dict[str, object]:
        self.served.add(model.id)
        revision = hashlib.sha1(repr(model).encode(), usedforsecurity=False).hexdigest()
        shown: dict[str, object] = {
            "_id": revision[:24],
            "id": model.id,
            "modelId": model.id,
            "private": False,
            "likes": len(model.files),
            "downloads": int(self._clock() - model.created_at),
            "tags": list(model.tags),
            "createdAt": iso_milliseconds(model.created_at),
        }
        if full:
            shown |= {
                "author": model.id.partition("/")[0],
                "sha": revision,
                "lastModified": iso_milliseconds(model.created_at),
                "gated": False,
                "siblings": [{"rfilename": file.name} for file in model.files],
            }
        return shown


def file_of(name: str, content: bytes) -> HubFile:
    """A file with the hashes of its content."""
    if len(content) < _SMALLEST_LFS_BYTES:
        return HubFile(name, len(content), None, _git_blob(content))
    return _lfs_file(name, len(content), hashlib.sha256(content).hexdigest())


def made_up_file(rng: Random, name: str, size_bytes: int) -> HubFile:
    """A file that exists only as hashes."""
    if size_bytes < _SMALLEST_LFS_BYTES:
        return HubFile(name, size_bytes, None, rng.randbytes(20).hex())
    return _lfs_file(name, size_bytes, rng.randbytes(32).hex())


def _lfs_file(name: str, size_bytes: int, sha256: str) -> HubFile:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size_bytes}\n".encode()
    return HubFile(name, size_bytes, sha256, _git_blob(pointer), len(pointer))


def _git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


def _sibling(file: HubFile) -> dict[str, object]:
    shown: dict[str, object] = {"rfilename": file.name, "blobId": file.blob_id, "size": file.size_bytes}
    if file.sha256:
        shown["lfs"] = {"sha256": file.sha256, "size": file.size_bytes, "pointerSize": file.pointer_bytes}
    return shown
