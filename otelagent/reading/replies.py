"""What the replies of text protocols say: acknowledgements of HL7 and EDIFACT, searches in LDAP and IMAP, DNS."""

from collections.abc import Callable
from typing import Final

from otelagent.model import Status
from otelagent.reading.failures import Reading, kind
from otelagent.reading.lexicon import exact

_STARTS: Final = ("MSH|", "UNA", "UNB+", "UNH+", "dn:", "# ", "#\n", ";", "** ", "* ")
_LONGEST: Final = 4000
_HL7: Final = exact(r"[\r\n](?:MSA\|(?:[AC]([ERA])\|)|QAK\|[^|]*\|(NF|AE|AR)\b)")
"""HL7 v2: an acknowledgement code (table 0008), the status of a query (table 0208)."""
_EDIFACT: Final = exact(r"(?:^|')\s*(?:UC[IMFG]\+(?:[^'+]*\+){1,4}4(?:\+[^']*)?'|ERC\+)")
"""CONTRL: an action code of 4, "rejected"; APERAK: an application error."""
_LDAP: Final = exact(r"(?m)^result: (\d{1,3})\b")
_ENTRY: Final = exact(r"(?m)^dn: ?\S")
_DNS: Final = exact(r"(?:status: |can(?:'|’)t find [^\s:]{1,253}: )([A-Z]{6,9})\b")
_NO_ANSWER: Final = exact(r"\bANSWER: 0\b")
_IMAP: Final = exact(r"^\* SEARCH\s*(?:$|\n)")


def reply(text: str) -> Reading | None:
    """What a reply says of itself; None for other texts, and where all is well."""
    if not text.startswith(_STARTS):
        return None
    data = text[:_LONGEST].encode(errors="replace")
    return next((found for read in _READ if (found := read(text, data)) is not None), None)


def _hl7(text: str, data: bytes) -> Reading | None:
    for found in _HL7.finditer(data) if text.startswith("MSH|") else ():
        if found.group(2) == b"NF":
            return Reading(Status.EMPTY, "HL7 query found nothing")
        if found.group(1) != b"A":
            said = data[found.end() :].decode(errors="replace")
            return Reading(kind(said).status, "HL7 acknowledgement of an error")
    return None


def _edifact(text: str, data: bytes) -> Reading | None:
    rejects = text.startswith("UN") and _EDIFACT.search(data)
    return Reading(Status.ERROR, "EDIFACT message rejects") if rejects else None


_LDAP_STATUS: Final = {
    **dict.fromkeys((3, 4, 11), Status.PARTIAL),
    **dict.fromkeys((7, 8, 13, 48, 49, 50), Status.DENIED),
    32: Status.EMPTY,
    51: Status.RATE_LIMITED,
    85: Status.TIMEOUT,
}
"""Result codes (RFC 4511): limits, refusals, no such object, busy, a timeout of the client."""
_REFERRALS: Final = (9, 10, 14)


def _ldap(text: str, data: bytes) -> Reading | None:
    found = _LDAP.search(text[-_TAIL:].encode(errors="replace")) if text.startswith(("dn:", "#")) else None
    if found is None:
        return None
    code, entries = int(found.group(1)), bool(_ENTRY.search(data))
    if code == 0 or code in _REFERRALS:
        return None if entries else Reading(Status.EMPTY, "LDAP search without entries")
    status = _LDAP_STATUS.get(code, Status.ERROR)
    return Reading(status if entries or status is not Status.PARTIAL else Status.ERROR, f"LDAP result {code}")


_TAIL: Final = 400
"""Characters in which the result of an LDAP search stands at its end."""
_NAMES: Final = {b"NXDOMAIN": Status.EMPTY, b"SERVFAIL": Status.ERROR, b"REFUSED": Status.DENIED}


def _dns(text: str, data: bytes) -> Reading | None:
    found = _DNS.search(data) if text.startswith((";", "*")) else None
    if found is None:
        return None
    none = found.group(1) == b"NOERROR" and _NO_ANSWER.search(data)
    status = Status.EMPTY if none else _NAMES.get(found.group(1))
    return Reading(status, "DNS response code") if status is not None else None


def _imap(text: str, data: bytes) -> Reading | None:
    return Reading(Status.EMPTY, "IMAP search without messages") if _IMAP.search(data) else None


_READ: Final[tuple[Callable[[str, bytes], Reading | None], ...]] = (_hl7, _edifact, _ldap, _dns, _imap)
