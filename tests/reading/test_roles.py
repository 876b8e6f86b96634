"""Roles by name, in the naming styles that tools have."""

import pytest

from otelagent.model import Role
from otelagent.reading.members import names
from otelagent.reading.roles import called_by, is_transfer, role


@pytest.mark.parametrize(
    "tool",
    sorted(
        names(
            "get_order_status web_search search_documents read_document fetch_page lookup calculate get_weather"
            " listOrders order_status order_lookup email_search message_history book_details log_search plan_trip"
            " plan_route get_notes mcp__github__get_issue github.search_code execute_sql run_query python"
            " execute_python knowledge_base ask_analyst_b find_user_id_by_email recall_memory retriever Search"
            " company_facts suche_dokumente buscar_vuelos 搜索网页 check_balance TodoRead read_todos transcribe"
            " VectorStoreQA export_report track_package open_page ouvrir_espace abrir_documento 打开网页"
            " change_history share_price order_get calendar_freebusy suivi_colis seguimiento_envio"
            " 物流查询 登記検索 予約確認 google_calendar_list_events google_maps_directions"
        )
    ),
)
def test_tools_that_bring_data_are_sources(tool: str) -> None:
    assert role(tool, None, {}) is Role.SOURCE


@pytest.mark.parametrize(
    "tool",
    sorted(
        names(
            "sendEmail send_email write_query write_file delete_record create_issue mcp__github__create_issue"
            " update_order_status cancel_reservation book_reservation post_message search_and_replace"
            " get_or_create bash run_command execute_command order_pizza exchange_delivered_order_items"
            " modify_pending_order_items click setReminder schedule_meeting slack.post erstelle_ticket"
            " enviar_correo 发送邮件 save_memory upsertRow browser_click open_account terminal kubectl 打开门禁"
            " change_state Lights-change_state change_status share_list liste_ajouter lista_agregar"
            " 予約作成 メール送信 google_calendar_create_event google_sheets_append_row"
        )
    ),
)
def test_tools_that_do_something_are_actions(tool: str) -> None:
    assert role(tool, None, {}) is Role.ACTION


@pytest.mark.parametrize(
    "tool",
    sorted(
        names(
            "think sequentialthinking write_todos TodoWrite update_todo_list plan update_plan reflect scratchpad"
            " take_notes thinkTool mcp__x__think write_plan"
        )
    ),
)
def test_tools_that_return_nothing_of_their_own_are_notes(tool: str) -> None:
    assert role(tool, None, {}) is Role.NOTE


@pytest.mark.parametrize(
    "tool", sorted(names("poll_job wait wait_for_build job_status get_task_status checkExportProgress sleep"))
)
def test_tools_that_are_asked_until_something_changes_are_polled(tool: str) -> None:
    assert role(tool, None, {}) is Role.POLL


def test_description_tells_where_the_name_does_not() -> None:
    assert role("acme_v2", "Sends a message to a channel.", {}) is Role.ACTION
    assert role("acme_v2", "Retrieves the customer's record.", {}) is Role.SOURCE
    assert role("acme_v2", None, {}) is Role.SOURCE
    assert role(None, "Sends", {}) is Role.SOURCE


def test_configuration_wins() -> None:
    overrides = {"SEARCH_*": Role.POLL, "*": Role.NOTE}
    assert role("search_web", "Sends", overrides) is Role.POLL
    assert role("anything", None, overrides) is Role.NOTE


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ("transfer_to_analyst_a", True),
        ("transfer_back_to_supervisor", True),
        ("transferToBilling", True),
        ("handoff_to_sales", True),
        ("handoff to B", True),
        ("Delegate work to coworker", True),
        ("transfer_funds", False),
        ("ask_analyst_b", False),
        ("search", False),
        (None, False),
    ],
)
def test_transfers_are_told_apart(tool: str | None, expected: bool) -> None:
    assert is_transfer(tool) is expected


@pytest.mark.parametrize(
    "command", ["ls -l /srv", "cd /x && git log", "kubectl -n pay get pods", "SELECT 1", "cat a | wc"]
)
def test_tool_that_runs_a_command_that_reads_is_a_source(command: str) -> None:
    assert role("bash", None, {}, command) is Role.SOURCE


@pytest.mark.parametrize("command", ["rm -rf x", "cat a > b", "find . -delete", "kubectl delete pod x", ""])
def test_tool_that_runs_another_command_acts(command: str) -> None:
    assert role("bash", None, {}, command) is Role.ACTION


def test_configured_role_wins_over_the_command() -> None:
    assert role("bash", None, {"bash": Role.NOTE}, "ls") is Role.NOTE


@pytest.mark.parametrize(
    ("tool", "arguments", "called"),
    [
        ("execute_action", {"action": "GMAIL_SEND_EMAIL", "params": {"to": "sam"}}, "GMAIL_SEND_EMAIL"),
        ("call_service", {"domain": "light", "service": "turn_on"}, "turn_on"),
        ("invoke", {"function": "cancelar_agendamento"}, "cancelar_agendamento"),
        ("execute_tool", {"tool_name": "search_flights", "arguments": {}}, "search_flights"),
        ("execute_tool", {"tool_name": "kettle", "arguments": {}}, None),
        ("run_command", {"command": "git push"}, None),
        ("bash", "git push", None),
        ("get_order", {"action": "cancel"}, None),
    ],
)
def test_tool_that_calls_any_names_it(tool: str, arguments: object, called: str | None) -> None:
    assert called_by(tool, arguments) == called
