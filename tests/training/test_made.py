"""The texts that the injection classifier is trained on besides the corpora."""

from training import made

CONTEXTS = ["The store opens at nine.", "Balance: 12.50 EUR."]


def test_texts_are_the_same_every_time() -> None:
    first = list(made.texts(CONTEXTS, attacks=40, near=40))
    assert first == list(made.texts(CONTEXTS, attacks=40, near=40))
    assert first != list(made.texts(CONTEXTS, seed=18, attacks=40, near=40))


def test_every_slot_is_filled() -> None:
    slots = {"{" + slot + "}" for slot in (*made.SLOTS, "goal", "goal_", "attack")}
    texts = [each.text for each in made.texts(CONTEXTS, attacks=300, near=300)]
    assert [text for text in texts if any(slot in text for slot in slots)] == []


def test_both_labels_and_all_languages_occur() -> None:
    kinds = {each.kind for each in made.texts(CONTEXTS, attacks=400, near=100)}
    assert {f"made_marked_{language}" for language in made.LANGUAGES} <= kinds
    assert {f"made_plain_{language}" for language in made.LANGUAGES} <= kinds
    assert {"made_mention", "made_mail", "made_howto"} <= kinds
