"""What an HTML or XML document says of itself, where it is no content: an error page, a page without results."""

from typing import Final

from otelagent.model import Status
from otelagent.reading.failures import NOT_THERE, Reading, anyof, http, is_answer, kind, nothing
from otelagent.reading.lexicon import compiled, unaccented

_PAGE: Final = compiled(r"^\s*<(?:!doctype html|\?xml|\w)")
_TITLE: Final = compiled(r"<(?:title|h1)[^>]*>\s*([^<]{1,160})")
_BLOCKED: Final = compiled(
    r"^\W*(?:error|http|status)?\W*(?:([45]\d\d)\b|access (?:to this page )?(?:has been )?denied"
    r"|attention required|just a moment|forbidden\b|unauthori[sz]ed|too many requests|robot check"
    r"|are you a (?:robot|human)|security check"
    r"|service (?:temporarily )?unavailable|bad gateway|internal server error|gateway time-?out|(?:page )?not found\W*$"
    r"|site (?:is )?(?:under )?maintenance|(?:an )?error (?:occurred|\d)|request (?:rejected|blocked)"
    r"|you have been blocked)"
)
_NOT_FOUND: Final = compiled(anyof("page_gone"))
"""Titles of pages that aren't there."""
_XML_NOTHING: Final = compiled(
    r"^\s*(?:<\?xml[^>]*>\s*)?<[\w:.-]+(?:\s[^<>]*)?(?:/>|>\s*</[\w:.-]+>)\s*$|totalresults>0</"
    r"|^\s*(?:<\?xml[^>]*>\s*)?(?:</?[\w:.-]+(?:\s+(?:(?:xmlns|xsi|xml)(?::\w+)?|version|encoding|lang)=\"[^\"<]*\""
    r"|\s+(?:total|count|num)\w*=\"0\")*\s*/?>\s*){2,}$"
    r"|^\s*(?:<\?xml[^>]*>\s*)?<[\w:.-]+(?:\s[^<>]*)?>\s*<(?:(?:total|result|hit|record)?s?count|total(?:results|hits|records)?"
    r"|numfound)>0</(?s:.{1,200})"
    r"<\w*(?:list|results|items|records|rows|entries|hits)\s*(?:/>|>\s*</)"
)
"""An element without content, also within others that hold nothing else; a list that is empty, after its count."""
_SHOWN: Final = compiled(r">([^<>]+)<")
_UNSHOWN: Final = compiled(r"(?s)<(?:script|style)\b.*?</(?:script|style)>")
_PAGE_TEXT: Final = 600
"""Characters of text up to which a page says nothing more than that nothing was found."""
_NONE_SHOWN: Final = compiled(r"^.{0,80}(?:^|[^\d.,])0 \pL[^\d]{0,100}$")
_HTML: Final = compiled(r"<(?:html|body|div|p|h[1-6]|section|main|article|span|ul|table)\b")
_LOGIN: Final = compiled(r"<input\b[^>]{0,200}\btype\s*=\s*[\"']?password\b")
"""A field for a password, on a page that shows little else."""
_XML_FAILED: Final = compiled(
    r"<(?:[\w-]+:)?(?:return_?code|result(?:ado|at)?|status|estado|statut|ergebnis)>\s*(?:<!\[cdata\[)?"
    r"(?:fail|error|ko|nok|fallo|erro|echec|fehler)\w*\s*(?:\]\]>)?\s*</"
)
_XML_FAULT: Final = compiled(r"<(?:[\w-]+:)?(?:error|fault|errorresponse|serviceexception\w*)\b[^>]*>")


def page(text: str) -> Reading | None:
    """What an HTML or XML answer says, where it is an error page."""
    data = text[:4000].encode(errors="replace")
    if not _PAGE.search(data[:200]):
        return None
    if _XML_NOTHING.search(data):
        return Reading(Status.EMPTY, "empty document")
    brief = len(text) <= len(data) and sum(map(len, _paragraphs(data))) <= _PAGE_TEXT
    for title in _TITLE.finditer(data):
        found = _BLOCKED.search(title.group(1))
        code = int(found.group(1)) if found and found.group(1) else None
        gone = code in NOT_THERE or (code is None and _not_found(title.group(1)))
        if gone and (brief or found):
            return Reading(Status.EMPTY, "page isn't there")
        if found:
            status = http(code) if code else None
            return Reading(status or kind(title.group(1).decode(errors="replace")).status, "error page")
    if brief and _LOGIN.search(data):
        return Reading(Status.DENIED, "page asks to log in")
    if brief and (_found_nothing(data) or (_HTML.search(data) and _shows_none(text))):
        return Reading(Status.EMPTY, "page says that nothing was found")
    if len(text) < 4000 and (_XML_FAULT.search(data[:600]) or _XML_FAILED.search(data[:600])):
        return Reading(kind(text).status, "error document")
    return None


def _not_found(title: bytes) -> bool:
    return bool(_NOT_FOUND.search(unaccented(title.decode(errors="replace")).encode(errors="replace")))


def _found_nothing(data: bytes) -> bool:
    """One paragraph of a short page says so."""
    return any(len(part) > 3 and nothing(part) for part in _paragraphs(data))


def shown(text: str) -> str:
    """What a page shows, as one text; a text that is no page as it is."""
    return " ".join(_paragraphs(text[:4000].encode(errors="replace"))) or text


def _shows_none(text: str) -> bool:
    """All that a page shows is a count of none: "0 job offers"."""
    told = shown(text)
    return bool(_NONE_SHOWN.search(told.encode(errors="replace"))) and not is_answer(told)


def _paragraphs(data: bytes) -> list[str]:
    """What a page shows."""
    shown = (part.strip() for part in _SHOWN.findall(_UNSHOWN.sub(b"", data)))
    return [part.decode(errors="replace") for part in shown if part]
