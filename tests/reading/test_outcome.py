"""Results as tools, services and frameworks really write them, and results that only look like failures."""

import json

import pytest
from hypothesis import given

from otelagent.model import Captured, Outcome, Role, Status, Withheld
from otelagent.reading.outcome import outcome
from tests.reading.test_envelopes import VALUES
from tests.reading.test_parsing import HOSTILE

HITS = [{"title": "Heat pumps", "url": "https://example.org/1", "snippet": "41,200 were sold in 2023."}]


def status(result: object, **known: object) -> Status:
    return outcome(Captured(result, "result"), **known).status  # type: ignore[arg-type]


EMPTY: list[object] = [
    "HTTP/1.1 204 No Content\r\nServer: nginx\r\n\r\n",
    'HTTP/1.1 200 OK\nContent-Type: application/json\n\n{"results": []}',
    "HTTP/1.1 404 Not Found\n\n<html><head><title>Documento no encontrado</title></head><body><p>x</p></body></html>",
    "<html><head><title>404 - Seite nicht gefunden</title></head><body><h1>Hoppla</h1></body></html>",
    "410 Gone\n该标准页面已下线，内容不可用。",
    {"error": {"code": "NOT_FOUND", "message": "No matches found!"}},
    {"statusCode": 404, "message": "No order found with id 3"},
    "",
    "  \n",
    "[]",
    "{}",
    "null",
    "None",
    '""',
    [],
    {},
    None,
    [""],
    [None],
    [[]],
    "N/A",
    {"results": []},
    {"treffer": [], "anzahl": 0},
    {"resultados": [], "cantidad": 0},
    {"résultats": [], "nombre": 0, "page": 1},
    {"结果": [], "总数": 0},
    {"result": None},
    {"result": []},
    {"search_results": []},
    {"organic": [], "searchParameters": {"q": "x"}, "credits": 1},
    {"response": "No data available for the selected period."},
    {"feed": {"entry": []}},
    {"matches": 0, "files": []},
    {"weather": {}},
    "<results/>",
    "| id | name |\n|----|------|",
    "I searched the knowledge base but found nothing relevant.",
    "Query executed successfully. 0 rows returned.",
    "Sorry, nothing matched your search terms.",
    {"hits": {"total": 0}},
    {"hits": {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": []}},
    {"took": 3, "timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"total": 0, "hits": []}},
    {"total": 0, "items": []},
    {"count": 0, "next": None, "previous": None, "results": []},
    {"data": {"results": []}},
    {"data": {"search": {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}}},
    {"data": {"user": None}},
    {"status": "ok", "data": [], "message": "Success", "request_id": "r-1"},
    {"success": True, "data": None},
    {"success": True, "results": [], "took_ms": 12},
    {"query": "widgets", "results": [], "answer": None, "images": [], "response_time": 0.8},
    {"found": False, "results": []},
    {"object": "list", "results": [], "next_cursor": None, "has_more": False, "type": "page_or_database"},
    {"ids": [[]], "documents": [[]], "distances": [[]], "metadatas": [[]]},
    {"matches": [], "namespace": "", "usage": {"read_units": 5}},
    {"responseHeader": {"status": 0, "QTime": 1}, "response": {"numFound": 0, "start": 0, "docs": []}},
    {"kind": "customsearch#search", "searchInformation": {"searchTime": 0.2, "totalResults": "0"}},
    {"batchcomplete": "", "query": {"searchinfo": {"totalhits": 0}, "search": []}},
    {"head": {"vars": ["x"]}, "results": {"bindings": []}},
    {"columns": ["id", "name"], "rows": [], "row_count": 0},
    {"user_id": "u-17", "orders": []},
    {"location": "Copenhagen", "date": "2024-05-01", "forecast": []},
    {"message": "No results found"},
    {"error": "No results found for this query."},
    {"results": "No relevant documents found"},
    {"results": [], "total": 12},
    [{"Result": "No good DuckDuckGo Search Result was found"}],
    {"status": "success_empty", "result": ""},
    {"status": "ZERO_RESULTS", "results": []},
    {"value": []},
    {"content": [], "isError": False},
    {"content": [{"type": "text", "text": ""}]},
    {"content": [{"type": "text", "text": '{"items": []}'}], "structuredContent": {"items": []}, "isError": False},
    [{"text": "[]"}],
    "{'results': [], 'total': 0}",
    '"{\\"results\\": []}"',
    "```json\n[]\n```",
    '<?xml version="1.0"?>\n<eSearchResult><Count>0</Count><RetMax>0</RetMax><IdList/></eSearchResult>',
    "<result><total>0</total><items></items></result>",
    "No results found.",
    "No Results",
    "0 results",
    "(0 rows)",
    "Found 0 documents matching your query.",
    "No matching records were found for customer 4711.",
    "Nothing found",
    "Could not find [Scatman]. Similar: ['Scatman John', 'Scat singing']",
    "I couldn't find any information about that.",
    "Your search - zxqw - did not match any documents.",
    "Search results for 'zxqw':\n\nNo results found.",
    "No good Wikipedia Search Result was found",
    "The query returned no rows.",
    "Empty DataFrame\nColumns: [id]\nIndex: []",
    "Google hasn't returned any results for this query.",
    "Es wurden keine Treffer gefunden.",
    "Aucun document ne correspond à votre recherche.",
    "No se encontraron resultados para su búsqueda.",
    "Nenhum resultado encontrado.",
    "没有找到相关结果。",
    "該当する結果はありません。",
    '{"data": {"content": "{\\"results\\": []}", "status": "success", "tool_call_id": "c1"}, "type": "tool"}',
]


@pytest.mark.parametrize("result", EMPTY, ids=lambda r: json.dumps(r)[:60])
def test_results_that_hold_nothing_are_empty(result: object) -> None:
    assert status(result) is Status.EMPTY


OK: list[object] = [
    {"exit": 1, "output": "12 passed, 3 failed"},
    {"exit_code": 1, "stdout": "src/a.py:3: unused import\n" * 6},
    'HTTP/1.1 200 OK\nServer: nginx\n\n{"price": 12}',
    "<html><head><title>How to fix 404 not found pages</title></head><body>" + "<p>Look at the log first.</p>" * 40,
    "<stock><count>0</count><sku>A1</sku><tags/></stock>",
    "<report><errorCount>0</errorCount><file>a.py</file><items/></report>",
    {"type": "apartment", "title": "Flat 4", "status": 400, "rooms": 3},
    {"type": "https://schema.org/Offer", "title": "Flat 4", "status": 200, "rooms": 3},
    {"status": 400, "amount": 3},
    {"resultado": "2-1", "equipo": "Betis"},
    {"resultado": "fallido", "id": 3, "prueba": "nocturna"},
    {"resultado": "error", "prueba_id": 3, "prueba": "nocturna"},
    {"job": "nightly", "exit_code": 1, "log": "2 tests failed"},
    {"codigo_saida": 1, "saida": "3 testes falharam", "stderr": "aviso"},
    0,
    "0",
    False,
    "false",
    "True",
    42.5,
    "299.0",
    "sofia_li_9219",
    "Transfer successful",
    "Success",
    {"found": False},
    {"available": False},
    {"available": False, "alternatives": []},
    {"exists": False, "user": None},
    {"count": 0},
    {"total": 0},
    {"balance": 0, "currency": "EUR"},
    {"valid": False, "errors": ["line 3: missing semicolon"]},
    {"status": "ok"},
    {"ok": True},
    {"success": True, "message": "E-mail sent"},
    {"results": HITS},
    {"results": HITS, "errors": []},
    {"results": HITS, "error": None},
    {"results": HITS, "error": ""},
    {"error": "", "response": "All good"},
    {"results": HITS, "has_more": True, "next_cursor": "abc"},
    {"results": HITS, "total": 1240},
    {"Contents": [{"Key": "a"}], "IsTruncated": True, "NextContinuationToken": "t"},
    {"items": [], "page": 4, "total_pages": 3},
    {"items": [], "offset": 40, "total": 37},
    {"hits": {"total": 0, "hits": []}, "aggregations": {"by_year": {"2023": 4}}},
    {"batchcomplete": "", "query": {"searchinfo": {"totalhits": 1}, "search": [{"title": "Heat pump"}]}},
    {"id": 5, "title": "Bug in parser", "labels": []},
    {"name": "Noah Muller", "email": "noah@example.org", "payment_methods": [], "membership": "gold"},
    {"city": "San Francisco", "code": 415},
    {"job_id": "exp-77", "state": "failed", "finished_at": "2024-01-01"},
    {"job_id": "exp-77", "state": "failed", "error": "out of memory"},
    {"flight": "HAT1", "status": "cancelled"},
    {"order_id": "#W1", "status": "delivery failed", "items": ["lamp"]},
    {"order_id": "#W1", "status": "incomplete", "items": ["lamp"]},
    {"level": "error", "error": "Connection refused", "service": "api"},
    {"service": "api", "errors": 3, "warnings": 12},
    {"mean": 4.2, "error": 0.05},
    {"price": None, "note": "call us"},
    {"key": "rate_limit", "limit": 100, "remaining": 0},
    {"headers": {"retry-after": "3"}, "status_code": 200, "body": "ok"},
    {"id": 429, "status": "open", "message": "hello"},
    {"code": "404", "name": "Atlanta area code", "state": "GA"},
    {"detail": "The museum opens at 9."},
    {"warning": "Prices may change", "results": [1]},
    {"messages": [{"role": "user", "content": "Error: x"}]},
    {"summary": "No major incidents."},
    "You are a poet. Poetry has no rules.",
    {"job": "export", "status": "pending", "retry_after": 5},
    {"todo": "buy milk", "completed": False},
    {"sym": "NWA", "data": {"v": None, "ccy": None}, "schema": "v3"},
    {"title": "How to handle 429 Too Many Requests", "text": "Error: rate limit exceeded is what servers say."},
    {"results": [{"title": "Timeout errors explained", "snippet": "HTTP 504 Gateway Timeout means ..."}]},
    {"stdout": "1 failed, 3 passed", "stderr": "", "exit_code": 1},
    {"temperature": None, "humidity": 40},
    "No issues found.",
    "No conflicts between the two schedules were found.",
    "There is no fee for cancellations.",
    "Error handling in Go: a guide for beginners.",
    "Rate limit exceeded errors in nginx and how to configure limit_req.",
    "Terror: a history of the French Revolution",
    "404 Media is a news site founded in 2023.",
    "Timeout is a short break in sports.",
    "Access denied errors in S3: how to debug them",
    "Unauthorized Bash is a comedy show.",
    "The paper reports an error rate of 3%. Requests above the rate limit get status 429 and are retried. " * 8,
    "HTTP status codes such as 401, 403 and 429 are described in RFC 9110.",
    "No Country for Old Men is a 2007 film.",
    "No. 5 is a perfume by Chanel.",
    "Completed analysis of the assigned document set. Key findings include stable margins and rising freight cost.",
    "Showing 2 of 10 results\n1. Heat pumps\n2. Boilers",
    "<!doctype html><html><head><title>How to fix HTTP 404 errors</title></head><body>...</body></html>",
    "Fehleranalyse: ein Leitfaden für Einsteiger",
    "丹麦热泵市场在2023年增长，请求超时很少见。",
    {"graph": "__parent__", "goto": "analyst", "update": {"messages": [{"type": "human", "content": "x"}]}},
    {"content": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}], "isError": False},
]


@pytest.mark.parametrize("result", OK, ids=lambda r: json.dumps(r)[:60])
def test_answers_and_texts_that_mention_failures_are_ok(result: object) -> None:
    assert status(result) is Status.OK


RATE_LIMITED: list[object] = [
    "HTTP/1.1 429 Too Many Requests\nRetry-After: 3\n\n",
    {"code": -429, "message": "请求过于频繁", "comments": [{"text": "很好", "like": 3}]},
    "Ihr Kontingent für heute aufgebraucht",
    "Se ha superado la cuota diaria",
    "今日额度已用完",
    {"status": "partial_response", "http_status": 429, "message": "retry after 30 seconds", "results": HITS},
    {"code": 429, "message": "Too Many Requests"},
    {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}},
    {"error": {"message": "Rate limit reached for gpt-4o", "type": "tokens", "code": "rate_limit_exceeded"}},
    {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    {"__type": "com.amazonaws.dynamodb#ThrottlingException", "message": "Rate exceeded"},
    {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}},
    {"message": "API rate limit exceeded for 1.2.3.4.", "documentation_url": "https://docs.example.org"},
    {"message": "You have exceeded the MONTHLY quota for requests on your current plan."},
    {"results": HITS, "retry_after": 30},
    {"success": False, "error": "rate_limited"},
    {"status": "OVER_QUERY_LIMIT", "results": []},
    {"statusCode": 429, "body": "slow down"},
    {"type": "about:blank", "title": "Too Many Requests", "status": 429, "detail": "Try again in a minute."},
    {"items": [1, 2], "warning": "Rate limit reached, only the first 2 of 9 pages were fetched"},
    {"ok": False, "error": "ratelimited"},
    "Rate limit hit (60 req/min). Retry in 12s. Showing 3 of 20 items: a, b, c",
    "HTTP 429 Too Many Requests from web_search: {}",
    "429 Client Error: Too Many Requests for url: https://api.example.org",
    "Client error '429 Too Many Requests' for url 'https://api.example.org'",
    "Error code: 429 - {'error': {'message': 'Rate limit reached'}}",
    "Request failed with status code 429",
    "Rate limit exceeded. Please try again later.",
    "Error: 429, message='Too Many Requests', url='https://api.example.org'",
    "botocore.errorfactory.ThrottlingException: An error occurred (ThrottlingException) when calling Query",
    "Zu viele Anfragen. Bitte später erneut versuchen.",
    "请求过于频繁，请稍后再试",
    "<html><head><title>429 Too Many Requests</title></head><body><h1>429</h1></body></html>",
    '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>',
]


@pytest.mark.parametrize("result", RATE_LIMITED, ids=lambda r: json.dumps(r)[:60])
def test_limits_in_any_shape_are_rate_limited(result: object) -> None:
    assert status(result) is Status.RATE_LIMITED


TIMEOUT: list[object] = [
    {"status": "timeout", "results": [], "message": "search backend did not answer within 10s"},
    {"timed_out": True, "hits": {"total": 3, "hits": HITS}},
    {"error": "ETIMEDOUT"},
    {"error": {"code": "DEADLINE_EXCEEDED", "message": "Deadline exceeded"}},
    {"success": False, "message": "The operation timed out"},
    {"http_status": 504, "message": "upstream"},
    "Error: Tool execution timed out after 30 seconds",
    "Request timed out.",
    "upstream request timeout",
    "The tool did not return within 30 seconds.",
    "context deadline exceeded",
    "httpx.ReadTimeout: The read operation timed out",
    "requests.exceptions.ReadTimeout: HTTPConnectionPool(host='x', port=80): Read timed out. (read timeout=30)",
    "asyncio.TimeoutError",
    "TimeoutError",
    "psycopg.errors.QueryCanceled: canceling statement due to statement timeout",
    "<_InactiveRpcError of RPC that terminated with:\n\tstatus = StatusCode.DEADLINE_EXCEEDED>",
    "urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host='x', port=443): (Caused by ConnectTimeoutError(...))",
    "MCP error -32001: Request timed out",
    "Erreur : délai d'attente dépassé",
    "エラー：タイムアウトしました",
]


@pytest.mark.parametrize("result", TIMEOUT, ids=lambda r: json.dumps(r)[:60])
def test_timeouts_in_any_shape(result: object) -> None:
    assert status(result) is Status.TIMEOUT


DENIED: list[object] = [
    {"response": {"applicationCode": {"code": 403, "message": "The request is not permitted for this worker"}}},
    "Keine Berechtigung für diese Aktion",
    "Sem permissão",
    "无权访问",
    {"error": "Unauthorized"},
    {"detail": "Not authenticated"},
    {"detail": "Authentication credentials were not provided."},
    {"message": "Forbidden"},
    {"code": "FORBIDDEN", "message": "no access to this project"},
    {"errorMessages": ["You do not have the permission to see the specified issue."], "errors": {}},
    {"error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}},
    {"error": "invalid_token", "error_description": "The access token expired"},
    {"statusCode": 401, "error": "Unauthorized", "message": "Missing authentication"},
    {"ok": False, "error": "not_authed", "message": "not authenticated"},
    {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}},
    "HTTP 401 Unauthorized from get_record",
    "Error: 403 Forbidden",
    "PermissionError: [Errno 13] Permission denied: '/etc/shadow'",
    "openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key provided'}}",
    "Invalid API key",
    "Access denied.",
    "You are not authorized to perform this operation.",
    "<html><head><title>Forbidden</title></head><body><h1>Forbidden</h1>Access is denied.</body></html>",
    "Zugriff verweigert",
    "没有访问权限",
]


@pytest.mark.parametrize("result", DENIED, ids=lambda r: json.dumps(r)[:60])
def test_refusals_in_any_shape_are_denied(result: object) -> None:
    assert status(result) is Status.DENIED


ERROR: list[object] = [
    {"exit_code": 1},
    {"exit": 1, "ausgabe": "pg_dump: Fehler: konnte Ausgabedatei nicht öffnen: kein Speicherplatz mehr"},
    {"ExitStatus": 1, "Output": "fatal: not a git repository"},
    '[error] Migration 20260210 failed during Execution. Error: "SQLSTATE[42S21]"\n\nexit status 1',
    {"ListaMensagem": {"Mensagem": {"Codigo": "E79", "Mensagem": "Cancelamento não permitido.", "Correcao": "Abrir"}}},
    {"situacao": "ERRO", "descricao": "CNPJ inválido"},
    {"statut": "échec", "motif": "fichier corrompu"},
    "psql: error: connection to server failed",
    "データベースに接続できません",
    "HTTP/2 503 \nserver: envoy\n\nupstream connect error",
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault>'
    "<faultstring>Validation error occurred.</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>",
    {"type": "https://errors.example.com/bad", "title": "Bad Request", "status": 400, "o:details": [{"detail": "No."}]},
    {"type": "about:blank", "title": "Conflict", "status": 409, "order": {"id": 7, "state": "open"}},
    {"resultado": "ERROR", "codigo": "E-112", "descripcion": "Número de expediente con formato incorrecto"},
    {"ergebnis": "Fehler", "meldung": "Parameter ungültig"},
    {"結果": "エラー", "メッセージ": "形式が不正です"},
    {"codigo_saida": 1, "stderr": "ERROR: No matching distribution found for relatorios"},
    {"code_sortie": 2, "sortie": "", "stderr": "commande introuvable"},
    "Error: user not found",
    "Error: payment amount does not add up, total price is 375, but paid 299",
    "An error occurred while running the tool. Please try again.",
    "Error: KeyError('x')\n Please fix your mistakes.",
    "Error executing tool 'search' with kwargs {} with error:\n bad\n Please fix the error and try again.",
    "Error invoking tool 'search' with kwargs {'q': 1} with error:\n q: Input should be a valid string",
    "Error: lookup is not a valid tool, try one of [search].",
    "I encountered an error while trying to use the tool. This was the error: boom.",
    "I encountered an error: Action 'x' don't exist",
    "Tool 'search' failed: connection reset",
    "Tool search not found",
    "Unknown tool: search",
    "MCP error -32602: Invalid arguments for tool search",
    "Error executing tool get_weather: day is out of range for month",
    "Error when executing tool page_down with arguments {'': ''}: UnboundLocalError: x",
    'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nZeroDivisionError: division by zero',
    "ValueError: invalid literal for int()",
    "psycopg2.OperationalError: could not connect to server",
    "sqlite3.OperationalError: no such table: users",
    "<tool_use_error>File does not exist.</tool_use_error>",
    "Web search failed: name resolution",
    "Internal server error",
    "Service temporarily unavailable",
    "Failed to fetch https://example.org: ECONNREFUSED",
    "❌ Error: cannot read file",
    "Invalid Action. Valid Actions are Lookup[<topic>] Search[<topic>] and Finish[<answer>].",
    "500 Server Error: Internal Server Error for url: https://api.example.org",
    "Command failed: exit code 2",
    {"error": "boom"},
    {"error": True, "message": "could not parse"},
    {"result": "error", "message": "x"},
    "The function raised an exception: bad",
    {"isError": True, "content": [{"type": "text", "text": "boom"}]},
    {"success": False, "message": "Tracking information not available"},
    {"ok": False},
    {"status": "error", "message": "Something broke"},
    {"status": "failed", "message": "could not reach the index"},
    {"errors": [{"message": "Cannot query field 'x'"}]},
    {"data": None, "errors": [{"message": "Cannot query field 'x'"}]},
    {"statusCode": 400, "error": "Bad Request", "message": "Invalid request query input"},
    {
        "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
        "title": "Bad Request",
        "status": 400,
        "traceId": "0",
    },
    {"message": "Internal server error"},
    {"message": "genre must be an integer: Thriller"},
    {"message": "Endpoint '/search/people' does not exist"},
    {"code": 500, "msg": "internal error", "data": None},
    {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "Internal error"}},
    {"stdout": "", "stderr": "bash: foo: command not found", "exit_code": 127},
    {"type": "tool", "data": {"content": "boom", "status": "error", "tool_call_id": "c1"}},
    {"toolUseId": "t1", "status": "error", "content": [{"text": "boom"}]},
    {"type": "error-text", "value": "boom"},
    "content='boom' name='search' tool_call_id='c1' status='error'",
    "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
    "Fehler: Verbindung fehlgeschlagen",
    "Erreur lors de l'exécution de la requête",
    "No se pudo conectar con el servidor",
    "请求失败",
    "エラーが発生しました",
]


@pytest.mark.parametrize("result", ERROR, ids=lambda r: json.dumps(r)[:60])
def test_failures_in_any_shape_are_errors(result: object) -> None:
    assert status(result) is Status.ERROR


PARTIAL: list[object] = [
    {"status": "partial", "results": HITS, "message": "3 shards did not respond"},
    {"partial": True, "results": HITS},
    {"total_count": 900, "incomplete_results": True, "items": HITS},
    {"results": HITS, "truncated": True},
    {"_shards": {"total": 5, "failed": 2}, "hits": {"hits": HITS}},
    {"results": HITS, "warning": "Results are incomplete because two shards timed out"},
    {"data": {"user": {"name": "x"}}, "errors": [{"message": "orders could not be loaded"}]},
    {"http_status": 206, "results": HITS},
    {"error": "Message error...", "response": {"result": HITS}},
    "Retrieved 2 of 10 documents before the connection was closed.",
    "Partial results (3 of 7 sources responded): Heat pumps sold well.",
    "Heat pumps sold well in 2023 and the year before. " * 20 + "... [output truncated]",
]


@pytest.mark.parametrize("result", PARTIAL, ids=lambda r: json.dumps(r)[:60])
def test_gaps_in_any_shape_are_partial(result: object) -> None:
    assert status(result) is Status.PARTIAL


def test_nothing_captured_is_unknown_and_never_empty() -> None:
    assert outcome(None) == Outcome(Status.UNKNOWN)
    assert outcome(None, withheld=Withheld.CAPTURE_OFF).status is Status.UNKNOWN
    assert status("", withheld=Withheld.TRUNCATED) is Status.UNKNOWN
    assert status("__REDACTED__") is Status.UNKNOWN
    assert status({"result": "<not specified>"}) is Status.UNKNOWN


def test_text_that_was_cut_is_not_empty() -> None:
    assert status('{"results": [') is Status.OK
    assert (
        status('{"status": "partial_response", "http_status": 429, "results": [{"title": "Supp') is Status.RATE_LIMITED
    )


def test_path_leads_through_envelopes_to_what_decided() -> None:
    message = {"type": "tool", "data": {"content": '{"results": [], "total": 0}', "status": "success"}}
    assert outcome(Captured(json.dumps(message), "output.value")) == Outcome(
        Status.EMPTY, "output.value#/data/content", "holds nothing"
    )
    body = {"error": {"code": 429, "message": "Quota exceeded"}}
    assert outcome(Captured(body, "result")).path.startswith("result#/error")


def test_of_several_signs_of_a_kind_the_first_decides_in_every_process() -> None:
    said = {"fault": "no such table", "failure": "no such table", "err": "no such table", "exception": "no such table"}
    for names in (list(said), list(reversed(said))):
        read = outcome(Captured(json.dumps({name: said[name] for name in names}), "result"))
        assert read.path == f"result#/{names[0]}"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"reported_status": "success_empty"}, Status.EMPTY),
        ({"reported_status": "timeout"}, Status.TIMEOUT),
        ({"reported_status": "partial_response"}, Status.PARTIAL),
        ({"reported_status": "unauthorized"}, Status.DENIED),
        ({"reported_status": "completed", "reported_length": 0}, Status.EMPTY),
        ({"reported_status": "completed"}, Status.OK),
        ({"reported_length": 0}, Status.EMPTY),
        ({"reported_status": "completed", "http_status": 429}, Status.RATE_LIMITED),
        ({"http_status": 429}, Status.RATE_LIMITED),
        ({"http_status": 503}, Status.ERROR),
        ({"http_status": 200}, Status.UNKNOWN),
        ({"error_type": "rate_limit"}, Status.RATE_LIMITED),
        ({"error_type": "timeout"}, Status.TIMEOUT),
        ({"error_type": "TOOL_ERROR"}, Status.ERROR),
        ({"error_type": "asyncio.exceptions.TimeoutError", "failed": True}, Status.TIMEOUT),
        ({"error": "common.ToolHTTPError: HTTP 401 Unauthorized", "failed": True}, Status.DENIED),
        (
            {"error": "aiohttp.client_exceptions.ClientResponseError: 429, message='Too Many Requests'"},
            Status.RATE_LIMITED,
        ),
        ({"failed": True}, Status.ERROR),
    ],
)
def test_explicit_fields_and_exceptions_decide_without_content(known: dict[str, object], expected: Status) -> None:
    assert outcome(None, **known).status is expected  # type: ignore[arg-type]


def test_hand_overs_and_interrupts_of_frameworks_are_no_errors() -> None:
    for name in ("langgraph.errors.ParentCommand", "langgraph.errors.GraphInterrupt"):
        assert outcome(None, error=f"{name}: Command(graph='x')", failed=True).status is Status.OK
        assert outcome(None, error_type=name, failed=True).status is Status.OK


def test_result_beats_a_handled_exception_and_an_error_status() -> None:
    good = {"results": HITS}
    assert status(good, error="ValueError: first attempt") is Status.OK
    assert status(good, failed=True) is Status.OK
    assert status(good, http_status=404) is Status.OK
    assert status(good, http_status=429) is Status.RATE_LIMITED
    assert status("Sorry, nothing today", http_status=404) is Status.ERROR


def test_exception_tells_the_kind_that_the_result_hides() -> None:
    redacted = "An error occurred while running the tool. Please try again."
    assert status(redacted, error="HTTP 429 Too Many Requests", failed=True) is Status.RATE_LIMITED
    assert status(redacted, failed=True) is Status.ERROR


def test_emptiness_is_the_normal_result_of_actions_and_notes() -> None:
    assert status("", role=Role.ACTION) is Status.OK
    assert status({"result": None}, role=Role.NOTE) is Status.OK
    assert status("", role=Role.POLL) is Status.EMPTY
    assert status({"error": "boom"}, role=Role.ACTION) is Status.ERROR


@given(VALUES)
def test_reading_an_outcome_never_raises(value: object) -> None:
    assert outcome(Captured(value, "result")).status in Status


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:6])
@pytest.mark.timeout(20)
def test_hostile_results_are_read_to_their_end(text: str) -> None:
    outcome(Captured(text, "result"))
    outcome(Captured({"results": [text], "message": text, "error": {"message": text}}, "result"))


def test_deep_and_wide_results_are_bounded() -> None:
    deep: object = "x"
    for _ in range(900):
        deep = {"data": [deep]}
    wide = {f"k{i}": {"a": [None] * 50} for i in range(5000)}
    assert outcome(Captured(deep, "result")).status is Status.OK
    assert outcome(Captured(wide, "result")).status is Status.OK


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ('{"fehler": "Quota exceeded", "code": 429}', Status.RATE_LIMITED),
        ('{"fehler": "Kontingent erschöpft", "status": 429}', Status.RATE_LIMITED),
        ('{"erreur": "Connexion refusée"}', Status.ERROR),
        ('{"错误": "服务器错误"}', Status.ERROR),
        ('{"mensaje": "La consulta terminó", "filas": [1, 2]}', Status.OK),
    ],
)
def test_members_named_in_other_languages_are_read(result: str, status: Status) -> None:
    assert outcome(Captured(result, "r")).status is status


def test_stated_error_is_told_apart_by_its_text() -> None:
    limited = Captured("Error: ToolHTTPError - HTTP 429 Too Many Requests from search", "result")
    assert outcome(limited, reported_status="error").status is Status.RATE_LIMITED
    assert outcome(Captured("boom", "result"), reported_status="error").status is Status.ERROR
    assert outcome(None, error="read timed out", reported_status="error").status is Status.TIMEOUT


def test_event_of_llama_index_holds_the_output_beside_the_calls_id() -> None:
    event = {"tool_name": "search", "tool_kwargs": {"q": 1}, "tool_id": "c1", "tool_output": {"blocks": []}}
    event["tool_output"] = {"blocks": [{"block_type": "text", "text": "[]"}], "tool_name": "search", "raw_output": []}
    assert outcome(Captured(event, "result")).status is Status.EMPTY


@pytest.mark.parametrize("choices", [{"known": ["new_users"]}, {"valid_values": ["a", "b"]}, {"sugerencias": ["x y"]}])
def test_what_one_may_ask_for_instead_is_no_data(choices: dict[str, object]) -> None:
    assert status({"error": "unknown metric signups", **choices}) is Status.ERROR
    assert status({"error": "two rows could not be read", "rows": [{"id": 1}, {"id": 2}]}) is Status.PARTIAL
