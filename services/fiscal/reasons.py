"""Why a check has its label, in plain words (R40). Light to import."""

from __future__ import annotations

from services.fiscal.labels import Check
from services.language import _


def why(check: Check) -> str:
    """The reason with its detail, which is foreign text; "" where the label says it all."""
    told = _words(check)
    if not told:
        return check.detail
    return f"{told} ({check.detail})" if check.detail and check.reason in _WITH_DETAIL else told


_WITH_DETAIL = frozenset(
    {
        *("not_by_schema", "malformed", "schema_broke", "seal_unreadable", "given_up"),
        *("no_schema_of_version", "no_schema_of_event", "no_schema_of_part"),
        *("signed_by_system", "not_trusted", "authority_expired_then", "no_trust_file"),
        *("other_document", "key_differs"),
    }
)


def _words(check: Check) -> str:
    if check.reason == "other_holder":
        owner, _gap, issuer = check.detail.partition(" ")
        return _("O certificado é de {owner}, quem assina é {issuer}").format(
            owner=owner, issuer=issuer
        )
    return {
        "unreadable": _("O arquivo não é um XML legível"),
        "malformed": _("O XML está incompleto ou corrompido"),
        "unknown_kind": _("Este tipo de documento não é conferido"),
        "given_up": _("A verificação não terminou"),
        "no_key": _("O documento não tem chave de acesso"),
        "no_digit": _("A identificação deste tipo de documento não tem dígito verificador"),
        "wrong_digit": _("O dígito verificador da chave não confere"),
        "key_differs": _("A chave não corresponde aos dados do documento"),
        "no_schema": _("Não há esquema público para este tipo de documento"),
        "no_schema_of_version": _("Não há esquema para esta versão do leiaute"),
        "no_schema_of_event": _("Não há esquema para este tipo de evento"),
        "no_schema_of_part": _("Não há esquema para esta parte do documento"),
        "town_layout": _("Cada município tem o seu leiaute: não há esquema"),
        "schema_broke": _("O esquema não pôde ser aplicado"),
        "not_by_schema": _("O documento não segue o esquema"),
        "unsigned": _("O documento não tem assinatura"),
        "certificate_unreadable": _("O certificado da assinatura é ilegível"),
        "no_certificate": _("A assinatura não traz o certificado"),
        "content_differs": _("O conteúdo não corresponde à assinatura"),
        "not_covered": _("A assinatura não cobre o documento"),
        "seal_unreadable": _("A assinatura está malformada ou usa um método que não é aceito"),
        "town_seal": _("Só o município confere a assinatura que ele usa"),
        "expired_then": _("O certificado não valia na data da emissão"),
        "no_signer": _("O documento não diz o CNPJ ou CPF de quem assina"),
        "no_holder": _("O certificado não traz CNPJ nem CPF"),
        "signed_by_system": _("Assinado pelo órgão ou sistema que o gerou, e não pelo emitente"),
        "no_trust_file": _("O arquivo de emissores confiáveis não pôde ser lido"),
        "no_time": _("O documento não diz quando foi emitido"),
        "not_trusted": _("O emissor do certificado não está entre os confiáveis"),
        "authority_expired_then": _("Um certificado da cadeia não valia na data da emissão"),
        "needs_no_protocol": _("Este tipo de documento não traz protocolo de autorização"),
        "no_protocol": _("O documento veio sem o protocolo de autorização"),
        "other_document": _("O protocolo é de outro documento"),
        "no_digest": _("O protocolo não traz o resumo (digest) do documento"),
        "digest_differs": _("O protocolo autoriza um conteúdo diferente do assinado"),
    }.get(check.reason, "")
