"""Names of members in results, by what they say: case, hyphens and underscores aside.

`errorMessage`, `error_message` and `error-message` are one name. Status words are folded in the same way.
"""

from functools import lru_cache
from typing import Final

from otelagent.model import Status

_LONGEST: Final = 64
"""Characters of a name that are looked at: values are folded as names are, and may be long."""


def folded(key: object) -> str:
    """A name with case, hyphens and underscores aside."""
    return _folded((key if isinstance(key, str) else str(key))[:_LONGEST])


@lru_cache(maxsize=8192)
def _folded(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "").replace(" ", "").replace("$", "").replace("@", "")


def names(text: str) -> frozenset[str]:
    """A list of names, written as text."""
    return frozenset(text.split())


PAYLOAD: Final = names(
    "results result items item hits hit data rows row records record documents document docs doc matches"
    " match entries entry list edges nodes value values response responses output outputs body content"
    " contents text answer answers articles searchresults organicresults organic webpages web searchresult"
    " resultset payload objects elements children features bindings resultlist idlist snippets passages"
    " chunks context contexts findings pages files observations series points candidates predictions"
    " markdown html summary extract stdout"
    " treffer ergebnis ergebnisse daten datensätze eintraege einträge zeilen liste dokumente inhalt antwort antworten"
    " resultado resultados datos registros filas elementos lista documentos coincidencias respuesta respuestas"
    " contenido"
    " résultat résultats resultat resultats données donnees enregistrements lignes éléments elements réponse réponses"
    " dados linhas itens registos resposta respostas risultato risultati dati righe elenco risposta"
    " resultaten resultaat gegevens rijen lijst 结果 数据 列表 结果列表 結果 データ 一覧"
)
"""Members that carry what was asked for."""
ASIDE: Final = names(
    "query q search searchquery searchterm term terms keyword keywords question input took tookms"
    " tooktime elapsed elapsedms elapsedtime duration durationms timems latency latencyms responsetime"
    " responsetimems querytime querytimems executiontime executiontimems processingtimems time page"
    " pagenumber perpage pagesize limit offset size start from skip top topk cursor next nextpage"
    " nextcursor nextpagetoken nexttoken previous prev prevpage previouspage hasmore hasnext hasnextpage"
    " haspreviouspage morepages pageinfo pagination paging links first last self status state success ok"
    " error errors code statuscode httpstatus message msg info detail requestid traceid correlationid id"
    " timestamp ts date now version apiversion schema schemaversion maxscore shards timedout object kind"
    " type source index namespace usage columns column fields headers header head vars meta metadata"
    " filters filter sort sortby order orderby included language lang locale url endpoint service tool"
    " toolname engine provider cached cachehit warnings warning notes note credits cost responseheader"
    " isfinal isempty empty truncated autocorrect querytranslation retmax retstart currentpage totalpages"
    " pages nbpages hitsperpage params processing exhaustive exhaustivenbhits searchtime searchparameters"
    " searchmetadata searchinformation searchinfo querycontext jobcomplete jobreference etag cursors"
    " extensions typename reason startat maxresults maxrecords maxitems done islast lastpage isfirst firstpage"
    " scannedcount consumedcapacity totalbytesprocessed copyright license licence attribution generator"
    " more incompleteresults partial ispartial partialresults truncated istruncated throttled ratelimited"
    " iserror expand"
    " apiversion server cachestatus nextlink nextrecordsurl seite seiten pagina página paginas páginas"
)
"""Members that say nothing about whether anything was found: echoes, pages, costs."""
ASIDE_CONTAINERS: Final = names(
    "meta metadata pageinfo pagination paging links cursors usage searchparameters searchmetadata"
    " searchinformation searchinfo querycontext responseheader header head shards params columns column"
    " fields headers filters filter sort facets included schema extensions followupquestions"
    " relatedsearches relatedquestions suggestedqueries suggestions didyoumean queries context credits"
    " warnings exhaustive jobreference distances responsemetadata consumedcapacity"
)
"""Objects and lists that are beside the answer whatever they hold."""
TITLES: Final = ("name", "title", "subject", "headline", "description", "email", "price", "amount")
COUNTS: Final = names(
    "total count num number numresults resultcount resultscount totalcount totalresults totalhits"
    " totalitems totalrecords totalrows totalmatches numfound nbhits hitcount matchcount matchescount"
    " rowcount rowsreturned recordcount itemcount documentcount numdocs numitems numrows returned found"
    " length n matched totalfound resultsetcount totalelements estimatedtotalhits size retrieved numhits"
    " adscount resultsizeestimate totalsize totaldocs totalissues totalentries totalobjects resultsize"
    " anzahl gesamt gesamtzahl insgesamt trefferanzahl trefferzahl cantidad numero número totalresultados nombre"
    " quantité quantite quantidade contagem totale quantità aantal totaal 总数 数量 件数 合計"
)
COUNTING: Final = tuple(
    names("total count sum summe suma soma somme anzahl treffer cantidad quantidade nombre numberof hits matches found")
)
"""Words that begin or end the names of counts."""
HEADINGS: Final = ("header", "headers", "columns", "fields", "spalten", "colonnes", "columnas", "colunas", "列名")
"""How names of members end that describe columns."""
LISTS: Final = names(
    "result"
    " results items hits data rows records documents docs matches entries list edges nodes values elements objects"
    " articles features resultlist passages chunks treffer ergebnisse daten einträge eintraege zeilen dokumente"
    " resultados datos registros filas documentos résultats resultats données donnees dados linhas 结果 数据 列表 結果"
)
STATISTICS: Final = names("statistics stats timing timings profile execution executionstats querystats performance")
DIGESTS: Final = names("summary extract title name content")
_COUNTS_OF_ANYTHING: Final = names(
    "total count num number size length n found returned anzahl gesamt gesamtzahl insgesamt cantidad numero número"
    " nombre quantité quantite quantidade totale quantità aantal totaal 总数 数量 合計"
)
COUNTED: Final = names(
    "hits results items matches rows records documents docs entries files articles"
    " treffer ergebnisse einträge eintraege zeilen dokumente resultados registros filas documentos résultats resultats"
    " enregistrements lignes linhas registos risultati righe resultaten rijen"
)
"""Plurals that are counts where they hold a number."""
RESULT_COUNTS: Final = COUNTS - _COUNTS_OF_ANYTHING
"""Counts whose name says that they count results: zero means that there are none."""
NOTHING_TEXT: Final = names(
    "null none [] {} undefined nan n/a nil - (nil) (null) (none) (empty) <nil> <null> <none> <na> [[]] [{}] ()"
    " #ref! #n/a #value! #div/0! #name? #null!"
) | {""}
LIMITS: Final = frozenset({"maxresults", "limit", "size", "rows", "perpage", "pagesize", "retmax", "top"})
FIRST_PAGE: Final = {"page": 1, "pagenumber": 1, "currentpage": 1, "offset": 0, "skip": 0, "startindex": 1}
HTTP_KEYS: Final = names(
    "http httpstatus httpstatuscode statuscode httpcode responsestatus responsecode codehttp codigohttp códigohttp"
    " estadohttp statuthttp statushttp 状态码 ステータスコード httpステータス"
)
CODE_KEYS: Final = frozenset({"code", "status", "errorcode", "error", "errno", "statuscode"})
REPLY_CODES: Final = names(
    "code ret retcode errcode errno errorcode resultcode returncode statuscode responsecode codigo código codigoerro"
    " codigoerror codigoretorno códigoretorno codeerreur coderetour fehlercode 错误码 返回码 代码 エラーコード コード"
    " 結果コード 応答コード 结果码 响应码"
)
"""Codes that a service gives its replies; 0 says that all is well."""
FAILED_FLAGS: Final = names(
    "iserror error failed failure haserror haserrors errored toolcallerror isfailure erro erreur fehler fallo"
    " falha 错误 エラー"
)
SUCCESS: Final = names(
    "success ok succeeded issuccess successful issuccessful erfolg erfolgreich succes succès reussi réussi reussite"
    " réussite exito éxito exitoso exitosa sucesso bemsucedido 成功 是否成功"
)
ERROR_TEXTS: Final = names(
    "error err errormessage errormsg errordescription errordetail errordetails errortext errorstring"
    " errorreason exception exceptionmessage exceptiontype fault faultstring failurereason toolerror"
    " fehler fehlermeldung fehlertext erreur erreurs messageerreur mensajeerror mensajedeerror erro mensagemerro"
    " mensagemdeerro falha fallo echec échec errmsg faultcode 错误 错误信息 错误消息 エラー エラーメッセージ"
)
ERROR_TYPES: Final = names("ename errortype errorcode errorname errorkind exceptiontype type")
MESSAGES: Final = names(
    "errorsummary failuremessage"
    " message msg submsg submessage returnmessage libelleretour libelleerreur messageretour mensajeretorno errcodedes"
    " evalue resultdesc respdesc responsedesc returndesc statusdesc statusdescription reasonphrase respmsg"
    " detail details description title reason text info hint errormessage resultmsg returnmsg retmsg"
    " resultmessage responsemessage statusmessage aviso avertissement mensagemretorno libelle"
    " descricao descrição descripcion descripción beschreibung motif cause causa ursache why begründung begruendung"
    " explication explicacion explicación explicacao explicação 说明 描述 説明"
    " nachricht meldung hinweis grund mensaje detalle motivo mensagem detalhe raison 消息 信息 原因 メッセージ 理由"
    " 詳細 详情"
)
STATUS: Final = names(
    "recognitionstatus searchstatus querystatus"
    " status state outcome result resultstatus resultstate stat responsestatus statustext estado statut etat état"
    " zustand situacao situação situacion situación 状态 状態 ステータス"
)
OUTCOMES: Final = names("resultado résultat resultat ergebnis risultato resultaat 结果 处理结果 結果 処理結果")
"""Members that hold what was asked for, or in one word how that went."""
WAIT: Final = names("retryafter retryafterseconds retryafterms retryin retryinseconds ratelimitreset")
UNPROCESSED: Final = names(
    "unprocessed unprocesseditems unprocessedkeys unprocessedrecords unprocessedids notprocessed"
)
"""What a service didn't take of a batch."""
PARTIAL_FLAGS: Final = names(
    "partial ispartial partialresult partialresults partialdata partialresponse partialfailure incomplete"
    " isincomplete incompleteresults truncated istruncated resulttruncated resultstruncated"
    " outputtruncated contenttruncated"
    " incompleto incompleta incomplet incomplète unvollständig unvollstaendig parcial partiel partielle teilweise"
    " tronque tronqué tronquee tronquée gekürzt gekuerzt abgeschnitten truncado truncada recortado recortada cortado"
    " 不完整 截断 已截断 被截断 部分 不完全 省略 一部"
)
WHOLE_FLAGS: Final = names(
    "complete iscomplete jobcomplete"
    " vollständig vollstaendig completo completa complet complète 完整 是否完整 完全 完了"
)
"""Flags that are false where a result is a part."""
LATE: Final = frozenset({"timedout", "timeout", "istimeout"})
LIMITED: Final = frozenset({"ratelimited", "throttled", "isratelimited", "ratelimitexceeded"})
LEFT: Final = names(
    "recibidas recibidos previstas previstos recebidas recebidos recus reçus attendus erhalten erwartet geladen"
    " remaining left missing skipped unprocessed notprocessed outstanding todo processed completed checked done fetched"
    " loaded returned received succeeded failed gelesen gesamt verarbeitet geprüft geprueft abgerufen lus lues traites"
    " traités leidos leídos lidos procesados processados revisados 已读 已读取 已处理 已扫描 读取数 処理済み 読込済み"
)
"""Members that say how much of something was dealt with."""
ERROR_LISTS: Final = names("errors toolerrors errormessages errorlist fehlerliste errores erros 错误列表 エラー一覧")
EXIT_CODES: Final = names(
    "exit rc exitcode returncode exitstatus codigosaida códigosaída"
    " codigodesaida códigodesaída codigosalida códigosalida"
    " codigodesalida códigodesalida codesortie codedesortie coderetour codederetour rückgabecode rueckgabecode"
    " rückgabewert exitwert 退出码 退出代码 返回码 終了コード"
)
PRINTED: Final = names("stdout output ausgabe sortie salida saida saída 输出 标准输出 出力 標準出力")
"""What a command printed."""
PRINTED_ERRORS: Final = names("stderr fehlerausgabe erreurs salidaerror saidaerro 标准错误 標準エラー")
TOLD: Final = names("content text body output data result stderr")
"""Where the words of a failure stand that a status alone tells."""
OF_COMMANDS: Final = (
    EXIT_CODES
    | PRINTED
    | PRINTED_ERRORS
    | names("command cmd befehl commande comando duration durationms elapsed signal pid cwd")
)
"""Members of an object that tells of a command and nothing more."""
CURSORS: Final = names(
    "next nextcursor nextpage nextpagetoken nextpageurl nexttoken nextcontinuationtoken continuationtoken"
    " continuation cursor hasmore hasnextpage hasnext morepages pageinfo pagination scrollid endcursor"
    " after offset startindex"
)
MORE_FLAGS: Final = names(
    "hasmore hasnext hasnextpage morepages moreavailable moreresults ismore suite weitere haymas haymás mas más"
    " temmais mais asuivre 还有更多 更多 有下一页 続きあり 次ページあり"
)
NEXT: Final = names(
    "next nextcursor nextpage nextpagetoken nextpageurl nexttoken nextcontinuationtoken continuationtoken nextlink"
    " nextrecordsurl odata.nextlink nexturl nextoffset pagetokennext lastevaluatedkey nextmarker"
)
"""Members that lead to the next page where they hold something."""
PAGERS: Final = names(
    "meta metadata pageinfo pagination paging links responsemetadata page cursor cursors pager data resultinfo"
)
BATCHED: Final = names("requested total submitted attempted count totalcount all")
SUCCEEDED: Final = names("succeeded success successful processed completed imported updated sent done ok")
FAILED_COUNTS: Final = names("failed failures errors failedcount errorcount skipped rejected")
NOTES: Final = names(
    "warning warnings note notes notice message msg info disclaimer caveat information"
    " warnung warnungen hinweis hinweise avertissement avertissements remarque aviso avisos advertencia advertencias"
    " nota observacao observação 警告 注意 备注 提示 備考"
)
WARNINGS: Final = names("warning warnings notice caveat warnung hinweis avertissement aviso advertencia 警告 提示 注意")
RECORD_OF_ERRORS: Final = names("level severity loglevel logger issueid stacktraceid")
VALIDATION: Final = names("valid isvalid passed lint warnings issues tests violations score compliant")
AROUND: Final = frozenset().union(
    MESSAGES,
    ERROR_TEXTS,
    ERROR_TYPES,
    HTTP_KEYS,
    CODE_KEYS,
    FAILED_FLAGS,
    SUCCESS,
    STATUS,
    WAIT,
    REPLY_CODES,
    ERROR_LISTS,
    names(
        "subcode submsg submessage typecode correcao correção correccion corrección solucao solução solucion solución"
        " sugestao sugestão sugerencia accion acción acao ação loesung lösung abhilfe vorschlag correction"
        " 建议 解决方案 対処 対処法"
        " dados datos donnees données daten 数据 データ 値"
        " errors errormessages errorlist requestid traceid correlationid timestamp time path instance documentationurl"
        " help"
        " helpurl docs data result results extensions id jsonrpc param field suggestion retryable retry source service"
        " tool toolname query input args limit remaining reset version metadata meta method url domain"
        " errordomain name stack trace traceback stacktrace traza rastro rastreamento pilha stapel stapelverfolgung"
        " trazado 堆栈 调用栈 スタックトレース トレース responsemetadata responseheader"
        " object kind apiversion category moreinfo debugid logid supportid"
        " infocode innererror errorid incidentid logref jsonapi"
    ),
)
"""Members of an object that is an error and nothing more."""
CHOICES: Final = names(
    "known valid allowed accepted supported available expected permitted possible choices options alternatives similar"
    " didyoumean suggestions suggested candidates closest validvalues allowedvalues validoptions availableoptions"
    " availablecolumns columns availabletables tables availabletools availablemetrics hint hints"
    " erlaubt gültig gueltig verfügbar verfuegbar moegliche mögliche vorschläge vorschlaege bekannte"
    " valides autorisés autorises disponibles possibles connus suggestions"
    " válidos validos permitidos posibles conocidos sugerencias opciones"
    " disponíveis disponiveis possíveis possiveis conhecidos sugestões sugestoes opções opcoes"
    " 可选值 有效值 可用 建议 候補 選択肢 有効な値"
)
"""Members that tell whoever asked wrongly what there is to ask for."""
STRONG: Final = {
    "error": Status.ERROR,
    "exception": Status.ERROR,
    "internalerror": Status.ERROR,
    "servererror": Status.ERROR,
    "toolerror": Status.ERROR,
    "internal": Status.ERROR,
    "invalidargument": Status.ERROR,
    "failedprecondition": Status.ERROR,
    "ratelimited": Status.RATE_LIMITED,
    "ratelimit": Status.RATE_LIMITED,
    "ratelimitexceeded": Status.RATE_LIMITED,
    "throttled": Status.RATE_LIMITED,
    "toomanyrequests": Status.RATE_LIMITED,
    "resourceexhausted": Status.RATE_LIMITED,
    "overquerylimit": Status.RATE_LIMITED,
    "overdailylimit": Status.RATE_LIMITED,
    "quotaexceeded": Status.RATE_LIMITED,
    "deadlineexceeded": Status.TIMEOUT,
    "gatewaytimeout": Status.TIMEOUT,
    "unauthorized": Status.DENIED,
    "unauthorised": Status.DENIED,
    "unauthenticated": Status.DENIED,
    "forbidden": Status.DENIED,
    "accessdenied": Status.DENIED,
    "permissiondenied": Status.DENIED,
    **dict.fromkeys(
        names(
            "noauth nopermission nopermissions authfailed authfailure authenticationfailed authorizationfailed"
            " invalidtoken tokenexpired tokeninvalid invalidcredentials notauthorized notauthenticated missingscopes"
            " insufficientscope insufficientpermissions"
        ),
        Status.DENIED,
    ),
    "requestdenied": Status.DENIED,
    "partialresponse": Status.PARTIAL,
    "partialcontent": Status.PARTIAL,
    "partialresult": Status.PARTIAL,
    "partialresults": Status.PARTIAL,
    "partialsuccess": Status.PARTIAL,
    "successpartial": Status.PARTIAL,
    "successempty": Status.EMPTY,
    "nomatch": Status.EMPTY,
    "nomatches": Status.EMPTY,
    "noresults": Status.EMPTY,
    "zeroresults": Status.EMPTY,
    "nodata": Status.EMPTY,
    "emptyresult": Status.EMPTY,
}
"""Status words that are said of a call, not of a thing."""
WEAK: Final = {
    **dict.fromkeys(
        names(
            "fehler fehlgeschlagen gescheitert erreur echec échec echoue échoué erro falha falhou fallo fallido fallida"
            " errored err 失败 失敗 错误 异常 エラー 異常 例外 中断 kaputt panne abgebrochen"
            " interrompu interrumpido interrompido"
        ),
        Status.ERROR,
    ),
    **dict.fromkeys(
        names(
            "parcial partiel partielle teilweise unvollständig unvollstaendig incompleto incompleta incomplet"
            " incomplète 部分 不完整 一部"
        ),
        Status.PARTIAL,
    ),
    **dict.fromkeys(names("leer vide vacio vacío vazio 空"), Status.EMPTY),
    **dict.fromkeys(
        names("応答なし 無応答 无响应 未响应 noresponse keineantwort sinrespuesta semresposta sansréponse"),
        Status.TIMEOUT,
    ),
    "failed": Status.ERROR,
    "failure": Status.ERROR,
    "fail": Status.ERROR,
    "ko": Status.ERROR,
    "nok": Status.ERROR,
    "ng": Status.ERROR,
    "unavailable": Status.ERROR,
    "aborted": Status.ERROR,
    "crashed": Status.ERROR,
    "timeout": Status.TIMEOUT,
    "timedout": Status.TIMEOUT,
    "denied": Status.DENIED,
    "partial": Status.PARTIAL,
    "incomplete": Status.PARTIAL,
    "empty": Status.EMPTY,
    "notfound": Status.EMPTY,
}
"""Status words that things have too: a job, a flight, an order."""
WAITING: Final = names("pending processing queued running inprogress accepted scheduled started waiting")
NO_ERROR: Final = frozenset(
    {"", "none", "null", "no error", "noerror", "ok", "success", "false", "0", "n/a", "nil", "no"}
)
SOUND: Final = names("ok success successful noerror done completed 成功 操作成功")
FINE: Final = names("completed complete success succeeded successful ok okay done finished pass passed")
NO_RECORD: Final = names(
    "requestid traceid correlationid id errorid spanid callid toolcallid valid isvalid invalid paid"
)
DATA: Final = names("data result results text dados datos donnees données daten 数据 データ 値")
PLAIN_ERROR: Final = names("error err errormessage errormsg toolerror fehler erreur erro 错误 エラー")
AWS: Final = names(
    "throttlingexception toomanyrequestsexception provisionedthroughputexceededexception"
    " requestlimitexceeded slowdown throttling accessdeniedexception accessdenied"
    " unrecognizedclientexception expiredtokenexception expiredtoken invalidsignatureexception"
    " validationexception resourcenotfoundexception serviceunavailableexception internalservererror"
    " internalfailure modeltimeoutexception error ratelimiterror ratelimitexceeded overloadederror"
    " authenticationerror permissionerror invalidrequesterror apierror timeouterror"
)
CONTAINERS: Final = names("data results items hits rows records documents entries response output")
LINKS: Final = names("documentationurl requestid traceid timestamp id path instance docs url helpurl")
ENVELOPES: Final = names(
    "http data result response body output payload meta metadata header responsemetadata error status root value"
)
