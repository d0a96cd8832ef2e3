"""Time stamps: each is of an end of the audit that this pack holds, and is signed by whom a certificate names."""

from __future__ import annotations

from leakwatch.evidence.checking.chain import digests_of, lines_of
from leakwatch.evidence.checking.parts import Checked
from leakwatch.evidence.timestamps import INSTALL, is_installed, stamped_at


def check_stamps(checked: Checked, certificates: tuple[bytes, ...]) -> None:
    """Check the time stamps, by the given certificates or else by those of the pack."""
    stamps = checked.list_of("stamps.json")
    if not stamps:
        checked.note("there is no time stamp by others")
        return
    own = tuple(data for name, data in checked.members.items() if name.startswith("certificates/"))
    known = set(digests_of(lines_of(checked)).values())
    for one in stamps:
        name = f"stamps/{one['token']}.tsr"
        if name not in checked.members:
            checked.problem(name, "missing")
        elif one["digest"] not in known:
            checked.problem(name, "it is of no entry of the audit in this pack")
        elif not is_installed():
            checked.note(f"time stamps were not checked: {INSTALL}")
        elif not (certificates or own):
            checked.note(f"{name} was not checked: there is no certificate; give one with --certificate")
        else:
            at = stamped_at(checked.members[name], one["digest"], certificates or own)
            trust = (
                "your certificate"
                if certificates
                else "the certificate in the pack, which nobody vouches for"
            )
            checked.note(f"{name}: stamped at {at:%Y-%m-%d %H:%M:%S} UTC, by {trust}")
