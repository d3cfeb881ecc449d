"""What can be done in Caixas de E-mail, and when."""

from __future__ import annotations

from screens.commands import Command
from screens.dialogs.linking import can_relink
from screens.turning import pausing_words, switching_words
from services.language import later
from services.store.models import Function

VERBS: tuple[Command, ...] = (
    Command("mailboxes.new", "n", later("Nova"), "new", order=1, when=lambda s: s.why_not is None),
    Command("mailboxes.edit", "e", later("Editar"), "edit", order=2),
    Command("mailboxes.test", "t", later("Testar"), "test", order=3),
    Command(
        "mailboxes.switch",
        "a",
        later("Ativar"),
        "switch",
        later("Ativa ou inativa a caixa, ou as marcadas"),
        order=6,
        turned=lambda s: switching_words(s.switched),
    ),
    Command(
        "mailboxes.delete",
        "x",
        later("Excluir"),
        "delete",
        later("Retira da empresa a caixa, ou as marcadas"),
        order=7,
    ),
    Command(
        "mailboxes.resync",
        "y",
        later("Sincronizar"),
        "resync",
        later("Iguala a cópia à origem, depois de mostrar o que muda"),
        order=4,
        when=lambda s: s.chosen_has_drifted,
    ),
    Command(
        "mailboxes.undo",
        "z",
        later("Desfazer importação"),
        "undo",
        later("Traz de volta as caixas que a importação tirou"),
        order=5,
        when=lambda s: s.imported is not None and s.imported.why_not is None,
    ),
    Command(
        "mailboxes.relink",
        "l",
        later("Vincular de novo"),
        "relink",
        later("Entra de novo na conta Microsoft; o teste que passa põe a caixa de volta em uso"),
        order=4,
        when=lambda s: can_relink(s.chosen),
    ),
    Command(
        "mailboxes.rehearse",
        "d",
        later("Simular leitura"),
        "rehearse",
        later(
            "Mostra, mensagem por mensagem, o que a leitura faria, sem excluir nem importar nada"
        ),
        order=9,
        when=lambda s: s.chosen is not None and s.chosen.function == Function.READ,
    ),
    Command(
        "mailboxes.pause",
        "p",
        later("Pausar"),
        "pause",
        later("Pausa o envio pela caixa até que alguém o retome, ou o retoma"),
        order=9,
        when=lambda s: s.chosen is not None and s.chosen.function == Function.SEND,
        turned=lambda s: pausing_words(s.chosen),
    ),
    Command("mailboxes.status", "s", later("Situação"), "status"),
    Command("mailboxes.up", "plus", later("Subir na ordem"), "move(-1)", palette=False),
    Command("mailboxes.down", "minus", later("Descer na ordem"), "move(1)", palette=False),
    Command("mailboxes.reload", "r", later("Atualizar"), "reload", palette=False),
    Command("mailboxes.back", "escape,q", later("Voltar"), "app.go('home')", palette=False),
)
