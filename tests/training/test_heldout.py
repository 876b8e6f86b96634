"""The texts that the injection classifier is measured on, and never trained on."""

import json

from otelagent.reading.injection import score
from training import heldout, made


def test_every_group_is_there_and_attacks_stand_in_whole_values() -> None:
    held = list(heldout.texts())
    assert {each.group for each in held if each.label} == {
        "plain, English", "plain, other languages", "marked, English", "marked, other languages",
    }  # fmt: skip
    assert {each.group for each in held if not each.label} == {"clean", "mention"}
    for each in held:
        if each.text.startswith(('{"', '[{"')):
            json.loads(each.text)


def test_no_held_out_attack_is_a_template() -> None:
    templates = {line for lists in (made.TEMPLATES["plain"], made.TEMPLATES["marked"], made.TEMPLATES["goals"])
                 for lines in lists.values() for line in lines}  # fmt: skip
    assert not templates & {each.text for each in heldout.texts()}


def test_share_found_stays_what_the_card_says() -> None:
    found: dict[str, list[bool]] = {}
    for each in heldout.texts():
        found.setdefault(each.group, []).append(score(each.text).flagged)
    share = {group: sum(flags) / len(flags) for group, flags in found.items()}
    assert share["marked, English"] > 0.75
    assert share["marked, other languages"] > 0.8
    assert share["plain, English"] > 0.25
    assert share["clean"] < 0.12
    assert share["mention"] < 0.1
