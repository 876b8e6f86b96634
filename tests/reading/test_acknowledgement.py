"""Admissions in seven languages; the near misses first."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.reading.acknowledgement import NOTHING, admits, completed, progress

ADMITS_NOTHING = [
    # en
    "There were no problems.",
    "Nothing is missing from the report.",
    "No errors occurred during the import.",
    "The migration completed without failures.",
    "Let me know if anything is missing.",
    "If not found, the record is created.",
    "Everything was processed and no issues were detected.",
    "The study found no significant difference between the groups.",
    "Margins are stable, freight cost is rising and supplier risk is low to moderate.",
    "All suppliers delivered on time in Q3 2024.",
    "According to a 2024 study, 67% of respondents reported higher productivity.",
    "No further action is needed.",
    "There is no doubt that demand will rise.",
    "You are not authorised to view contract CN-2231. Please ask your administrator for access.",
    "Is there anything else I can help you with?",
    "The limit is 42 dB at night and 47 dB by day, in force since March 2025.",
    "Users often could not find the button in the old design, so the team moved it.",
    "Please let me know if you have any questions.",
    "Here is the complete overview of supplier incidents.",
    "Basic economy tickets cannot be modified.",
    "The drug showed no side effects.",
    "Don't hesitate to reach out.",
    # de
    "Es gab keine Probleme.",
    "Alle Lieferanten haben pünktlich geliefert. Es gab keine Vorfälle.",
    "Die Prüfung wurde ohne Fehler abgeschlossen.",
    "Es fehlt nichts.",
    "Sagen Sie mir Bescheid, falls etwas fehlt.",
    "Laut einer Studie von 2024 sind 67 Prozent der Befragten zufrieden.",
    "Der Vorgang verlief reibungslos, es sind keine weiteren Schritte nötig.",
    "Sie sind leider nicht berechtigt, diesen Vertrag einzusehen.",
    "Die Grenze liegt bei 42 Dezibel in der Nacht.",
    # fr
    "Il n'y a eu aucun problème.",
    "Aucun incident n'a été signalé et tous les fournisseurs ont livré à temps.",
    "L'analyse s'est terminée sans erreur.",
    "Rien ne manque.",
    "N'hésitez pas à me contacter si quelque chose manque.",
    "Selon une étude de 2024, 67 % des répondants sont satisfaits.",
    "La limite est de 42 dB la nuit.",
    # es
    "No hubo problemas.",
    "No se registraron incidentes y todos los proveedores entregaron a tiempo.",
    "El proceso terminó sin errores.",
    "No falta nada.",
    "Avíseme si falta algo.",
    "Según un estudio de 2024, el 67 % de los encuestados está satisfecho.",
    "El límite es de 42 dB por la noche.",
    # pt
    "Não houve problemas.",
    "Nenhum incidente foi registado e todos os fornecedores entregaram no prazo.",
    "O processo terminou sem erros.",
    "Não falta nada.",
    "Avise-me se faltar alguma coisa.",
    "Segundo um estudo de 2024, 67% dos entrevistados estão satisfeitos.",
    # zh
    "没有发现任何问题。",
    "所有供应商均按时交付，没有发生任何事故。",
    "处理顺利完成，没有错误。",
    "没有遗漏。",
    "如果有任何遗漏，请告诉我。",
    "根据2024年的一项研究，67%的受访者表示满意。",
    # ja
    "問題はありませんでした。",
    "すべてのサプライヤーが期日どおりに納品し、事故は発生していません。",
    "エラーなく処理が完了しました。",
    "漏れはありません。",
    "2024年の調査によると、回答者の67%が満足しています。",
]

MISSING = [
    "I couldn't find any report on that.",
    "No results were found.",
    "The search returned nothing.",
    "Data unavailable",
    "No nonstop flights are available on that date.",
    "I was unable to retrieve the contract.",
    "The database has no record of this customer.",
    "There is no information about noise limits in our archive.",
    "Unfortunately, the page could not be loaded.",
    "Neither search turned up relevant documents, so the question stays open.",
    "The price isn't listed.",
    "Retention after one year: not available.",
    "We don't have figures for 2024.",
    "The lookup came back empty.",
    "I could not determine which warranty applies to pump model ZX-9.",
    "Es wurden keine Ergebnisse gefunden.",
    "Ich konnte leider keinen Bericht dazu finden.",
    "Die Suche lieferte keine Treffer.",
    "Zu diesem Thema liegen mir keine Daten vor.",
    "Der Preis ist nicht verfügbar.",
    "Für diesen Tag gibt es keine Direktflüge.",
    "Je n'ai trouvé aucun résultat.",
    "La recherche n'a rien donné.",
    "Les données ne sont pas disponibles.",
    "Je n'ai pas pu trouver le rapport.",
    "Aucun document ne correspond à cette demande.",
    "No encontré ningún resultado.",
    "La búsqueda no devolvió resultados.",
    "Los datos no están disponibles.",
    "No pude encontrar el informe solicitado.",
    "No hay información sobre ese tema.",
    "Não encontrei nenhum resultado.",
    "A pesquisa não retornou resultados.",
    "Os dados não estão disponíveis.",
    "Não foi possível localizar o relatório.",
    "没有找到相关结果。",
    "搜索未返回任何结果。",
    "我无法找到该报告。",
    "数据不可用。",
    "暂无相关数据。",
    "該当する結果は見つかりませんでした。",
    "検索結果がありませんでした。",
    "報告書を見つけることができませんでした。",
    "データは利用できません。",
]

FAILED = [
    "The service was rate limited.",
    "The tool timed out.",
    "The search API returned an error.",
    "The request failed with status 429.",
    "I ran into a technical problem while reading the file.",
    "Der Dienst hat nicht geantwortet.",
    "Bei der Abfrage ist ein Fehler aufgetreten.",
    "Die Anfrage wurde wegen eines Ratenlimits abgebrochen.",
    "La requête a échoué.",
    "Le délai d'attente a été dépassé.",
    "La limite de requêtes a été atteinte.",
    "La consulta falló.",
    "Se agotó el tiempo de espera.",
    "Se alcanzó el límite de solicitudes.",
    "A consulta falhou.",
    "O tempo limite foi excedido.",
    "O limite de requisições foi atingido.",
    "请求超时。",
    "接口被限流了。",
    "查询失败。",
    "リクエストがタイムアウトしました。",
    "レート制限に達しました。",
    "検索に失敗しました。",
]

PARTIAL = [
    "This is based only on the first two of ten documents.",
    "I could only read three of the seven files.",
    "The list is incomplete.",
    "Only partial results were returned.",
    "The remaining four documents were not processed.",
    "Diese Auswertung beruht nur auf zwei von zehn Dokumenten.",
    "Die Ergebnisse sind unvollständig.",
    "Es konnten nur drei der sieben Dokumente gelesen werden.",
    "Cette synthèse repose uniquement sur deux des dix documents.",
    "Les résultats sont partiels.",
    "Este resumen se basa solo en dos de los diez documentos.",
    "Los resultados están incompletos.",
    "Este resumo baseia-se apenas em dois dos dez documentos.",
    "Os resultados estão incompletos.",
    "本总结仅基于十份文档中的两份。",
    "结果不完整。",
    "この要約は10件中2件の文書のみに基づいています。",
    "結果は不完全です。",
]

ASKS = [
    "Could you clarify which year you mean?",
    "Let me try another search.",
    "Please provide the order number.",
    "I will search again with other keywords.",
    "Können Sie mir bitte das Jahr nennen?",
    "Ich versuche es noch einmal mit einem anderen Suchbegriff.",
    "Pourriez-vous préciser l'année ?",
    "Je vais réessayer avec d'autres mots-clés.",
    "¿Podría indicar el año?",
    "Voy a intentarlo de nuevo.",
    "Poderia indicar o ano?",
    "Vou tentar novamente.",
    "请提供订单号。",
    "我再试一次。",
    "年を教えていただけますか？",
    "もう一度検索してみます。",
]

ABSENCE = [
    "The search returned no results, so no such incident exists.",
    "No records were found, which confirms that nobody complained.",
    "Since the query came back empty, there are no open tickets.",
    "There were no incidents, so no action is needed.",
    "Die Suche ergab keine Treffer, also gibt es keine solchen Vorfälle.",
    "La recherche n'a donné aucun résultat, donc il n'existe aucune étude.",
    "La búsqueda no devolvió resultados, por lo tanto no existe tal contrato.",
    "A pesquisa não retornou resultados, portanto não existe tal contrato.",
    "搜索没有返回结果，因此不存在此类事件。",
    "検索結果がなかったため、そのような事故は存在しません。",
]

NO_ABSENCE = [
    "No nonstop flights are available, so you would need a connection.",
    "I found no results. Could you tell me the year?",
    "The search returned no results, so I cannot say whether there were incidents.",
    "Es wurden keine Ergebnisse gefunden. Können Sie das Jahr nennen?",
]


@pytest.mark.parametrize("text", ADMITS_NOTHING)
def test_good_news_offers_and_what_ifs_admit_nothing(text: str) -> None:
    found = admits(text)
    assert not found.any, found


@pytest.mark.parametrize("text", MISSING)
def test_missing_data_is_admitted(text: str) -> None:
    assert admits(text).missing


@pytest.mark.parametrize("text", FAILED)
def test_a_failure_is_admitted(text: str) -> None:
    assert admits(text).failed


@pytest.mark.parametrize("text", PARTIAL)
def test_partial_data_is_admitted(text: str) -> None:
    assert admits(text).partial


@pytest.mark.parametrize("text", ASKS)
def test_a_question_back_or_another_attempt_is_told(text: str) -> None:
    assert admits(text).asks


@pytest.mark.parametrize("text", ABSENCE)
def test_absence_taken_as_evidence(text: str) -> None:
    assert admits(text).absence


@pytest.mark.parametrize("text", NO_ABSENCE)
def test_a_practical_conclusion_takes_no_absence_as_evidence(text: str) -> None:
    found = admits(text)
    assert not found.absence
    assert found.any


COMPLETED = [
    "Completed analysis of assigned document set. Key findings include stable margins.",
    "Final report: all 12 documents of the three regions were analysed.",
    "Done.",
    "I have reviewed all the files.",
    "Die Analyse ist abgeschlossen.",
    "Alle zwölf Dokumente wurden ausgewertet.",
    "L'analyse est terminée.",
    "Tous les documents ont été analysés.",
    "El análisis está completado.",
    "Todos los documentos fueron analizados.",
    "A análise foi concluída.",
    "Todos os documentos foram analisados.",
    "分析已完成。",
    "所有文档均已分析。",
    "分析が完了しました。",
    "すべての文書を分析しました。",
]
NOT_COMPLETED = [
    "I could not complete the analysis.",
    "Not all documents were analysed.",
    "The analysis is not complete because two files could not be read.",
    "Danish installers sold 41,200 heat pumps in 2023.",
    "Die Analyse konnte nicht abgeschlossen werden.",
    "L'analyse n'a pas pu être terminée.",
    "No se pudo completar el análisis.",
    "分析未能完成。",
    "分析を完了できませんでした。",
]


@pytest.mark.parametrize("text", COMPLETED)
def test_text_that_claims_completion(text: str) -> None:
    assert completed(text)


@pytest.mark.parametrize("text", NOT_COMPLETED)
def test_text_that_claims_no_completion(text: str) -> None:
    assert not completed(text)


PROGRESS = [
    ("3 of 7", (7, 3)),
    ("3/7 files", (7, 3)),
    ("250/486", (486, 250)),
    ("51 %", (100, 51)),
    ("three of the seven documents were read", (7, 3)),
    ("I processed 3 out of 7 documents before the limit.", (7, 3)),
    ("Region A is done, 3 of 3 documents.", (3, 3)),
    ("progress: 45%", (100, 45)),
    ("45% of the files were processed", (100, 45)),
    ("None of the seven documents could be read.", (7, 0)),
    ("3 von 7 Dokumenten gelesen", (7, 3)),
    ("drei der sieben Dokumente", (7, 3)),
    ("3 documents sur 7 ont été traités", (7, 3)),
    ("trois des sept documents", (7, 3)),
    ("3 de 7 documentos procesados", (7, 3)),
    ("tres de los siete documentos", (7, 3)),
    ("3 de 7 documentos processados", (7, 3)),
    ("três dos sete documentos", (7, 3)),
    ("7份文档中的3份已处理", (7, 3)),
    ("已处理3/7份文档", (7, 3)),
    ("7件中3件を処理しました", (7, 3)),
    ("7つの文書のうち3つを分析しました", (7, 3)),
]
NO_PROGRESS = [
    "4/5 stars",
    "a rating of 4/5",
    "24/7 support",
    "The score was 3/5.",
    "1 of the best hotels",
    "one of the largest suppliers",
    "3 out of 5 respondents agreed",
    "Delivered on 12/05/2024.",
    "01/05 is a holiday",
    "67% of respondents reported higher productivity.",
    "Use 1/2 cup of sugar.",
    "The ratio was 16/9 in the old format.",
    "Margins rose by 3%.",
    "drei von fünf Befragten",
    "4 von 5 Sternen",
    "Two of the girders show decay.",
]


@pytest.mark.parametrize(("text", "counts"), PROGRESS)
def test_progress_is_read(text: str, counts: tuple[int, int]) -> None:
    assert progress(text) == counts


@pytest.mark.parametrize("text", NO_PROGRESS)
def test_ratings_dates_fractions_and_shares_are_no_progress(text: str) -> None:
    assert progress(text) is None


@given(st.text(max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    admits(text)
    completed(text)
    progress(text)


@pytest.mark.parametrize("unit", ["no ", "could not ", "if , ", "aaaa", "没有", "3 of ", "\n", "“", "a.a."])
def test_time_grows_with_length_only(unit: str) -> None:
    text = unit * (30_000 // len(unit))
    admits(text[:100])
    start = time.process_time()
    admits(text)
    progress(text)
    completed(text)
    assert time.process_time() - start < 1.5


def test_code_is_not_read() -> None:
    assert admits("```\nraise NotFound('no results found')\n```") == NOTHING
