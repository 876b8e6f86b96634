"""Rules on where information may come from and where messages may go."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from otelagent.reading import values
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation
from otelagent.reading.lexicon import exact, matches

_DOMAIN: Final = exact(
    r"\b(?:[a-z0-9](?:[a-z0-9-]{0,40})\.)+(?:com|org|net|edu|gov|int|io|eu|info|co|ai|dev|app|de|fr|es|pt|br|cn|jp|uk|us|ch|at|it"
    r"|nl|se|no|dk|fi|pl|in|ca|au|mx|ar|example|test|mil|biz|news|me|tv)\b(?:\.[a-z]{2}\b)?"
)
_FOREIGN_PROHIBITIONS: Final = ("fr", "zh", "ja")
"""Languages whose lists of allowing phrases hold no prohibition."""


def read(sentence: Sentence) -> Iterator[Draft]:
    """Domains that may be used, that may not, or that mail may go to."""
    domains = tuple(match.group().decode().removeprefix("www.") for match in matches(_DOMAIN, sentence.lowered, 16))
    if not domains and (kinds := _kinds(sentence)):
        yield Draft("sources_forbidden", kinds)
    if not domains or sentence.find("exception"):
        return
    if sentence.find("mailing"):
        if sentence.find("exclusively"):
            yield Draft("recipients", domains)
    elif "@" not in sentence.written and (kind := _kind(sentence)):
        yield Draft(kind, domains)


def _kinds(sentence: Sentence) -> tuple[str, ...]:
    """Kinds of sites that a sentence rules out, each as what their addresses hold; of official sources only, all."""
    if sentence.find("official_only"):
        return tuple(mark for _, marks in _SITES for mark in marks)
    if not sentence.find("sources_banned"):
        return ()
    return tuple(
        mark for stems, marks in _SITES if any(s.encode() in sentence.lowered for s in stems) for mark in marks
    )


_SITES: Final = (
    (
        ("blog", "博客", "ブログ", "自媒体"),
        ("@blog", "medium.com", "substack.com", "wordpress.com", "tumblr.com", "note.com"),
    ),
    (
        ("forum", "foren", "foro", "reddit", "论坛", "掲示板"),
        ("@forum", "reddit.com", "quora.com", "stackexchange.com", "zhihu.com"),
    ),
    (
        ("social", "soziale", "sociaux", "sociales", "sociais", "twitter", "社交", "微博", "sns"),
        (
            "twitter.com",
            "x.com",
            "facebook.com",
            "instagram.com",
            "tiktok.com",
            "youtube.com",
            "weibo.com",
            "linkedin.com",
        ),
    ),
    (("wiki", "维基", "ウィキ"), ("@wiki", "wikipedia.org", "fandom.com")),
)
"""How rules name kinds of sites, and the domains of such, or (@) what a host's name or a path begins with."""


def _kind(sentence: Sentence) -> str | None:
    only = sentence.find("sources")
    if only and (sentence.language in _FOREIGN_PROHIBITIONS or not sentence.find("prohibition")):
        return "sources"
    return "sources_forbidden" if sentence.find("prohibition") and sentence.find("citing") else None


def cites(rule: Constraint, text: str) -> Violation | None:
    """An answer cites an address outside the allowed domains, or within a forbidden one."""
    data = text.encode(errors="replace")
    for start, end in values.links(data, 64):
        if why := _opens(rule, data[start:end].decode(errors="replace")):
            return Violation(rule, why.replace("opens", "cites"))
    return None


def argument_breaks(rule: Constraint, name: str, value: object) -> str | None:
    """An argument names an address that it may not."""
    if rule.kind == "recipients":
        named = any(part in name for part in _TO) and not any(part in name for part in _FROM)
        outside = named and any(not _at(each, rule.terms) for each in _mails(value))
        return "writes to an address outside the allowed domains" if outside else None
    return _opens(rule, value) if isinstance(value, str) else None


def _opens(rule: Constraint, link: str) -> str | None:
    if "://" not in link:
        return None
    within = _within(link, rule.terms)
    if rule.kind == "sources_forbidden":
        return "opens an address that the instructions forbid" if within else None
    return None if within else "opens an address outside the allowed sources"


def _within(link: str, domains: Sequence[str]) -> bool:
    host, _, path = link.lower().partition("://")[2].partition("/")
    host = host.partition(":")[0]
    parts = (*host.replace("-", ".").split("."), *path.split("/"))
    marks = [domain[1:] for domain in domains if domain.startswith("@")]
    return any(host == domain or host.endswith(f".{domain}") for domain in domains) or any(
        part.startswith(mark) or part.endswith(mark) for part in parts for mark in marks
    )


_TO: Final = (
    "to",
    "recipient",
    "cc",
    "mail",
    "an",
    "empf",
    "dest",
    "para",
    "address",
    "adress",
    "endere",
    "correo",
    "收件",
    "宛",
)
_FROM: Final = ("from", "sender", "reply", "von", "absender", "remit", "expediteur", "body", "text", "subject")


def _mails(value: object) -> Iterator[str]:
    given: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
    for each in given:
        if isinstance(each, str) and len(each) <= 512:
            yield from (part for part in each.replace(";", ",").replace("<", ",").rstrip(">").split(",") if "@" in part)


def _at(mail: str, domains: Sequence[str]) -> bool:
    host = mail.strip(" >").lower().rpartition("@")[2]
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
