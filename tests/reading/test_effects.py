"""What a result tells of beside what was asked for: that somebody was written to."""

import pytest

from otelagent.reading.effects import informs


@pytest.mark.parametrize(
    "result",
    [
        {"order_id": "PO-71", "confirmation": "sent to ops@acme.example"},
        {"ok": True, "emailSent": True},
        {"id": 3, "notifications_sent": 2},
        {"notified": ["a@acme.example"]},
        {"mensaje": "Reserva creada, correo enviado al cliente"},
        {"status": 0, "通知": "已发送"},
        {"メール": "送信しました"},
        '{"benachrichtigung": "versendet"}',
    ],
)
def test_result_says_that_somebody_was_written_to(result: object) -> None:
    assert informs(result)


@pytest.mark.parametrize(
    "result",
    [
        {"order_id": "PO-71", "status": "placed", "email": "ops@acme.example"},
        {"ok": True, "email_sent": False},
        {"notifications_sent": 0},
        {"message": "Ticket created"},
        {"items": ["milk", "bread"]},
        None,
        "",
    ],
)
def test_result_says_no_such_thing(result: object) -> None:
    assert not informs(result)
