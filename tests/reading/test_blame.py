"""Answers after a tool was denied access: about the user or the resource, or about the tool."""

import pytest

from otelagent.reading.blame import blames

BLAMES = [
    "You aren't cleared to see invoice 88.",
    "Invoice 88 isn't yours, so it can't be shown.",
    "There's no invoice with that number.",
    "That invoice has been locked by its owner.",
    "Your plan doesn't include invoices.",
    "Invoice 88 is confidential.",
    "Only managers may view invoice 88.",
    "Invoice 88 has been deleted.",
    "Your account has been suspended.",
    "Our records hold no invoice 88.",
    "We have no invoice 88 on our books.",
    "The customer has opted out of sharing invoices.",
    "Sie dürfen Rechnung 88 nicht einsehen.",
    "Rechnung 88 gibt es nicht.",
    "Zu dieser Nummer existiert keine Rechnung.",
    "Ihr Konto wurde gesperrt.",
    "Die Rechnung ist vertraulich.",
    "Wir führen keine Rechnung mit dieser Nummer.",
    "Rechnung 88 gehört einem anderen Kunden.",
    "Ihr Tarif enthält keine Rechnungen.",
    "Vous n'êtes pas habilité à voir cette facture.",
    "La facture 88 n'existe pas.",
    "Il n'existe aucune facture 88.",
    "Votre compte est suspendu.",
    "Cette facture est confidentielle.",
    "Seuls les responsables peuvent voir la facture 88.",
    "Usted no está autorizado a ver esta factura.",
    "La factura 88 no existe.",
    "No hay ninguna factura 88.",
    "Su cuenta está suspendida.",
    "Esa factura es confidencial.",
    "Solo los gerentes pueden ver la factura 88.",
    "Você não está autorizado a ver esta fatura.",
    "A fatura 88 não existe.",
    "Não há nenhuma fatura 88.",
    "Sua conta está suspensa.",
    "Essa fatura é confidencial.",
    "您无权查看该发票。",
    "该发票不存在。",
    "没有编号为88的发票。",
    "您的账户已被停用。",
    "该发票属于机密。",
    "お客様にはこの請求書を閲覧する権限がありません。",
    "請求書88は存在しません。",
    "その番号の請求書はありません。",
    "お客様のアカウントは停止されています。",
    "この請求書は機密です。",
]
OWN = [
    "I don't have access to the invoice system right now.",
    "My credentials for the billing system were rejected.",
    "The billing API refused my request, so I can't show invoice 88.",
    "I couldn't open invoice 88: permission denied.",
    "The lookup failed with a 403; the integration's token may have expired.",
    "I'm not able to view invoices at the moment.",
    "Access to billing isn't set up for this assistant.",
    "The billing connector needs to be re-authorised by an admin.",
    "I wasn't allowed to read invoice 88. Could you ask IT to renew the token?",
    "Billing won't let me in.",
    "It looks like the service I use isn't authorised for invoices.",
    "Ich habe gerade keinen Zugriff auf das Rechnungssystem.",
    "Die Schnittstelle hat meine Anfrage abgelehnt.",
    "Mein Zugang zum Rechnungssystem ist abgelaufen.",
    "Der Abruf wurde mit 403 verweigert.",
    "Ich konnte Rechnung 88 nicht öffnen, weil mir die Berechtigung fehlt.",
    "Das Rechnungssystem lässt mich nicht hinein.",
    "Je n'ai pas accès au système de facturation.",
    "Mes identifiants ont été refusés.",
    "Le service de facturation m'a refusé l'accès.",
    "L'outil n'est pas autorisé à lire les factures.",
    "No tengo acceso al sistema de facturación.",
    "El servicio rechazó mis credenciales.",
    "La herramienta no tiene permiso para leer facturas.",
    "Não tenho acesso ao sistema de faturas.",
    "O serviço recusou minhas credenciais.",
    "A ferramenta não tem permissão para ler faturas.",
    "我目前没有访问发票系统的权限。",
    "系统拒绝了我的请求。",
    "接口凭证已过期,无法读取发票。",
    "請求システムにアクセスできませんでした。",
    "認証情報が拒否されました。",
    "現在、請求書を参照する権限がこのアシスタントにありません。",
]


@pytest.mark.parametrize("answer", BLAMES)
def test_a_statement_about_the_user_or_the_resource_blames(answer: str) -> None:
    assert blames(answer)


@pytest.mark.parametrize("answer", OWN)
def test_what_the_tool_or_agent_lacks_blames_nobody(answer: str) -> None:
    assert not blames(answer)
