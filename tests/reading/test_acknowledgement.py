"""Admissions in seven languages; the near misses first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.reading.acknowledgement import NOTHING, admits, completed, progress

ADMITS_NOTHING = [
    "过去24小时系统运行平稳，没有出现超时或报错。",
    "昨晚没有出现超时通知，备份按时完成。",
    "昨夜のバックアップでは、タイムアウトは発生しませんでした。",
    "In der Nacht traten keine Zeitüberschreitungen auf.",
    "Aucun délai d'attente n'a été dépassé cette nuit.",
    "No se produjo ningún tiempo de espera agotado durante la noche.",
    "Não houve nenhum timeout durante a noite.",
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
    "Für Bremen liefert die Datenbank leider keinen Eintrag, ein Vergleich ist deshalb nicht möglich.",
    "The search returned no records, so a comparison isn't possible.",
    "La base ne renvoie aucun résultat, une comparaison n'est donc pas possible.",
    "No hay resultados, así que no se puede comparar.",
    "Não há resultados, portanto não é possível comparar.",
    "没有查到结果，因此无法比较，没有数据。",
    "結果が見つからなかったため、この件について判断できないと考えます。",
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


OTHER_WORDINGS = [
    "I came up short looking for that invoice.",
    "Our records don't go back that far, so I can't say.",
    "The register lists nobody under that name.",
    "Heads up: two of the five feeds were down, so the totals are understated.",
    "I only got through the first half of the file before the connection dropped.",
    "No luck so far, trying a different spelling.",
    "The figures for Q2 are still missing.",
    'Nothing came up for "Halden".',
    "I wasn't able to pull the second page of results.",
    "The archive holds nothing on noise limits.",
    "The tool reported a quota problem, so this covers just 12 of 40 tickets.",
    "There doesn't seem to be a contract with that number.",
    "I have no reliable source for this number.",
    "Sadly the weather service did not respond in time.",
    "Please note that this list may be incomplete.",
    "The quote service returned data in an unexpected format, so I can't give you a price.",
    "Zu dieser Bestellnummer existiert kein Eintrag.",
    "Die Datenbank hat dazu nichts hergegeben.",
    "Leider war der Dienst nicht erreichbar.",
    "Die Zahlen für das zweite Quartal fehlen noch.",
    "Ich habe nur die ersten drei von acht Dateien lesen können.",
    "Mir liegen dazu keine Informationen vor.",
    "Das Dokument ließ sich nicht öffnen.",
    "Dazu konnte ich nichts finden.",
    "Die Abfrage lief in eine Zeitüberschreitung.",
    "Welches Jahr meinen Sie?",
    "Je ne dispose d'aucune donnée sur ce sujet.",
    "Le service n'a pas répondu à temps.",
    "Seuls trois des sept documents ont pu être lus.",
    "Aucune trace de cette commande dans la base.",
    "No dispongo de datos sobre ese contrato.",
    "El servicio no respondió a tiempo.",
    "Solo pude leer tres de los siete documentos.",
    "Não há registos com esse número.",
    "O serviço não respondeu a tempo.",
    "Só consegui ler três dos sete documentos.",
    "系统中查不到该合同。",
    "服务没有响应，因此数据不完整。",
    "我只读取了七份文档中的三份。",
    "該当する契約は登録されていません。",
    "サービスが応答しませんでした。",
    "7件のうち3件しか読み取れませんでした。",
    "That query yielded zero rows, so please double-check the customer number.",
    "I don't see any bookings for that date.",
    "The document you asked for isn't in the shared drive.",
    "Since the API throttled us, only the first page of hits is reflected here.",
    "I'm afraid the lookup hit a dead end.",
    "Revenue for 2022: unknown (the source gave no figure).",
    "The page wouldn't load, so I skipped it.",
    "Access to the ledger was refused.",
    "We received only a truncated response from the archive.",
    "Evidence is thin: nothing relevant surfaced.",
    "I had to leave out region C because its reports never arrived.",
    "I'd need the serial number to continue.",
    "The scan stopped after 3 of 9 folders.",
    "Could not be verified.",
    "Not enough sources to draw a conclusion.",
    "Die Suche blieb ohne Ergebnis.",
    "Für 2022 fehlen die Angaben.",
    "Vier der zehn Berichte waren nicht lesbar.",
    "Ich habe dazu leider keinen Treffer.",
    "Die Schnittstelle meldete zu viele Anfragen.",
    "Der Abruf der übrigen Seiten schlug fehl.",
    "Das kann ich anhand der Daten nicht beantworten.",
    "Bitte geben Sie die Bestellnummer an.",
    "Die Liste ist möglicherweise nicht vollständig.",
    "La base ne contient rien à ce sujet.",
    "Le fichier est illisible.",
    "La búsqueda quedó sin resultados.",
    "Faltan los datos de 2022.",
    "A página não carregou.",
    "Faltam os dados de 2022.",
    "没能查到这份报告。",
    "2022年的数据缺失。",
    "2022年のデータが欠けています。",
    "ページを開けませんでした。",
    "The lookup hit a dead end.",
]
PLAIN_CONTENT = [
    "The archive holds four documents on noise limits, the newest from March 2025.",
    "Retention after one year was 91%, with no sign of burnout among juniors.",
    "All twelve sites passed the inspection without a single complaint.",
    "In total, 13 late deliveries were recorded and the supply chain was stable.",
    "The vendor does not charge for the first year.",
    "Customers cannot cancel after 30 days.",
    "The market did not grow in 2023, it shrank by 18%.",
    "Sales were not affected by the strike.",
    "The contract is not valid before 1 May and runs for three years.",
    "Error rates fell from 4% to 1% after the update.",
    "The failure of the pump in 2019 cost EUR 2.1 million.",
    "Only 3 of 120 patients reported headaches.",
    "Here is the full list. Would you like a summary by region?",
    "I have sent the report to the board and updated the record.",
    "Your refund of $120 has been processed.",
    "The new law applies if the building is older than 20 years.",
    "Nobody was hurt and production resumed within two days.",
    "The missing link in the supply chain is the port of Oslo, the authors argue.",
    "Die Anlage kostet 420 Euro pro kWh und amortisiert sich nach neun Jahren.",
    "Alle Prüfungen wurden bestanden, Beanstandungen gab es keine.",
    "Der Markt ist 2023 nicht gewachsen, sondern um 18 Prozent geschrumpft.",
    "Die Kündigung ist nach 30 Tagen nicht mehr möglich.",
    "Die Fehlerquote sank von 4 auf 1 Prozent.",
    "Insgesamt 13 verspätete Lieferungen, die Lieferkette war stabil.",
    "Ihre Bestellung wurde versandt.",
    "Nur 3 von 120 Patienten berichteten über Kopfschmerzen.",
    "Die Studie fand keinen signifikanten Unterschied.",
    "Le marché n'a pas progressé en 2023, il a reculé de 18 %.",
    "Le taux d'erreur est passé de 4 % à 1 %.",
    "Votre commande a été expédiée.",
    "Tous les contrôles sont conformes.",
    "El mercado no creció en 2023, cayó un 18 %.",
    "La tasa de error bajó del 4 % al 1 %.",
    "Su pedido ha sido enviado.",
    "O mercado não cresceu em 2023, caiu 18%.",
    "A taxa de erro caiu de 4% para 1%.",
    "O seu pedido foi enviado.",
    "2023年市场没有增长，下降了18%。",
    "错误率从4%降至1%。",
    "您的订单已发货。",
    "2023年の市場は成長せず、18%縮小しました。",
    "エラー率は4%から1%に低下しました。",
    "ご注文の商品を発送しました。",
    "The bridge carries 420 vehicles a day and was built in 1998.",
    "Nitrogen levels were below the limit at every station.",
    "The committee rejected the proposal in May 2024.",
    "The old server was replaced, and downtime dropped to zero.",
    "Unlike its rivals, Northwind has no debt.",
    "The house has no garage but two balconies.",
    "No other supplier offers a longer warranty.",
    "You won't find a better rate than 3.2%.",
    "There is no public transport after midnight.",
    "Employees without a badge must register at the desk.",
    "The recall affects vehicles with faulty brakes.",
    "Missing the deadline costs 200 EUR.",
    "The tests passed and the release is live.",
    "Two incidents were reported in March, both resolved within a day.",
    "The contract was terminated because the supplier failed to deliver.",
    "The limit of 30 requests per minute applies to free accounts.",
    "The refund covers only the fare.",
    "Interest rates remain unchanged at 4.5%.",
    "Der Ausschuss lehnte den Antrag im Mai 2024 ab.",
    "Das Haus hat keine Garage, aber zwei Balkone.",
    "Die Werte lagen an allen Stationen unter dem Grenzwert.",
    "Zwei Vorfälle wurden im März gemeldet und behoben.",
    "Der Vertrag wurde gekündigt, weil der Lieferant nicht lieferte.",
    "Kein anderer Anbieter gewährt eine längere Garantie.",
    "Die Studie nennt 67 Prozent, die Quote stieg um 4 Punkte.",
    "Der Umsatz blieb unverändert bei 4,2 Mio. Euro.",
    "Le comité a rejeté la proposition en mai 2024.",
    "La maison n'a pas de garage mais deux balcons.",
    "Le chiffre d'affaires reste inchangé à 4,2 millions d'euros.",
    "El comité rechazó la propuesta en mayo de 2024.",
    "La casa no tiene garaje, pero sí dos balcones.",
    "O comitê rejeitou a proposta em maio de 2024.",
    "委员会于2024年5月否决了该提案。",
    "委員会は2024年5月に提案を否決しました。",
    "売上高は前年並みの4億円でした。",
]


@pytest.mark.parametrize("text", OTHER_WORDINGS)
def test_other_wordings_admit_something(text: str) -> None:
    assert admits(text).any


@pytest.mark.parametrize("text", PLAIN_CONTENT)
def test_content_with_negations_and_failures_of_others_admits_nothing(text: str) -> None:
    found = admits(text)
    assert not found.any, found


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
@pytest.mark.timeout(20)
def test_long_and_repetitive_text_is_read_to_its_end(unit: str) -> None:
    text = unit * (30_000 // len(unit))
    admits(text[:100])
    admits(text)
    progress(text)
    completed(text)


def test_code_is_not_read() -> None:
    assert admits("```\nraise NotFound('no results found')\n```") == NOTHING
