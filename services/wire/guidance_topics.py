"""The topics of the guidance, in the providers' wording of November 2026 (R51).

Google's and Microsoft's; the others are in ``guidance_others.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.language import _
from services.wire import guidance_others
from services.wire.guidance_terms import READING, SENDING, Cure, Guidance, Step, at_login, old_names

_APP_PASSWORDS = "https://myaccount.google.com/apppasswords"
_GOOGLE_SECURITY = "https://myaccount.google.com/security"
_GMAIL_POP = "https://mail.google.com"
_OUTLOOK_POP = "https://outlook.live.com/mail"


def all_topics() -> tuple[Guidance, ...]:
    """All of them, by provider, what to read first of each first."""
    return (*_google(), *_microsoft(), *guidance_others.topics())


def _google() -> Sequence[Guidance]:
    return (
        Guidance(
            "gmail.app_password",
            "gmail",
            "Gmail",
            _("Gmail: senha de app"),
            (
                Step(
                    _(
                        "Em Segurança, ative a verificação em duas etapas: sem ela não existem "
                        "senhas de app."
                    ),
                    _GOOGLE_SECURITY,
                ),
                Step(
                    _("Abra Senhas de app, digite um nome, como Carteiro, e clique em Criar."),
                    _APP_PASSWORDS,
                ),
                Step(
                    _(
                        "Copie os 16 caracteres para o campo Senha: aparecem uma única vez. A "
                        "senha normal da conta não serve."
                    )
                ),
                Step(
                    _(
                        "Trocar a senha da conta Google revoga as senhas de app: gere outra e "
                        "troque-a aqui também."
                    )
                ),
            ),
            line=_("Gmail pede uma senha de app"),
            old_terms=(
                *old_names(
                    _(
                        "não existe mais (contas pessoais desde 2022, Workspace desde 2025); a "
                        "senha de app ocupa o lugar"
                    ),
                    "Permitir aplicativos menos seguros",
                    "Acesso a app menos seguro",
                    "Allow less secure apps",
                    "Less secure app access",
                ),
                *old_names(
                    _("chama-se Senhas de app e tem página própria"),
                    "Senha de aplicativo",
                    "Senhas de App",
                    "App passwords",
                ),
                *old_names(
                    _("não se escolhem mais app e dispositivo: basta um nome"),
                    "Selecionar App",
                    "Selecionar Dispositivo",
                ),
                *old_names(
                    _("fica em Segurança e é o primeiro passo"),
                    "Verificação em duas etapas",
                    "2-Step Verification",
                    "Two-step verification",
                ),
            ),
            cures=(at_login("app_password", "unlock", "password"),),
        ),
        Guidance(
            "gmail.pop",
            "gmail",
            "Gmail",
            _("Gmail: ativar o POP"),
            (
                Step(
                    _(
                        "No Gmail, abra Configurações > Mostrar todas as configurações > "
                        "Encaminhamento e POP/IMAP."
                    ),
                    _GMAIL_POP,
                ),
                Step(
                    _(
                        "Em Download POP, ative o POP para todos os e-mails, que traz todo o "
                        "histórico, ou só para os que chegarem a partir de agora."
                    )
                ),
                Step(
                    _(
                        "No item 2, escolha excluir ou arquivar a cópia do Gmail. Manter a cópia "
                        "na caixa de entrada só enche a caixa: nada é importado duas vezes."
                    )
                ),
                Step(_("Clique em Salvar alterações e teste de novo.")),
            ),
            protocols=READING,
            old_terms=(
                *old_names(
                    _("continua e importa todo o histórico; “a partir de agora” é a alternativa"),
                    "Ativar POP para todos os e-mails",
                    "Enable POP for all mail",
                ),
                *old_names(
                    _("continua e não é recomendada: a caixa enche"),
                    "Manter cópia do e-mail na caixa de entrada",
                    "Keep copy in the Inbox",
                ),
                *old_names(
                    _("continua com este nome, dentro de Mostrar todas as configurações"),
                    "Encaminhamento e POP/IMAP",
                    "Encaminhamento e POP/MAP",
                    "Forwarding and POP/IMAP",
                ),
                *old_names(
                    _(
                        "o Gmail deixa em 2026 de buscar e-mails de outras contas; ler a própria "
                        "conta Gmail por POP continua"
                    ),
                    "Verificar e-mail de outras contas",
                    "Check mail from other accounts",
                ),
            ),
            cures=(at_login("enable_pop", "admin", protocols=READING),),
        ),
        Guidance(
            "gmail.no_app_passwords",
            "gmail",
            "Gmail",
            _("Gmail: sem Senhas de app"),
            (
                Step(
                    _(
                        "A verificação em duas etapas está desligada, ou usa só chaves de "
                        "segurança: acrescente o telefone ou um app autenticador."
                    ),
                    _GOOGLE_SECURITY,
                ),
                Step(
                    _(
                        "A conta tem a Proteção Avançada, que não admite senhas de app: use outra "
                        "conta para esta caixa."
                    )
                ),
                Step(
                    _(
                        "A conta é de trabalho ou de escola: quem administra o Google Workspace "
                        "precisa permitir a verificação em duas etapas."
                    ),
                    "https://admin.google.com",
                ),
                Step(
                    _(
                        "No Workspace, o administrador também libera POP: Apps > Google Workspace "
                        "> Gmail > Acesso do usuário final."
                    )
                ),
            ),
            old_terms=old_names(_("continua e não admite senhas de app"), "Proteção Avançada"),
            cures=(at_login("admin"),),
        ),
    )


def _microsoft() -> Sequence[Guidance]:
    return (
        Guidance(
            "outlook.link",
            "outlook",
            "Outlook / Microsoft 365",
            _("Microsoft: vincular a conta"),
            (
                Step(
                    _(
                        "Outlook, Hotmail, Live, MSN e Microsoft 365 não aceitam mais usuário e "
                        "senha: o caminho é “Vincular conta Microsoft”, não “Outro provedor”."
                    )
                ),
                Step(
                    _(
                        "Ao vincular, entre com a própria caixa que será usada e aceite as "
                        "permissões pedidas."
                    )
                ),
                Step(
                    _(
                        "Vale para enviar, ler ou ambos; nenhuma senha fica guardada, e, se a "
                        "senha da conta for trocada, é preciso vincular de novo."
                    )
                ),
            ),
            line=_("Microsoft: use “Vincular conta Microsoft”, não senha"),
            old_terms=(
                *old_names(
                    _("não funciona mais para POP e SMTP: vincule a conta"),
                    "Senha de aplicativo",
                    "Criar uma nova senha de aplicativo",
                    "App password",
                ),
                *old_names(
                    _("a página não ajuda mais neste caso: vincule a conta"),
                    "Opções adicionais de segurança",
                    "Mais opções de Segurança",
                ),
                *old_names(
                    _("continua protegendo a conta; o código é pedido ao vincular"),
                    "Verificação em duas etapas",
                    "Two-step verification",
                ),
            ),
            cures=(at_login("use_oauth", "signin", "app_password", "password", "unlock"),),
        ),
        Guidance(
            "outlook.pop",
            "outlook",
            "Outlook / Microsoft 365",
            _("Outlook: permitir o POP"),
            (
                Step(
                    _(
                        "No Outlook na Web, abra Configurações > Email > Encaminhamento e IMAP "
                        "(em algumas contas, POP e IMAP)."
                    ),
                    _OUTLOOK_POP,
                ),
                Step(_("Permita que dispositivos e aplicativos usem POP.")),
                Step(
                    _(
                        "Escolha permitir que aplicativos excluam mensagens: sem isso a caixa "
                        "enche, embora nada seja importado duas vezes."
                    )
                ),
                Step(_("Salve e teste de novo.")),
            ),
            protocols=READING,
            cures=(at_login("enable_pop", "admin", protocols=READING),),
        ),
        Guidance(
            "outlook.admin",
            "outlook",
            "Outlook / Microsoft 365",
            _("Microsoft 365: liberar o acesso"),
            (
                Step(
                    _(
                        "Quem administra abre Usuários > Usuários ativos, escolhe a caixa e, em "
                        "Email, Gerenciar aplicativos de email."
                    ),
                    "https://admin.microsoft.com",
                ),
                Step(_("Marque SMTP autenticado para enviar e POP para ler; salve.")),
                Step(
                    _(
                        "Se a organização toda tem SMTP autenticado desligado ou padrões de "
                        "segurança ligados, o administrador libera ali também."
                    )
                ),
                Step(_("A mudança pode levar uma hora; depois teste de novo.")),
            ),
            cures=(at_login("admin", "client"),),
        ),
        Guidance(
            "outlook.send_as",
            "outlook",
            "Outlook / Microsoft 365",
            _("Microsoft 365: enviar como"),
            (
                Step(_("Use no campo E-mail o endereço da própria conta que entra.")),
                Step(
                    _(
                        "Para enviar por outro endereço, o administrador abre a caixa desse "
                        "endereço em Destinatários > Caixas de correio."
                    ),
                    "https://admin.exchange.microsoft.com",
                ),
                Step(_("Em Delegação, Enviar como, acrescente a conta que entra e salve.")),
            ),
            protocols=SENDING,
            cures=(
                Cure(
                    frozenset({"sender"}),
                    frozenset({"sender", "recipient", "sent", "data"}),
                    SENDING,
                ),
            ),
        ),
    )
