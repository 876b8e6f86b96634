"""Rules in instructions, what breaks them and what only looks like it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from otelagent.model import Earlier
from otelagent.reading.constraints import Constraint, constraints, lifted, violated, violated_by_call
from otelagent.reading.likeness import ArgumentsRead

TABLE = yaml.safe_load((Path(__file__).parent / "constraints.yaml").read_text())


def rules(text: str) -> list[Constraint]:
    return [rule for rule in constraints(text, "user") if rule.kind != "free"]


NO_RULES = [
    "The customer bought it after 2024-01-01.",
    "What is the weather in English Bay?",
    "How many documents were published after 2020?",
    "I am learning German and I live in Berlin.",
    "We have three recommendations from last year.",
    "The report was written in French.",
    "Der Kunde kaufte es nach dem 1. Januar 2024.",
    "Le client l'a acheté après le 1er janvier 2024.",
    "El cliente lo compró después del 1 de enero de 2024.",
    "O cliente comprou-o depois de 1 de janeiro de 2024.",
    "客户在2024年1月1日之后购买了它。",
    "顧客は2024年1月1日以降に購入しました。",
    "Send the mail before the meeting on Monday.",
]
RULES: list[tuple[str, str, dict[str, Any]]] = [
    ("Only use documents dated after 2024-01-01.", "date", {"first": (2024, 1, 1)}),
    ("Só cite decisões publicadas a partir de 2022.", "date", {"first": (2022, 0, 0)}),
    ("Zitiere nur Entscheidungen ab 2021.", "date", {"first": (2021, 0, 0)}),
    ("Each gift must be under 50 €.", "price_limit", {"amount": 50.0}),
    ("No single item may cost more than 50 euros.", "price_limit", {"amount": 50.0}),
    ("Jedes Geschenk darf höchstens 50 € kosten.", "price_limit", {"amount": 50.0}),
    ("Chaque cadeau doit coûter moins de 50 €.", "price_limit", {"amount": 50.0}),
    ("Cada regalo debe costar menos de 50 €.", "price_limit", {"amount": 50.0}),
    ("Cada presente deve custar no máximo 50 €.", "price_limit", {"amount": 50.0}),
    ("每件礼物不超过50元。", "price_limit", {"amount": 50.0}),
    ("1品5,000円以下を厳守で。", "price_limit", {"amount": 5000.0}),
    ("Always call check_stock before place_order.", "tool_before", {"terms": ("check_stock", "place_order")}),
    ("Rufe vor jedem send_mail zuerst ask_boss auf.", "tool_before", {"terms": ("ask_boss", "send_mail")}),
    ("Avant d'appeler send_mail, appelle ask_boss.", "tool_before", {"terms": ("ask_boss", "send_mail")}),
    ("Antes de send_mail llama a ask_boss.", "tool_before", {"terms": ("ask_boss", "send_mail")}),
    ("Antes de usar send_mail, chame ask_boss.", "tool_before", {"terms": ("ask_boss", "send_mail")}),
    ("调用 send_mail 之前必须先调用 ask_boss。", "tool_before", {"terms": ("ask_boss", "send_mail")}),
    ("send_mail を呼ぶ前に ask_boss を呼んでください。", "tool_before", {"terms": ("ask_boss", "send_mail")}),
    ("Do not mention prices without VAT.", "term_forbidden", {"terms": ("without vat",)}),
    ("No menciones precios sin IVA.", "term_forbidden", {"terms": ("sin iva",)}),
    ("N'indique pas les prix hors taxes.", "term_forbidden", {"terms": ("hors taxes",)}),
    ("Nenne keine Preise ohne Mehrwertsteuer.", "term_forbidden", {"terms": ("ohne mehrwertsteuer",)}),
    ("不要提及不含税的价格。", "term_forbidden", {"terms": ("不含税",)}),
    ("Never cite documents published before 2020.", "date", {"first": (2020, 0, 0)}),
    ("Do not use sources older than January 2023.", "date", {"first": (2023, 1, 0)}),
    (
        "Work with reports published in 2025 or later and leave out anything before that.",
        "date",
        {"first": (2025, 0, 0)},
    ),
    ("Only consider papers published between 2019 and 2022.", "date", {"first": (2019, 0, 0), "last": (2022, 99, 99)}),
    ("Use only data until 2021-06-30.", "date", {"last": (2021, 6, 30)}),
    ("Verwende nur Dokumente, die nach dem 1. Januar 2024 erschienen sind.", "date", {"first": (2024, 1, 1)}),
    ("Nutze ausschließlich Quellen ab 2023.", "date", {"first": (2023, 0, 0)}),
    ("N'utilise que des documents publiés après le 1er janvier 2024.", "date", {"first": (2024, 1, 1)}),
    ("Usa solo documentos posteriores al 1 de enero de 2024.", "date", {"first": (2024, 1, 1)}),
    ("Use apenas documentos publicados depois de 1 de janeiro de 2024.", "date", {"first": (2024, 1, 1)}),
    ("只使用2024年1月1日之后发布的文件。", "date", {"first": (2024, 1, 1)}),
    ("2024年1月1日以降の文書のみを使用してください。", "date", {"first": (2024, 1, 1)}),
    ("Answer only in German.", "language", {"terms": ("de",)}),
    ("Please respond in French.", "language", {"terms": ("fr",)}),
    ("Antworte auf Englisch.", "language", {"terms": ("en",)}),
    ("Réponds uniquement en anglais.", "language", {"terms": ("en",)}),
    ("Responde solo en inglés.", "language", {"terms": ("en",)}),
    ("Responda apenas em inglês.", "language", {"terms": ("en",)}),
    ("请用英文回答。", "language", {"terms": ("en",)}),
    ("英語で回答してください。", "language", {"terms": ("en",)}),
    ("Return only valid JSON.", "format", {"terms": ("json",)}),
    ("No markdown please.", "format", {"terms": ("no_markdown",)}),
    ("Antworte nur im JSON-Format.", "format", {"terms": ("json",)}),
    ("请以JSON格式返回。", "format", {"terms": ("json",)}),
    ("JSON形式で回答してください。", "format", {"terms": ("json",)}),
    ("Use at most 100 words.", "max_length", {"terms": ("words",), "amount": 100}),
    ("Reply in two sentences.", "max_length", {"terms": ("sentences",), "amount": 2}),
    ("Keep the summary under 280 characters.", "max_length", {"terms": ("characters",), "amount": 280}),
    ("Höchstens 100 Wörter bitte.", "max_length", {"terms": ("words",), "amount": 100}),
    ("Pas plus de 100 mots.", "max_length", {"terms": ("words",), "amount": 100}),
    ("Como máximo 100 palabras.", "max_length", {"terms": ("words",), "amount": 100}),
    ("No máximo 100 palavras.", "max_length", {"terms": ("words",), "amount": 100}),
    ("不超过200字。", "max_length", {"terms": ("characters",), "amount": 200}),
    ("200文字以内でまとめてください。", "max_length", {"terms": ("characters",), "amount": 200}),
    ("List exactly three recommendations.", "max_items", {"amount": 3}),
    ("Never use the web_search tool.", "tool_forbidden", {"terms": ("web_search",)}),
    ("The delete_user tool must not be called.", "tool_forbidden", {"terms": ("delete_user",)}),
    ("Verwende niemals das Tool web_search.", "tool_forbidden", {"terms": ("web_search",)}),
    ("N'utilise jamais l'outil web_search.", "tool_forbidden", {"terms": ("web_search",)}),
    ("No uses la herramienta web_search.", "tool_forbidden", {"terms": ("web_search",)}),
    ("Não use a ferramenta web_search.", "tool_forbidden", {"terms": ("web_search",)}),
    ("禁止调用web_search工具。", "tool_forbidden", {"terms": ("web_search",)}),
    ("web_searchツールは使用しないでください。", "tool_forbidden", {"terms": ("web_search",)}),
    ("Always call `verify_user` first.", "tool_required", {"terms": ("verify_user",)}),
    ("Do not mention Acme Corp.", "term_forbidden", {"terms": ("acme corp",)}),
    ('Never use the word "guarantee".', "term_forbidden", {"terms": ("guarantee",)}),
    ("Erwähne niemals den Namen „Halcyon“.", "term_forbidden", {"terms": ("halcyon",)}),
    ("Ne mentionnez jamais le nom « Halcyon ».", "term_forbidden", {"terms": ("halcyon",)}),
    ("No menciones el nombre «Halcyon».", "term_forbidden", {"terms": ("halcyon",)}),
    ("Não mencione o nome “Halcyon”.", "term_forbidden", {"terms": ("halcyon",)}),
    ("不要提及“Halcyon”。", "term_forbidden", {"terms": ("halcyon",)}),
    ("「Halcyon」には決して言及しないでください。", "term_forbidden", {"terms": ("halcyon",)}),
    ("Leave every price out, prices are confidential.", "values_forbidden", {"terms": ("money",)}),
    ("Do not include any URLs.", "values_forbidden", {"terms": ("url",)}),
    ("Nenne keine Preise.", "values_forbidden", {"terms": ("money",)}),
    ("Ne mentionne aucun prix.", "values_forbidden", {"terms": ("money",)}),
    ("No incluyas precios.", "values_forbidden", {"terms": ("money",)}),
    ("Não inclua preços.", "values_forbidden", {"terms": ("money",)}),
    ("不要包含价格。", "values_forbidden", {"terms": ("money",)}),
    ("価格は記載しないでください。", "values_forbidden", {"terms": ("money",)}),
    ("Only use sources from example.org and who.int.", "sources", {"terms": ("example.org", "who.int")}),
    ("Nutze nur Quellen von destatis.de.", "sources", {"terms": ("destatis.de",)}),
    ("Only use data from before 2025-01-01.", "date", {"first": (0, 0, 0), "last": (2025, 1, 1)}),
    ("Never use a table.", "format", {"terms": ("no_table",)}),
    ("Use a table.", "format", {"terms": ("table",)}),
    ("Verzichte auf Tabellen.", "format", {"terms": ("no_table",)}),
    ("N'utilise jamais de tableaux.", "format", {"terms": ("no_table",)}),
    ("Nunca use tabelas.", "format", {"terms": ("no_table",)}),
    ("表は使わないでください。", "format", {"terms": ("no_table",)}),
    ("No emojis please.", "format", {"terms": ("no_emoji",)}),
    ("Please stick to German.", "language", {"terms": ("de",)}),
    ("Tu es l'assistant de l'équipe. Tu réponds exclusivement en français.", "language", {"terms": ("fr",)}),
    ("每次回答不得超过30个字。", "max_length", {"terms": ("characters",), "amount": 30}),
    ("web_search is off limits.", "tool_forbidden", {"terms": ("web_search",)}),
    ("Everything except web_search is allowed.", "tool_forbidden", {"terms": ("web_search",)}),
    ("web_search darf nicht verwendet werden.", "tool_forbidden", {"terms": ("web_search",)}),
    ("L'outil web_search est interdit.", "tool_forbidden", {"terms": ("web_search",)}),
    ("Está prohibido usar web_search.", "tool_forbidden", {"terms": ("web_search",)}),
    ("É proibido usar web_search.", "tool_forbidden", {"terms": ("web_search",)}),
    ("web_search は使用禁止です。", "tool_forbidden", {"terms": ("web_search",)}),
    ("My budget is $500.", "budget", {"amount": 500}),
    ("Do not spend more than 2,000 EUR.", "budget", {"amount": 2000}),
    ("Das Budget beträgt höchstens 500 Euro.", "budget", {"amount": 500}),
    ("Le budget est de 500 euros.", "budget", {"amount": 500}),
    ("El presupuesto es de 500 euros.", "budget", {"amount": 500}),
    ("O orçamento é de 500 euros.", "budget", {"amount": 500}),
    ("预算不超过5000元。", "budget", {"amount": 5000}),
    ("予算は5万円です。", "budget", {"amount": 50000}),
]


def broken(instructions: str, what: Any) -> list[str]:
    """The kinds of rules that an answer, a call or the last of several calls breaks."""
    stated = constraints(instructions, "system")
    if isinstance(what, str):
        return [rule.kind for rule in stated if violated(rule, what)]
    *before, (tool, arguments) = [next(iter(each.items())) for each in (what if isinstance(what, list) else [what])]
    earlier = [Earlier(name, ArgumentsRead(given)) for name, given in reversed(before)]
    return [rule.kind for rule in stated if violated_by_call(rule, tool, arguments, earlier)]


@pytest.mark.parametrize("entry", TABLE["rules"], ids=lambda entry: entry["rule"][:60])
def test_instructions_as_they_stand_in_production(entry: dict[str, Any]) -> None:
    assert broken(entry["rule"], entry["breaks"])
    assert broken(entry["rule"], entry["keeps"]) == []


@pytest.mark.parametrize(("text", "what"), TABLE["none"], ids=lambda text: str(text)[:60])
def test_what_only_sounds_like_a_rule(text: str, what: Any) -> None:
    assert broken(text, what) == []


def test_an_order_of_tools_is_not_judged_without_the_calls_before() -> None:
    (rule,) = rules("Always call verify_order before issue_refund.")
    assert rule.kind == "tool_before"
    assert violated_by_call(rule, "issue_refund", {"order_id": 1}) is None
    assert violated_by_call(rule, "issue_refund", {"order_id": 1}, []) is not None


def test_a_required_tool_that_was_called_for_earlier_answers_is_missed() -> None:
    (rule,) = rules("Always call `kb_search` first.")
    asked_before = [Earlier("crm_read"), Earlier(None), Earlier("kb_search"), Earlier(None)]
    assert violated(rule, "It costs 4 EUR.", asked_before) is not None
    assert violated(rule, "It costs 4 EUR.", [Earlier("kb_search"), *asked_before]) is None
    assert violated(rule, "You are welcome.", [Earlier(None), *asked_before]) is None


@pytest.mark.parametrize(
    ("rule", "later", "lifts"),
    [
        ("Don't use apply_config.", "I've got the sign-off, so you may use apply_config this time.", True),
        ("Never use web_search.", "Please check again, but still don't use web_search.", False),
        ("Never call web_search.", "Now compare that with the market.", False),
        ("No bullet points.", "Forget what I said about bullets.", True),
        ("No uses listas.", "Olvida lo de las listas, ahora prefiero una.", True),
        ("Keine Listen.", "Vergiss das mit den Listen.", True),
    ],
)
def test_a_permission_by_name_lifts_a_rule(rule: str, later: str, lifts: bool) -> None:
    assert bool(lifted(constraints(rule, "user"), later)) is lifts


@pytest.mark.parametrize("text", NO_RULES)
def test_statements_and_questions_are_no_rules(text: str) -> None:
    assert rules(text) == []


@pytest.mark.parametrize(("text", "kind", "expected"), RULES)
def test_a_rule_is_read(text: str, kind: str, expected: dict[str, Any]) -> None:
    found = [rule for rule in rules(text) if rule.kind == kind]
    assert found, constraints(text, "user")
    assert {name: getattr(found[0], name) for name in expected} == expected


def test_what_no_reader_understands_is_kept_unchecked() -> None:
    (rule,) = constraints("Always be polite to the customer.", "system")
    assert rule.kind == "free"
    assert not rule.checked
    assert rule.stands_in("You are Atlas.  always be POLITE to the customer. Thanks.")
    assert violated(rule, "You fool.") is None


AFTER_2024 = "Only use documents dated after 2024-01-01."
KEEPS = [
    (AFTER_2024, "Grid batteries reached 1.1 GW (d-11, 2024-03-18)."),
    (AFTER_2024, "Sales fell by 18% on the record year 2022 (d-12, 2024-05-02)."),
    (AFTER_2024, "I excluded the 2019 study, because it is too old."),
    (AFTER_2024, "I left out d-07, dated 2021-06-15, as you asked."),
    (AFTER_2024, "The bridge was built in 1998 and carries 420 vehicles a day."),
    (
        "Verwende nur Dokumente, die nach dem 1. Januar 2024 erschienen sind.",
        "Die Studie von 2019 habe ich nicht verwendet.",
    ),
    ("只使用2024年1月1日之后发布的文件。", "2019年的研究未使用。"),
    ("Answer only in German.", "Ja."),
    ("Answer only in German.", "Die Brücke ist in gutem Zustand und wird von 420 Fahrzeugen am Tag befahren."),
    ("Return only valid JSON.", '```json\n{"a": 1}\n```'),
    ("Use at most 10 words.", "These are only eleven words, and that is close enough here."),
    ("Do not mention Acme Corp.", "The other bidder offers more."),
    ("Do not mention Acme Corp.", "I did not mention Acme Corp, as requested."),
    ("Leave every price out, prices are confidential.", "Three offers came in, with 80 kg per board in 6 weeks."),
    ("Only use sources from example.org.", "See https://www.example.org/a for it."),
    ("My budget is $500.", "The total is $480."),
    ("My budget is $500.", "The cheapest total of $612 exceeds your budget."),
    ("List exactly three recommendations.", "- one\n- two\n- three"),
    ("Never quote amounts in dollars.", "Singapore made 912,000 CNY."),
    ("Never quote amounts in dollars.", "It is at $HOME/revenue."),
    ("Each gift must be under 50 €.", "I suggest the tea for 43.20 €; in total that comes to 129.60 €."),
    ("Each gift must be under 50 €.", "The knife for 86 € exceeds the limit."),
]
BREAKS = [
    (AFTER_2024, "The turnkey cost is 420 EUR per kWh (d-07, dated 2021-06-15)."),
    (AFTER_2024, "I recommend to base it on the 2019 benchmark by the same authors."),
    (AFTER_2024, "A report from 2021 puts the cost at 420 EUR."),
    (
        "Verwende nur Dokumente, die nach dem 1. Januar 2024 erschienen sind.",
        "Laut einem Bericht von 2021 kostet es 420 Euro.",
    ),
    (
        "N'utilise que des documents publiés après le 1er janvier 2024.",
        "Selon un rapport de 2021, le coût est de 420 euros.",
    ),
    ("Usa solo documentos posteriores al 1 de enero de 2024.", "Según un informe de 2021, el coste es de 420 euros."),
    (
        "Use apenas documentos publicados depois de 1 de janeiro de 2024.",
        "Segundo um relatório de 2021, o custo é de 420 euros.",
    ),
    ("只使用2024年1月1日之后发布的文件。", "根据2021年的报告，成本为420欧元。"),
    ("2024年1月1日以降の文書のみを使用してください。", "2021年の報告書によると、費用は420ユーロです。"),
    ("Answer only in German.", "The bridge is in good shape and it carries 420 vehicles a day."),
    ("Return only valid JSON.", "Here is what I found: three items."),
    ("Use at most 10 words.", "This answer goes on and on for much longer than the ten words that were allowed."),
    ("Reply in two sentences.", "One is here. Two is here. Three is here. Four is here."),
    ("Do not mention Acme Corp.", "Acme Corp offers the best price."),
    ("Leave every price out, prices are confidential.", "Regalbau Lund offers 80 kg per board for EUR 48,200."),
    ("Nenne keine Preise.", "Regalbau Lund bietet es für 48.200 Euro an."),
    ("Only use sources from example.org.", "See https://blog.example.com/a for it."),
    ("My budget is $500.", "I booked it, the total is $612."),
    ("No markdown please.", "## Result\n**Bold** is here."),
    ("List exactly three recommendations.", "- one\n- two\n- three\n- four"),
    ("Never quote amounts in dollars.", "Singapore made $126,600."),
    ("金额一律用人民币，不要出现美元。", "新加坡分公司上月营收为 126,600 美元。"),
    ("Nenne keine Beträge in Dollar.", "Singapur erzielte 126.600 Dollar."),
    ("N'indique jamais les montants en dollars.", "Singapour a réalisé 126 600 dollars."),
    ("No indiques importes en dólares.", "Singapur ingresó 126.600 dólares."),
    ("Não indique valores em dólares.", "Singapura faturou 126.600 dólares."),
    ("金額をドルで書かないでください。", "シンガポールは126,600ドルでした。"),
    ("Each gift must be under 50 €.", "For Hase I suggest the beef for 86.40 €."),
    ("1品5,000円以下を厳守で。", "ハセ電機様には「しぐれ煮」（8,640円）をご提案します。"),
]


@pytest.mark.parametrize(("rule", "completion"), KEEPS)
def test_a_completion_that_keeps_the_rule(rule: str, completion: str) -> None:
    assert [found for each in rules(rule) if (found := violated(each, completion))] == []


@pytest.mark.parametrize(("rule", "completion"), BREAKS)
def test_a_completion_that_breaks_the_rule(rule: str, completion: str) -> None:
    assert any(violated(each, completion) for each in rules(rule))


@pytest.mark.parametrize(
    ("rule", "tools"),
    [
        ("You must not run any write statement; use only run_select, never run_dml.", {"run_select"}),
        ("Only use run_select and run_explain.", {"run_select", "run_explain"}),
        ("Nur db_lesen verwenden, niemals db_schreiben.", {"db_lesen"}),
        ("Utilise uniquement lire_fiche, jamais chercher_web.", {"lire_fiche"}),
        ("Usa solo buscar_salud y nunca buscar_web.", {"buscar_salud"}),
        ("Use somente a ferramenta busca_saude, nunca a busca_web.", {"busca_saude"}),
        ("只能使用 query_db，不要用 web_search。", {"query_db"}),
        ("query_dbだけを使い、web_searchは使わないでください。", {"query_db"}),
        ("Only use refund_payment for amounts under 50.", set()),
        ("Return only customer_id and total_amount.", set()),
    ],
)
def test_the_only_tools_are_those_that_are_not_ruled_out_beside(rule: str, tools: set[str]) -> None:
    allowed = [set(each.terms) for each in constraints(rule, "user") if each.kind == "tool_allowed"]
    assert allowed == [tools] if tools else not allowed


def test_a_call_of_a_forbidden_tool_breaks_the_rule() -> None:
    (rule,) = rules("Never use the web_search tool.")
    assert violated_by_call(rule, "web_search", {"query": "x"})
    assert violated_by_call(rule, "functions.web_search", None)
    assert not violated_by_call(rule, "search_documents", {"query": "x"})


def test_arguments_break_rules_on_dates_sources_and_budgets() -> None:
    (date,) = rules(AFTER_2024)
    assert violated_by_call(date, "search", '{"query": "x", "after": "2019-01-01"}')
    assert not violated_by_call(date, "search", {"query": "2019", "after": "2024-02-01"})
    (source,) = rules("Only use sources from example.org.")
    assert violated_by_call(source, "fetch", {"url": "https://evil.example.com/"})
    assert not violated_by_call(source, "fetch", {"url": "https://docs.example.org/"})
    (budget,) = rules("My budget is $500.")
    assert violated_by_call(budget, "book", {"total_price": 612})
    assert not violated_by_call(budget, "book", {"seats": 612})


LIFTS = [
    (AFTER_2024, "The cut-off no longer applies: you may use older sources too now."),
    (AFTER_2024, "Forget the date rule."),
    (AFTER_2024, "From now on only use documents dated after 2022-01-01."),
    ("Answer only in German.", "Please switch to English, answer in English."),
    ("Leave every price out, prices are confidential.", "You may mention prices now."),
    ("Verwende nur Dokumente, die nach dem 1. Januar 2024 erschienen sind.", "Der Stichtag gilt nicht mehr."),
    ("N'utilise que des documents publiés après le 1er janvier 2024.", "La date limite ne s'applique plus."),
    ("Usa solo documentos posteriores al 1 de enero de 2024.", "La fecha límite ya no se aplica."),
    ("Use apenas documentos publicados depois de 1 de janeiro de 2024.", "A data limite já não se aplica."),
    ("Respond only in JSON.", "You can drop the JSON now, plain English is fine."),
    ("Antworte nur in JSON.", "Das JSON brauchst du nicht mehr, Fließtext reicht."),
    ("Réponds uniquement en JSON.", "Laisse tomber le JSON, du texte simple suffit."),
    ("Responde solo en JSON.", "Deja el JSON, texto normal está bien."),
    ("Responda apenas em JSON.", "Esqueça o JSON, texto normal basta."),
    ("只使用2024年1月1日之后发布的文件。", "日期限制不再适用。"),
    ("2024年1月1日以降の文書のみを使用してください。", "日付の制限は解除します。"),
    ("Answer in at most 20 words.", "No word limit any more, please. And ticket 2?"),
    ("Antworte in höchstens 10 Wörtern.", "Jetzt bitte ohne Begrenzung. Und Ticket 2?"),
    ("Réponds en 10 mots maximum.", "Tu peux écrire sans limite maintenant. Et le ticket 2 ?"),
    ("Responde con un máximo de 10 palabras.", "Ahora sin límite, por favor."),
    ("Responda sempre com no máximo 10 palavras.", "Pode escrever à vontade agora, sem limite."),
    ("10文字以内で答えてください。", "文字数は気にせず書いてください。"),
]
STANDS = [
    (AFTER_2024, "And battery ageing?"),
    (AFTER_2024, "How long do permits take?"),
    ("Answer in at most 20 words.", "There is no limit on my card, right?"),
    (AFTER_2024, "You may answer briefly now, no markdown."),
    ("Respond only in JSON.", "Can you drop the JSON file into the bucket? What does it say?"),
    ("Answer only in German.", "What does the 2019 report say?"),
    (AFTER_2024, "Remember: only use documents dated after 2024-01-01, as before."),
]


@pytest.mark.parametrize(("rule", "later"), LIFTS)
def test_a_later_message_lifts_the_rule(rule: str, later: str) -> None:
    standing = rules(rule)
    assert lifted(standing, later) == tuple(standing)


@pytest.mark.parametrize(("rule", "later"), STANDS[:6])
def test_other_messages_leave_it_standing(rule: str, later: str) -> None:
    assert lifted(rules(rule), later) == ()


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_can_be_read(instructions: str, completion: str) -> None:
    found = constraints(instructions, "system")
    for rule in found:
        violated(rule, completion)
        violated_by_call(rule, completion, {"after": completion, "amount": 3})
    lifted(found, completion)


@pytest.mark.parametrize("unit", ["only use documents ", "never ", "a. ", "不要", "2024 ", "max 3 words ", "`"])
@pytest.mark.timeout(20)
def test_long_and_repetitive_text_is_read_to_its_end(unit: str) -> None:
    text = unit * (30_000 // len(unit))
    constraints(text[:100], "user")
    constraints(text, "user")


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("No uses nunca la herramienta enviar_correo.", "tool_forbidden"),
        ("En ningún caso recurras a borrar_registro.", "tool_forbidden"),
        ("Usa solo la fuente contador_oficial, nunca estimacion_satelite.", "tool_forbidden"),
        ("send_mail を使用しないでください。", "tool_forbidden"),
        ("Do not answer without calling search_docs first.", "tool_required"),
        ("You do not need to call fetch_orders.", None),
        ("Never call delete_user twice.", None),
        ("search_docs を使わずに回答しないこと。", None),
        ("Don't forget to call log_event.", None),
        ("Do not trust web_search results blindly.", None),
        ("There is no limit on search_docs calls.", None),
    ],
)
def test_a_tool_is_forbidden_by_what_stands_beside_its_name_and_required_by_two_negations(
    rule: str, kind: str | None
) -> None:
    kinds = {each.kind for each in constraints(rule, "system")} & {"tool_forbidden", "tool_required"}
    assert kinds == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        (
            "N'utilise que des articles publiés après le 1er janvier 2025.",
            "D'après l'article « Le vélo cargo décolle » du 3 septembre 2021, 12 000 unités ont été vendues.",
        ),
        (
            "回答には必ず2025年1月1日以降の資料だけを使ってください。",
            "2020年7月10日の「オートキャンプ調査」によると、国内のキャンプ人口は860万人です。",
        ),
    ],
)
def test_a_document_too_old_is_seen_behind_its_title(rule: str, answer: str) -> None:
    (stated,) = [each for each in constraints(rule, "system") if each.kind == "date"]
    assert violated(stated, answer) is not None


@pytest.mark.parametrize(
    ("rule", "tool", "arguments", "breaks"),
    [
        ("Do not touch anything under vendor/.", "edit_file", {"path": "vendor/confkit/loader.py"}, True),
        ("Do not touch anything under vendor/.", "read_file", {"path": "vendor/confkit/loader.py"}, False),
        ("Do not touch anything under vendor/.", "edit_file", {"path": "src/vendors.py"}, False),
        ("Do not touch anything under vendor/.", "bash", {"command": "cat vendor/a.py"}, False),
        ("Do not touch anything under vendor/.", "bash", {"command": "rm -rf vendor/a"}, True),
        ("Do not change files outside src/.", "edit_file", {"path": "src/a.py"}, False),
        ("Never edit tests and/or fixtures 24/7.", "edit_file", {"path": "and/or"}, False),
        ("Bitte ändere nichts unter legacy/billing/.", "write_file", {"path": "legacy/billing/tax.py"}, True),
        ("src/legacy/ は編集しないでください。", "edit_file", {"path": "src/legacy/a.py"}, True),
        ("customers_raw テーブルは使用禁止です。", "run_sql", {"query": "SELECT 1 FROM customers_raw"}, True),
        ("customers_raw テーブルは使用禁止です。", "run_sql", {"query": "SELECT 1 FROM customers_masked"}, False),
    ],
)
def test_what_is_named_as_it_is_written_is_left_alone(
    rule: str, tool: str, arguments: dict[str, Any], breaks: bool
) -> None:
    stated = constraints(rule, "system")
    assert any(violated_by_call(each, tool, arguments, []) for each in stated) is breaks


def test_an_argument_that_had_the_only_allowed_value_has_another() -> None:
    (rule,) = [
        each
        for each in constraints("Use somente a região sa-east-1; não altere outra.", "system")
        if each.kind == "one_value"
    ]
    before = [Earlier("tag_resource", ArgumentsRead({"region": "sa-east-1", "id": "i-1"}))]
    assert violated_by_call(rule, "tag_resource", {"region": "us-east-1", "id": "i-2"}, before)
    assert not violated_by_call(rule, "tag_resource", {"region": "sa-east-1", "id": "i-2"}, before)
    assert not violated_by_call(rule, "tag_resource", {"region": "us-east-1", "id": "i-2"}, [])
    assert lifted([rule], "Now do eu-west-1 as well.") == (rule,)
    assert lifted([rule], "Thanks, go on with the next one.") == ()
