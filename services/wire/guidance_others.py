"""The topics of the guidance that are neither Google's nor Microsoft's (R51)."""

from __future__ import annotations

from collections.abc import Sequence

from services.language import _
from services.wire.guidance_terms import READING, SENDING, Cure, Guidance, Step, at_login, old_names

_YAHOO_SECURITY = "https://login.yahoo.com/account/security"


def topics() -> tuple[Guidance, ...]:
    """All of them, by provider; what holds anywhere comes last."""
    return (*_yahoo(), *_icloud(), *_zoho(), *_hosts(), *_anywhere())


def _yahoo() -> Sequence[Guidance]:
    return (
        Guidance(
            "yahoo.app_password",
            "yahoo",
            "Yahoo",
            _("Yahoo: senha de app"),
            (
                Step(
                    _(
                        "Entre na página de segurança da conta Yahoo, num navegador já usado com "
                        "ela e fora da janela anônima."
                    ),
                    _YAHOO_SECURITY,
                ),
                Step(
                    _(
                        "Em Conexões externas, clique em Criar senha de app (ou Gerar e gerenciar "
                        "senhas de app)."
                    )
                ),
                Step(_("Digite um nome, como Carteiro, e clique em Gerar senha.")),
                Step(
                    _(
                        "Copie a senha gerada para o campo Senha: a senha normal da conta não "
                        "serve. A leitura por POP usa a mesma senha de app."
                    )
                ),
            ),
            line=_("Yahoo pede uma senha de app"),
            old_terms=(
                *old_names(
                    _("chama-se Criar senha de app, em Conexões externas"),
                    "Gerar Senha de Aplicativo",
                    "Gerar e Gerenciar Senhas de Aplicativos",
                    "Generate app password",
                ),
                *old_names(
                    _("não existe mais; a senha de app ocupa o lugar"),
                    "Permitir aplicativos que usam login menos seguro",
                    "Allow apps that use less secure sign in",
                ),
            ),
            cures=(at_login("app_password", "password", "unlock", "signin"),),
        ),
    )


def _icloud() -> Sequence[Guidance]:
    return (
        Guidance(
            "icloud.no_pop",
            "icloud",
            "iCloud",
            _("iCloud: não há POP"),
            (
                Step(_("O iCloud não oferece POP: esta caixa serve para envio, não para leitura.")),
                Step(
                    _(
                        "Para receber documentos, cadastre como leitura uma caixa de outro "
                        "provedor e encaminhe para ela, no iCloud, o que chega aqui."
                    )
                ),
            ),
            line=_("iCloud não oferece POP: use outra caixa para leitura"),
            protocols=READING,
            cures=(
                Cure(
                    frozenset(
                        {"dns", "network", "timeout", "closed", "protocol", "config", "password"}
                    ),
                    frozenset({"dns", "tcp", "tls", "greeting", "login"}),
                    READING,
                ),
            ),
        ),
        Guidance(
            "icloud.app_password",
            "icloud",
            "iCloud",
            _("iCloud: senha específica de app"),
            (
                Step(
                    _("Abra Início de Sessão e Segurança > Senhas específicas de apps."),
                    "https://account.apple.com",
                ),
                Step(
                    _(
                        "Gere uma senha para o Carteiro e copie-a para o campo Senha: a senha da "
                        "Conta Apple não serve."
                    )
                ),
                Step(_("Trocar a senha da Conta Apple revoga as senhas específicas: gere outra.")),
            ),
            line=_("iCloud pede uma senha específica de app"),
            protocols=SENDING,
            old_terms=old_names(
                _("chama-se Senhas específicas de apps, em Início de Sessão e Segurança"),
                "Senha de app",
                "Senha de aplicativo",
                "App-specific password",
            ),
            cures=(at_login("app_password", "password", "unlock", "signin", protocols=SENDING),),
        ),
    )


def _zoho() -> Sequence[Guidance]:
    return (
        Guidance(
            "zoho.app_password",
            "zoho",
            "Zoho",
            _("Zoho: senha de aplicativo"),
            (
                Step(
                    _(
                        "Com a verificação em duas etapas ligada, abra Segurança > Senhas "
                        "específicas do aplicativo."
                    ),
                    "https://accounts.zoho.com",
                ),
                Step(_("Gere uma senha para o Carteiro e copie-a para o campo Senha.")),
            ),
            cures=(at_login("app_password", "password", "unlock", "signin"),),
        ),
        Guidance(
            "zoho.pop",
            "zoho",
            "Zoho",
            _("Zoho: ativar o POP"),
            (
                Step(
                    _("No Zoho Mail, abra Configurações > Contas de e-mail e escolha a conta."),
                    "https://mail.zoho.com",
                ),
                Step(_("Em POP, marque Acesso POP e teste de novo.")),
                Step(
                    _(
                        "Domínio próprio? O servidor costuma ser poppro.zoho.com em vez de "
                        "pop.zoho.com: confirme no teste."
                    )
                ),
            ),
            line=_("Zoho pede que o POP seja ativado"),
            protocols=READING,
            cures=(at_login("enable_pop", "admin", protocols=READING),),
        ),
    )


def _hosts() -> Sequence[Guidance]:
    """What is particular to Brazilian hosts."""
    users = [
        Guidance(
            f"{key}.user",
            key,
            name,
            _("{name}: usuário").format(name=name),
            (
                Step(
                    _(
                        "O usuário é só o que vem antes do @: para ana@{domain}, digite ana no "
                        "campo Usuário."
                    ).format(domain=domain)
                ),
                Step(
                    _(
                        "A senha é a da própria caixa. Estes dados são antigos: confirme com "
                        "Testar E-mail antes de salvar."
                    )
                ),
            ),
            line=_("{name} usa como usuário só o que vem antes do @").format(name=name),
            cures=(at_login("password", "signin"),),
        )
        for key, name, domain in (("uol", "UOL", "uol.com.br"), ("bol", "BOL", "bol.com.br"))
    ]
    return (
        *users,
        Guidance(
            "hostgator.too_often",
            "hostgator",
            "HostGator",
            _("HostGator: senha recusada"),
            (
                Step(
                    _(
                        "A HostGator responde “senha incorreta” também a quem lê a caixa mais de "
                        "30 vezes por hora do mesmo endereço IP."
                    )
                ),
                Step(
                    _(
                        "Desligue outros leitores desta caixa, espere uma hora e teste de novo; se "
                        "falhar outra vez, confira a senha no painel."
                    )
                ),
            ),
            protocols=READING,
            cures=(at_login("password", "signin", protocols=READING),),
        ),
    )


def _anywhere() -> Sequence[Guidance]:
    other = _("Outros provedores")
    return (
        Guidance(
            "any.app_password",
            "",
            other,
            _("Outros: senha de aplicativo"),
            (
                Step(
                    _(
                        "Com a verificação em duas etapas, um programa não usa a senha normal, e "
                        "sim uma senha de aplicativo, criada na página de segurança da conta."
                    )
                ),
                Step(_("Sem a verificação em duas etapas, a opção não aparece: ative-a primeiro.")),
                Step(_("Copie a senha de aplicativo para o campo Senha e teste de novo.")),
            ),
            old_terms=old_names(
                _("chama-se senha de aplicativo, ou senha de app"),
                "Senha de app",
                "Código de segurança",
            ),
            cures=(at_login("app_password", "unlock"),),
        ),
        Guidance(
            "any.link",
            "",
            other,
            _("Outros: conta Microsoft"),
            (
                Step(
                    _(
                        "A resposta é de um servidor da Microsoft, que não aceita mais usuário e "
                        "senha: o caminho é “Vincular conta Microsoft”."
                    )
                ),
                Step(_("Ao vincular, entre com a própria caixa que será usada.")),
            ),
            cures=(at_login("use_oauth"),),
        ),
        Guidance(
            "any.pop",
            "",
            other,
            _("Outros: ativar o POP"),
            (
                Step(_("Entre no webmail da caixa e procure, nas configurações, POP ou POP/IMAP.")),
                Step(_("Ative o acesso por POP, salve e teste de novo.")),
                Step(
                    _(
                        "Em conta de empresa, a opção pode ser do administrador do e-mail: peça "
                        "que libere POP para esta caixa."
                    )
                ),
            ),
            protocols=READING,
            cures=(at_login("enable_pop", protocols=READING),),
        ),
    )
