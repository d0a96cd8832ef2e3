"""Kept pages on which a person's posts stand, with what was made of them, and which of these others need."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.person import PageKept
from leakwatch.store.statements import batches
from leakwatch.store.tables import evidence, observation, proof, recheck, screenshot


async def pages_of(
    digests: Collection[str], but: Collection[int], connection: AsyncConnection
) -> list[PageKept]:
    """Pages that were kept by these digests, or by looks at the observations `but`, with pictures and diffs of them.

    Those that other observations need are shared.
    """
    own, found = set(but), list[PageKept]()
    items = await _items(own, connection)
    mine, others = await _looked(items, connection)
    told = {*digests, *mine}
    pictures = await _pictures(told, connection)
    told |= pictures.keys()
    for batch in batches(sorted(told)):
        pages = [pictures[one] for one in batch if one in pictures]
        shared = await _shared([*batch, *pages], own, items, connection)
        shared |= others | {one for one in batch if pictures.get(one) in shared | others}
        query = sa.select(evidence).where(evidence.c.digest.in_(batch)).order_by(evidence.c.id)
        found += [
            PageKept(
                digest=row["digest"],
                warc=row["warc"],
                site=row["site"],
                url=row["url"],
                captured_at=row["captured_at"],
                is_shared=row["digest"] in shared,
                parser=row["parser"],
            )
            for row in (await connection.execute(query)).mappings()
        ]
    return found


async def _items(ids: Collection[int], connection: AsyncConnection) -> set[tuple[str, str]]:
    """Site and id there of some observations."""
    found: set[tuple[str, str]] = set()
    for batch in batches(sorted(ids)):
        query = sa.select(observation.c.site, observation.c.native_id).where(observation.c.id.in_(batch))
        found |= {(site, ident) for site, ident in (await connection.execute(query)).all()}
    return found


async def _looked(items: set[tuple[str, str]], connection: AsyncConnection) -> tuple[set[str], set[str]]:
    """What looks at some items have kept, and what looks at others have."""
    mine, others = set[str](), set[str]()
    query = sa.select(recheck.c.site, recheck.c.native_id, recheck.c.detail).where(
        recheck.c.done_at.is_not(None)
    )
    for site_name, ident, detail in (await connection.execute(query)).all() if items else ():
        kept = {detail[name] for name in ("evidence", "diff") if detail.get(name)}
        (mine if (site_name, ident) in items else others).update(kept)
    return mine, others


async def _pictures(digests: Collection[str], connection: AsyncConnection) -> dict[str, str]:
    """The pictures of some pages, each with the page that it shows."""
    found: dict[str, str] = {}
    for batch in batches(sorted(digests)):
        query = sa.select(screenshot.c.picture, screenshot.c.digest)
        query = query.where(screenshot.c.digest.in_(batch), screenshot.c.picture.is_not(None))
        found |= {one.picture: one.digest for one in (await connection.execute(query)).all()}
    return found


async def _shared(
    digests: list[str], own: set[int], items: set[tuple[str, str]], connection: AsyncConnection
) -> set[str]:
    """Those that somebody else's observation, a proof, or a look at another's post needs."""
    seen = sa.select(observation.c.id, observation.c.evidence).where(observation.c.evidence.in_(digests))
    found = {digest for ident, digest in (await connection.execute(seen)).all() if ident not in own}
    judged = sa.select(proof.c.metadata_digest).where(proof.c.metadata_digest.in_(digests))
    found |= set((await connection.execute(judged)).scalars())
    looked = (
        sa.select(evidence.c.digest, recheck.c.site, recheck.c.native_id)
        .join(recheck, recheck.c.url == evidence.c.url)
        .where(evidence.c.digest.in_(digests))
    )
    rows = (await connection.execute(looked)).all()
    return found | {digest for digest, site, ident in rows if (site, ident) not in items}
