"""What goes on every day, and where help is."""

from __future__ import annotations

from tests.demo.album.page import Part, Picture

PARTS = (
    Part(
        ("Operação", "Operation"),
        (
            Picture(
                "outbox",
                ("Fila de envio", "Outbox"),
                (
                    (
                        "Todo e-mail a caminho e os que já saíram; embaixo, por que o que está sob o "
                        "cursor espera."
                    ),
                    (
                        "Every e-mail on its way and those that have left; below, why the one under "
                        "the cursor waits."
                    ),
                ),
                (("6",),),
            ),
            Picture(
                "outbox_entry",
                ("Um e-mail da fila", "An e-mail of the outbox"),
                (
                    "O resultado de cada destinatário, com as palavras do servidor.",
                    "Each recipient's outcome, in the server's words.",
                ),
                (("6",), ("end",), ("up",) * 5, ("enter",)),
            ),
            Picture(
                "sending_ways",
                ("Caixas de envio", "Sending mailboxes"),
                (
                    (
                        "`p` na fila: por quais caixas os e-mails da empresa podem sair agora, e "
                        "por que outra não."
                    ),
                    (
                        "`p` in the outbox: by which mailboxes the company's e-mails may leave "
                        "now, and why not by another."
                    ),
                ),
                (("6",), ("down",), ("p",)),
            ),
            Picture(
                "documents",
                ("Documentos", "Documents"),
                (
                    "O que foi importado, de quem e para qual empresa.",
                    "What was imported, from whom and for which company.",
                ),
                (("7",),),
            ),
            Picture(
                "document",
                ("Um documento", "A document"),
                (
                    "Com as verificações: chave, esquema, assinatura, certificado e protocolo.",
                    "With its checks: key, schema, signature, certificate and protocol.",
                ),
                (("7",), ("enter",)),
            ),
            Picture(
                "send_document",
                ("Enviar por e-mail", "Send by e-mail"),
                (
                    "Aos endereços que o documento traz ou a outros, com o XML anexado.",
                    "To whom the document names or to others, with the XML attached.",
                ),
                (("7",), ("down",) * 4, ("m",), "contador@escritorio.example"),
            ),
            Picture(
                "quarantine",
                ("Quarentena", "Quarantine"),
                (
                    (
                        "O que não pôde ser importado, e o motivo; `v` vincula a empresa do documento "
                        "e importa."
                    ),
                    (
                        "What could not be imported, and why; `v` links the document's company and "
                        "imports it."
                    ),
                ),
                (("8",),),
            ),
            Picture(
                "quarantine_item",
                ("Um item da quarentena", "An item of quarantine"),
                (
                    "A mensagem como veio: cabeçalhos, partes e começo do XML.",
                    "The message as it came: headers, parts and the beginning of the XML.",
                ),
                (("8",), ("enter",)),
            ),
            Picture(
                "choose_owner",
                ("Documento de várias empresas", "A document of several companies"),
                (
                    (
                        "`v` em um documento que cita mais de uma empresa do parceiro: qual "
                        "vincular à caixa."
                    ),
                    (
                        "`v` on a document that names more than one of the partner's companies: "
                        "which to link to the mailbox."
                    ),
                ),
                (("8",), ("v",)),
                before="astray",
            ),
            Picture(
                "arrived",
                ("Chegou?", "Did it arrive?"),
                (
                    "`A`: o recibo de uma mensagem, por chave de acesso, UIDL ou número.",
                    "`A`: a message's receipt, by access key, UIDL or number.",
                ),
                (("A",), "past00001010", ("enter",)),
            ),
            Picture(
                "health",
                ("Saúde", "Health"),
                (
                    (
                        "As caixas paradas, desde quando, por quê, quem isso atinge e o que fazer; no "
                        "alto, as últimas 24 horas e os últimos 30 dias."
                    ),
                    (
                        "The mailboxes that are down, since when, why, whom that hits and what to do; "
                        "at the top the last 24 hours and 30 days."
                    ),
                ),
                (("9",),),
            ),
            Picture(
                "incidents",
                ("Um incidente", "An incident"),
                (
                    (
                        "O mesmo código em várias caixas em poucos minutos é uma causa só; Espaço "
                        "a desdobra."
                    ),
                    (
                        "The same code on several mailboxes within minutes is one cause; Space "
                        "unfolds it."
                    ),
                ),
                (("9",), ("space",)),
                before="revoked",
            ),
            Picture(
                "activity",
                ("Movimento", "Activity"),
                (
                    "O que cada caixa enviou, leu e em que falhou, por hora e por dia.",
                    "What each mailbox has sent, read and failed at, by hour and by day.",
                ),
                (("9",), ("m",)),
            ),
            Picture(
                "arrivals",
                ("Chegadas", "Arrivals"),
                (
                    "Documentos esperados e recebidos, por empresa.",
                    "Documents expected and come, by company.",
                ),
                (("9",), ("p",)),
            ),
            Picture(
                "agenda",
                ("Vencimentos", "Expiries"),
                (
                    "As contas Microsoft: quando foram renovadas e quando vencem.",
                    "The Microsoft accounts: when they were renewed and when they end.",
                ),
                (("9",), ("v",)),
            ),
            Picture(
                "audit",
                ("Auditoria", "Audit"),
                (
                    "Quem mudou o quê, e quando.",
                    "Who changed what, and when.",
                ),
                (("0",),),
            ),
            Picture(
                "audit_entry",
                ("Uma alteração", "A change"),
                (
                    "O antes e o depois, sem segredos.",
                    "Before and after, without secrets.",
                ),
                (("0",), ("enter",)),
            ),
            Picture(
                "bell",
                ("Notificações", "Notifications"),
                (
                    "O sino: o que aconteceu, do mais novo ao mais antigo, chegando ao vivo.",
                    "The bell: what happened, newest first, coming in live.",
                ),
                (("b",),),
            ),
            Picture(
                "bell_entry",
                ("Uma notificação", "A notification"),
                (
                    "O que houve e o que fazer, com as teclas que levam à causa.",
                    "What happened and what to do, with the keys that lead to the cause.",
                ),
                (("b",), ("down", "down"), ("enter",)),
            ),
            Picture(
                "bell_news",
                ("Uma boa notícia", "Good news"),
                (
                    "O que correu bem também fica no sino, para quem quer conferir.",
                    "What went well is in the bell too, for whoever wishes to make sure.",
                ),
                (("b",), ("down",) * 5, ("enter",)),
            ),
            Picture(
                "bell_filter",
                ("Filtrar notificações", "Filtering notifications"),
                (
                    "Por empresa, tipo e gravidade.",
                    "By company, type and severity.",
                ),
                (("b",), ("f",)),
            ),
        ),
    ),
    Part(
        ("Ajuda e primeiros passos", "Help and first steps"),
        (
            Picture(
                "help",
                ("Ajuda", "Help"),
                (
                    "`?`: para que serve a tela e todas as teclas dela.",
                    "`?`: what the screen is for, and all its keys.",
                ),
                (("1",), ("question_mark",)),
                1,
            ),
            Picture(
                "field_help",
                ("Ajuda de um campo", "Help of a field"),
                (
                    "F1 em um formulário começa pela regra do campo em que se está.",
                    "F1 in a form begins with the rule of the field in hand.",
                ),
                (("1",), ("e",), ("tab",) * 4, ("f1",)),
                1,
            ),
            Picture(
                "manual",
                ("Manual", "Manual"),
                (
                    "F6: os capítulos, e uma busca em todos.",
                    "F6: the chapters, and a search over all of them.",
                ),
                (("f6",),),
            ),
            Picture(
                "manual_chapter",
                ("Um capítulo do manual", "A chapter of the manual"),
                (
                    "Abre no capítulo da tela em que se estava.",
                    "It opens at the chapter of the screen that one came from.",
                ),
                (("f6",), ("enter",)),
            ),
            Picture(
                "confirm",
                ("Perguntas", "Questions"),
                (
                    "Nada se perde sem uma pergunta que diz o que vai acontecer.",
                    "Nothing is lost without a question that says what will happen.",
                ),
                (("1",), ("x",)),
                1,
            ),
            Picture(
                "wizard",
                ("Primeira execução", "First run"),
                (
                    "O parceiro e você: é o que se pergunta onde nada está cadastrado.",
                    "The partner and you: what is asked where nothing is registered.",
                ),
                first_run=True,
            ),
            Picture(
                "first_steps",
                ("Primeiros passos", "First steps"),
                (
                    "Da primeira empresa ao primeiro e-mail; quem para no meio continua dali.",
                    (
                        "From the first company to the first e-mail; whoever stops half-way goes on "
                        "from there."
                    ),
                ),
                ("Contabilidade Exemplo", ("tab",), "DEMO-123", ("tab",), "ana", ("f2",)),
                first_run=True,
            ),
        ),
    ),
)
