"""What can be done on every screen, and when."""

from __future__ import annotations

from screens.commands import Command
from screens.widgets.panel import places
from services.language import later

VERBS: tuple[Command, ...] = (
    Command("app.help", "question_mark,f1", later("Ajuda"), "keys_help", order=90),
    Command("app.company", "c", later("Empresa"), "choose_company", order=91),
    *(
        Command(f"app.{place.key}", place.digit, place.message, f"go('{place.key}')")
        for _group, members in places()
        for place in members
    ),
    Command(
        "app.behind",
        "w",
        later("Trabalho em segundo plano"),
        "behind",
        when=lambda app: bool(app.works.behind),
    ),
    Command(
        "app.guidance",
        "f7",
        later("Orientações dos provedores"),
        "guidance",
        later("Senha de aplicativo, POP e o que mais Gmail, Outlook, Yahoo e outros pedem"),
    ),
    Command(
        "app.manual",
        "f6",
        later("Manual"),
        "manual",
        later("Os capítulos, e uma busca em todos"),
    ),
    Command(
        "app.partner",
        "p",
        later("InvoiCy Mail do parceiro"),
        "partner",
        later("O relay por onde saem os e-mails das empresas com InvoiCy Mail"),
        when=lambda app: app.desk.ready.is_set() and app.desk.actor.is_partner,
    ),
    Command(
        "app.recipients",
        "R",
        later("Quem recebe?"),
        "recipients",
        later("Os destinatários exatos de um tipo de uma empresa, sem enviar nada"),
        when=lambda app: app.screen_key != "notification_emails",
    ),
    Command(
        "app.arrived",
        "A",
        later("Chegou?"),
        "arrived",
        later("O recibo de uma mensagem lida, por chave de acesso, UIDL ou número"),
    ),
    Command(
        "app.language",
        "I",
        later("Idioma (language): English"),
        "language",
        later("O programa inteiro em inglês, agora e nas próximas vezes"),
        when=lambda app: app.can_change_language,
    ),
    Command("app.theme", "f9", later("Tema"), "change_theme", when=lambda app: not app.no_color),
    # Before the focused widget sees them: what is typed right after Tab belongs to the next field.
    Command("app.next", "tab", later("Próximo campo"), "focus_next", palette=False, priority=True),
    Command(
        "app.previous",
        "shift+tab",
        later("Campo anterior"),
        "focus_previous",
        palette=False,
        priority=True,
    ),
    Command(
        "app.palette",
        "ctrl+p",
        later("Paleta"),
        "command_palette",
        palette=False,
        priority=True,
    ),
    Command("app.quit", "f10,ctrl+q", later("Sair"), "leave", order=95, priority=True),
)
