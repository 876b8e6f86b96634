"""Replies of text protocols say what they are by their codes, whatever their words."""

import pytest

from otelagent.model import Captured, Status
from otelagent.reading.outcome import outcome
from otelagent.reading.replies import reply

HL7 = "MSH|^~\\&|LAB|HOSP|EHR|HOSP|20251118||ACK^A08|1|P|2.5\r"
DIG = "; <<>> DiG 9.18 <<>> a.example\n;; ->>HEADER<<- opcode: QUERY, status: {}, id: 43\n;; QUERY: 1, ANSWER: {}"
LDAP = "# extended LDIF\n#\n# filter: (uid=zz)\n{}\n# search result\nsearch: 2\nresult: {}\n"

REPLIES = [
    (HL7 + "MSA|AA|M1", None),
    (HL7 + "MSA|AE|M1|Patient unknown", Status.ERROR),
    (HL7 + "MSA|AR|M1|Unsupported message type", Status.ERROR),
    (HL7 + "MSA|AR|M1|Access denied", Status.DENIED),
    (HL7 + "MSA|AA|M1\rQAK|Q1|NF", Status.EMPTY),
    (HL7 + "MSA|AA|M1\rQAK|Q1|OK", None),
    ("UNB+UNOC:3+A+B+251118:1000+7'UNH+1+CONTRL:D:3:UN'UCI+55+A+B+4+23'UNT+3+1'", Status.ERROR),
    ("UNB+UNOC:3+A+B+251118:1000+7'UNH+1+CONTRL:D:3:UN'UCI+55+A+B+7'UNT+3+1'", None),
    ("UNH+1+APERAK:D:07B:UN:2.1'BGM+313+A1'ERC+Z10'UNT+5+1'", Status.ERROR),
    ("UNH+1+ORDERS:D:96A:UN'BGM+220+4'LIN+4'UNT+4+1'", None),
    (LDAP.format("", "0 Success"), Status.EMPTY),
    (LDAP.format("dn: uid=a,ou=people", "0 Success"), None),
    (LDAP.format("dn: uid=a,ou=people", "4 Size limit exceeded"), Status.PARTIAL),
    (LDAP.format("", "3 Time limit exceeded"), Status.ERROR),
    (LDAP.format("", "32 No such object"), Status.EMPTY),
    (LDAP.format("", "50 Insufficient access"), Status.DENIED),
    (LDAP.format("", "53 Server is unwilling to perform"), Status.ERROR),
    (DIG.format("NOERROR", 1), None),
    (DIG.format("NOERROR", 0), Status.EMPTY),
    (DIG.format("NXDOMAIN", 0), Status.EMPTY),
    (DIG.format("SERVFAIL", 0), Status.ERROR),
    (DIG.format("REFUSED", 0), Status.DENIED),
    ("** server can't find a.example: NXDOMAIN", Status.EMPTY),
    ("* SEARCH\r\na3 OK SEARCH completed", Status.EMPTY),
    ("* SEARCH 4 9\r\na3 OK SEARCH completed", None),
    ("# Result\nThe study's result: 4 of 9 patients recovered.", None),
    ("; a comment of an ini file\n[http]\nstatus: UNUSED", None),
]


@pytest.mark.parametrize(("text", "status"), REPLIES, ids=[text[-40:] for text, _ in REPLIES])
def test_reply_is_read_by_its_code(text: str, status: Status | None) -> None:
    found = reply(text)
    assert (found.status if found is not None else None) is status


def test_reply_decides_the_outcome_of_a_call() -> None:
    found = outcome(Captured(HL7 + "MSA|AE|M1|Patient unknown", "result"))
    assert (found.status, found.path, found.note) == (Status.ERROR, "result", "HL7 acknowledgement of an error")
