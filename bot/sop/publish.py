"""Versions in the database: runs finish on theirs, and a broken file leaves the last good one in force."""

from dataclasses import replace

from bot.model.ids import SopName
from bot.model.tables import Run
from bot.sop import membership
from bot.sop.library import Library
from bot.sop.parse import parse
from bot.sop.schema import Sop
from bot.storage.queries import sops as rows
from bot.storage.work import Work


def publish(work: Work, library: Library) -> Library:
    """Put a library in force; returns it with what the database knows better.

    For a file that cannot be read, and whose SOP is not in the library, the version that was last in force is taken up.
    """
    library = restore(work, library)
    sops = list(library)
    rows.keep_versions(
        work.session,
        [{"sop": sop.name, "digest": sop.digest, "source": sop.source, "published_at": work.now} for sop in sops],
    )
    rows.put_in_force(
        work.session, [{"sop": sop.name, "digest": sop.digest, "broken": _broken(library, sop)} for sop in sops]
    )
    for name, digest in rows.walked(work.session):
        version(work, library, name, digest)
    membership.plan(work, library)
    return library


def restore(work: Work, library: Library) -> Library:
    """The library, with the last good version of every SOP whose file is broken."""
    found: dict[SopName, Sop] = {}
    for name in library.broken:
        if name in library.sops:
            continue
        version = rows.in_force(work.session, name)
        sop = _parsed(name, version.source) if version else None
        if sop is not None:
            found[name] = sop
    return replace(library, sops={**library.sops, **found}) if found else library


def version_of(work: Work, library: Library, run: Run) -> Sop | None:
    """The version that a run is on; None when neither the library nor the database has it any more."""
    return version(work, library, run.sop, run.digest)


def version(work: Work, library: Library, name: str, digest: str) -> Sop | None:
    """A version of an SOP, in force or not."""
    sop = library.find(name, digest)
    if sop is not None:
        return sop
    kept = rows.version(work.session, name, digest)
    sop = _parsed(name, kept.source) if kept else None
    if sop is not None:
        library.versions[(name, digest)] = sop
    return sop


def pause(work: Work, name: str) -> bool:
    """Nobody enters a paused SOP, and whoever is in it stands still; False when it is paused already."""
    return rows.set_paused(work.session, name, True)


def resume(work: Work, name: str) -> bool:
    return rows.set_paused(work.session, name, False)


def _parsed(name: str, source: str) -> Sop | None:
    return parse(source, f"{name}.yaml", name)[0]


def _broken(library: Library, sop: Sop) -> str:
    finding = library.broken.get(sop.name)
    return "" if finding is None else str(finding)
