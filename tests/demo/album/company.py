"""The first screen, and what belongs to one company."""

from __future__ import annotations

from tests.demo.album.page import Part, Picture

_WAYS_IN = (("1",), ("n",))

PARTS = (
    Part(
        ("Painel de Controle", "Control Panel"),
        (
            Picture(
                "home",
                ("Painel de Controle", "Control Panel"),
                (
                    (
                        "A primeira tela: o que falta fazer e o que acontece agora, cada linha com a "
                        "tecla que leva até lá. O canto superior direito diz em toda tela quantas "
                        "caixas estão paradas e quantas notificações não foram lidas."
                    ),
                    (
                        "The first screen: what is to be done and what goes on now, each line with the "
                        "key that leads there. The top right corner says on every screen how many "
                        "mailboxes are down and how many notifications are unread."
                    ),
                ),
            ),
            Picture(
                "choose_company",
                ("Escolher a empresa", "Choosing the company"),
                (
                    "`c` em qualquer tela: digite parte do apelido, do CNPJ ou da razão social.",
                    "`c` on any screen: type part of the nickname, the CNPJ or the legal name.",
                ),
                (("c",),),
            ),
            Picture(
                "palette",
                ("Paleta", "Palette"),
                (
                    "Ctrl+P procura pelo nome o que se pode fazer ali, empresas, caixas e documentos.",
                    "Ctrl+P finds by name what can be done there, companies, mailboxes, documents.",
                ),
                (("ctrl+p",),),
            ),
            Picture(
                "tour",
                ("Visita guiada da demonstração", "The demonstration's tour"),
                (
                    (
                        "`./carteiro demo` começa por ela: um cartão sobre cada tela, com as teclas a "
                        "experimentar."
                    ),
                    (
                        "`./carteiro demo` begins with it: a card over each screen, with the keys to "
                        "try."
                    ),
                ),
                step=0,
            ),
        ),
    ),
    Part(
        ("Empresa", "Company"),
        (
            Picture(
                "mailboxes",
                ("Caixas de E-mail", "Mailboxes"),
                (
                    (
                        "As caixas de envio e as de leitura da empresa escolhida: cadastrar, testar, "
                        "ordenar, pausar, inativar."
                    ),
                    (
                        "The chosen company's sending and reading mailboxes: register, test, order, "
                        "pause, switch off."
                    ),
                ),
                (("1",),),
                1,
            ),
            Picture(
                "inactivated",
                ("Caixa inativada", "An inactivated mailbox"),
                (
                    (
                        "A que a Microsoft deixou de aceitar diz desde quando, o código, o motivo e a "
                        "tecla que a vincula de novo."
                    ),
                    (
                        "One that Microsoft no longer accepts says since when, the code, the reason, "
                        "and the key that links it again."
                    ),
                ),
                (("1",),),
                14,
            ),
            Picture(
                "by_relay",
                ("Com o InvoiCy Mail", "With InvoiCy Mail"),
                (
                    (
                        "Enquanto a extensão está ligada, os e-mails da empresa saem pelo relay do "
                        "parceiro, e aqui só se muda o nome do remetente."
                    ),
                    (
                        "While the extension is on, the company's e-mails leave by the partner's "
                        "relay, and only the sender name can be changed here."
                    ),
                ),
                (("1",),),
                37,
            ),
            Picture(
                "sender_name",
                ("Nome do remetente", "Sender name"),
                (
                    (
                        "`e` enquanto o InvoiCy Mail está ligado: o nome com que os e-mails da "
                        "empresa saem."
                    ),
                    "`e` while InvoiCy Mail is on: the name that the company's e-mails leave in.",
                ),
                (("1",), ("e",)),
                37,
            ),
            Picture(
                "as_company",
                ("Como a empresa vê", "As the company sees it"),
                (
                    (
                        "Um usuário da empresa vê só o que é dela. Sem permissão para cadastrar, está "
                        "escrito o motivo e a quem pedir."
                    ),
                    (
                        "A company's user sees only what is the company's. Without permission to "
                        "register, the reason stands there, and whom to ask."
                    ),
                ),
                (("1",),),
                18,
                user="semcaixa",
            ),
            Picture(
                "register_way",
                ("Nova caixa", "New mailbox"),
                (
                    "As maneiras de cadastrar uma caixa; a que não é possível diz por quê.",
                    "The ways to register a mailbox; one that is not possible says why.",
                ),
                _WAYS_IN,
                1,
            ),
            Picture(
                "mailbox_form",
                ("Formulário da caixa", "The mailbox's form"),
                (
                    (
                        "Com as opções avançadas abertas (F4). F5 testa o que está na tela, salvo ou "
                        "não; F6 procura o servidor no DNS."
                    ),
                    (
                        "With its advanced options open (F4). F5 tests what is on the screen, saved or "
                        "not; F6 looks the server up in the DNS."
                    ),
                ),
                (("1",), ("e",), ("f4",)),
                1,
            ),
            Picture(
                "discover",
                ("Procurar servidor", "Looking the server up"),
                (
                    (
                        "F6 no formulário: o que o DNS do domínio diz; um servidor de fora dele "
                        "pede confirmação."
                    ),
                    (
                        "F6 in the form: what the domain's DNS says; a server outside it asks to "
                        "be confirmed."
                    ),
                ),
                (*_WAYS_IN, ("2",), ("tab", "tab"), "vendas@empresa01.example", ("f6",)),
                1,
            ),
            Picture(
                "rotate",
                ("Nova senha", "A new password"),
                (
                    (
                        "A senha de uma conta que está em outros cadastros é testada e trocada em "
                        "todos de uma vez."
                    ),
                    (
                        "The password of an account that is registered elsewhere too is tested and "
                        "changed in all at once."
                    ),
                ),
                (("1",), ("e",), ("tab",) * 4, "nova-senha-2026", ("f2",)),
                1,
                last=True,
            ),
            Picture(
                "import_mailbox",
                ("Importar da Matriz", "Import from headquarters"),
                (
                    "Antes de importar, o que sai e o que entra; `z` desfaz por 30 dias.",
                    "Before importing, what goes and what comes; `z` undoes it for 30 days.",
                ),
                (*_WAYS_IN, ("3",), ("enter",)),
                3,
            ),
            Picture(
                "choose_mailbox",
                ("Importar do Parceiro", "Import from the partner"),
                (
                    "Quando o parceiro tem várias caixas, escolhe-se uma.",
                    "Where the partner has several mailboxes, one is chosen.",
                ),
                (*_WAYS_IN, ("4",)),
                3,
            ),
            Picture(
                "resync",
                ("Sincronizar uma cópia", "Synchronising a copy"),
                (
                    (
                        "Quando a origem de uma cópia mudou, `y` mostra o que mudou e iguala a cópia "
                        "a ela."
                    ),
                    (
                        "When the origin of a copy has changed, `y` shows what changed and makes the "
                        "copy like it."
                    ),
                ),
                (("1",), ("y",)),
                2,
            ),
            Picture(
                "email_test",
                ("Testar E-mail", "Test of a mailbox"),
                (
                    "Passo a passo, do DNS ao e-mail entregue, cada um com o tempo que levou.",
                    (
                        "Step by step, from the DNS to the e-mail delivered, each with the time it "
                        "took."
                    ),
                ),
                (("1",), ("t",)),
                1,
            ),
            Picture(
                "failed_test",
                ("Um teste que falha", "A test that fails"),
                (
                    (
                        "O primeiro passo que falha traz a explicação; `e` abre o formulário no campo "
                        "a corrigir, e F7 mostra o que o provedor pede."
                    ),
                    (
                        "The first step that fails brings the explanation; `e` opens the form at the "
                        "field to mend, and F7 shows what the provider asks for."
                    ),
                ),
                (("1",), ("tab",), ("t",)),
                9,
            ),
            Picture(
                "conversation",
                ("Conversa com o servidor", "The conversation with the server"),
                (
                    "`d` em um teste: o que foi dito de lado a lado, sem senhas.",
                    "`d` in a test: what was said on either side, without passwords.",
                ),
                (("1",), ("t",), ("d",)),
                1,
            ),
            Picture(
                "guidance",
                ("Orientações dos provedores", "The providers' guidance"),
                (
                    (
                        "F7: senha de aplicativo, POP e o que mais cada provedor pede, com os nomes "
                        "que as opções têm hoje."
                    ),
                    (
                        "F7: app passwords, POP and whatever else each provider asks for, by the names "
                        "that the options have today."
                    ),
                ),
                (("f7",),),
            ),
            Picture(
                "microsoft_form",
                ("Vincular conta Microsoft", "Link Microsoft account"),
                (
                    "Para contas que entram na Microsoft em vez de ter senha guardada.",
                    "For accounts that sign in at Microsoft instead of having a password kept.",
                ),
                (*_WAYS_IN, ("1",)),
                1,
            ),
            Picture(
                "sign_in",
                ("Entrada na conta Microsoft", "Signing in at Microsoft"),
                (
                    "O endereço e o código a digitar no navegador, ou o QR code para o celular.",
                    "The address and the code to type in the browser, or the QR code for a phone.",
                ),
                (*_WAYS_IN, ("1",), "contas@empresa01.example", ("f2",)),
                1,
            ),
            Picture(
                "sign_in_address",
                ("Entrada por endereço", "Signing in by address"),
                (
                    (
                        "`e`: para onde a organização bloqueia códigos, um endereço a abrir e o "
                        "que dele volta."
                    ),
                    (
                        "`e`: where the organization blocks codes, an address to open and what "
                        "comes back of it."
                    ),
                ),
                (*_WAYS_IN, ("1",), "contas@empresa01.example", ("f2",), ("e",)),
                1,
            ),
            Picture(
                "other_account",
                ("Outra conta", "Another account"),
                (
                    (
                        "F3 ao vincular de novo: outra pessoa entra pela caixa, e os vínculos dela "
                        "ficam."
                    ),
                    (
                        "F3 when linking again: somebody else signs in for the mailbox, and its "
                        "links remain."
                    ),
                ),
                (("1",), ("l",), ("f3",)),
                14,
            ),
            Picture(
                "rehearsal",
                ("Simular leitura", "Dry run of a reading"),
                (
                    "Mensagem por mensagem, o que a leitura faria, sem excluir nem importar nada.",
                    "Message by message, what a reading would do; nothing is deleted or imported.",
                ),
                (("1",), ("tab",), ("d",)),
                1,
            ),
        ),
    ),
)
