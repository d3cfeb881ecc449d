"""The partner's settings."""

from __future__ import annotations

from tests.demo.album.page import Part, Picture

_TABLE = """cnpj,apelido,razao_social,email_notificacao
99000001000101,Matriz 01,Padaria 01 Exemplo Ltda,fiscal@empresa01.example
99000041000145,Floricultura 41,Floricultura 41 Exemplo Ltda,avisos@empresa41.example
99000041000100,Sapataria 42,Sapataria 42 Exemplo Ltda,avisos@empresa42.example
"""


_FOUND = (("2",), ("slash",), ("tab", "tab"), "atendimento", ("enter",))
"""The same server in both languages, whose lists are in another order."""

PARTS = (
    Part(
        ("Configurações do Parceiro", "The partner's settings"),
        (
            Picture(
                "servers",
                ("Servidores de E-mail", "E-mail Servers"),
                (
                    (
                        "Todas as contas do parceiro, suas e das empresas, e quantas empresas usam "
                        "cada uma."
                    ),
                    (
                        "Every account of the partner, its own and its companies', and how many "
                        "companies use each."
                    ),
                ),
                (("2",),),
            ),
            Picture(
                "servers_filter",
                ("Filtrar servidores", "Filtering servers"),
                (
                    (
                        "`/`: por CNPJ, apelido da empresa, endereço e usuário, um só ou juntos; "
                        "acentos, maiúsculas e máscaras não importam."
                    ),
                    (
                        "`/`: by CNPJ, the company's nickname, address and user, one or together; "
                        "accents, case and masks do not matter."
                    ),
                ),
                (("2",), ("slash",), ("tab", "tab"), "empresa01"),
            ),
            Picture(
                "server_form",
                ("Formulário do servidor", "The server's form"),
                (
                    (
                        "De envio, de leitura ou ambos; um servidor já cadastrado para o mesmo "
                        "endereço preenche as opções avançadas."
                    ),
                    (
                        "For sending, reading or both; a server already registered for the same host "
                        "fills in the advanced options."
                    ),
                ),
                (*_FOUND, ("e",)),
            ),
            Picture(
                "link_companies",
                ("Vincular Empresas", "Linking companies"),
                (
                    "As empresas que usam o servidor: o filtro acha, Espaço marca, F2 salva.",
                    "The companies that use the server: the filter finds, Space marks, F2 saves.",
                ),
                (*_FOUND, ("v",)),
            ),
            Picture(
                "progress",
                ("Trabalho em lote", "Work in bulk"),
                (
                    "Até onde foi, quanto falta e, no fim, o que foi recusado e por quê.",
                    (
                        "How far it has come, how long it will take and, at the end, what was "
                        "refused and why."
                    ),
                ),
                (("2",), ("space", "down", "space", "down", "space"), ("x",), ("left", "enter")),
                last=True,
            ),
            Picture(
                "notification_emails",
                ("E-mails para Notificações", "Notification E-mails"),
                (
                    "Quem é avisado, de quantas empresas e de quantos tipos.",
                    "Who is told, of how many companies and how many types.",
                ),
                (("3",),),
            ),
            Picture(
                "address_form",
                ("Novo e-mail", "New e-mail"),
                (
                    "Um endereço novo ou o de um usuário.",
                    "A new address or a user's.",
                ),
                (("3",), ("n",), "contabil@parceiro.example"),
            ),
            Picture(
                "choose_user",
                ("Usuário que recebe", "The user who receives"),
                (
                    "F8 com “o de um usuário”: quem tem e-mail no cadastro.",
                    "F8 with “a user's”: whoever has an e-mail in the register.",
                ),
                (("3",), ("n",), ("shift+tab", "right", "f8")),
            ),
            Picture(
                "type_matrix",
                ("Tipos por empresa", "Types by company"),
                (
                    (
                        "O que o endereço recebe de cada empresa; a última linha diz por extenso o que "
                        "está sob o cursor."
                    ),
                    (
                        "What the address receives of each company; the last line spells out what is "
                        "under the cursor."
                    ),
                ),
                (("3",), ("down",), ("y",)),
            ),
            Picture(
                "who_receives",
                ("Quem recebe?", "Who receives?"),
                (
                    (
                        "Os destinatários exatos de um tipo de uma empresa, por que cada um, e por que "
                        "caixa sairia. Nada é enviado."
                    ),
                    (
                        "The exact recipients of a type of a company, why each, and by which mailbox "
                        "it would leave. Nothing is sent."
                    ),
                ),
                (("R",),),
                1,
            ),
            Picture(
                "coverage",
                ("Cobertura", "Coverage"),
                (
                    "As empresas e os tipos que ninguém recebe, e onde um e-mail não sairia.",
                    (
                        "The companies and types that nobody receives, and where an e-mail would not "
                        "leave."
                    ),
                ),
                (("3",), ("l",)),
            ),
            Picture(
                "companies",
                ("Empresas", "Companies"),
                (
                    "O cadastro, com as extensões de cada uma.",
                    "The register, with each one's extensions.",
                ),
                (("4",),),
            ),
            Picture(
                "company_form",
                ("Formulário da empresa", "The company's form"),
                (
                    "Os dados da empresa, quem é avisado e o que ela pode.",
                    "The company's data, who is told, and what it may do.",
                ),
                (("4",), ("e",)),
            ),
            Picture(
                "many_companies",
                ("Alterar em lote", "Change in bulk"),
                (
                    "Liga ou desliga uma extensão nas empresas marcadas ou em todas.",
                    "Switches an extension on or off for the marked companies or for all.",
                ),
                (("4",), ("m",)),
            ),
            Picture(
                "csv_choose",
                ("Escolher a planilha", "Choosing the spreadsheet"),
                (
                    "Cole as linhas copiadas da planilha, ou escolha um arquivo da pasta.",
                    "Paste the lines copied from the spreadsheet, or choose a file of the folder.",
                ),
                (("4",), ("i",)),
            ),
            Picture(
                "csv_plan",
                ("Importar CSV", "CSV import"),
                (
                    "Linha por linha, o que a planilha faria, antes que mude alguma coisa.",
                    "Line by line, what the spreadsheet would do, before anything changes.",
                ),
                (("4",), ("i",), _TABLE),
            ),
            Picture(
                "users",
                ("Usuários", "Users"),
                (
                    "Quem pode entrar, com que papel, e que empresas vê.",
                    "Who may come in, in which role, and which companies they see.",
                ),
                (("5",),),
            ),
            Picture(
                "user_form",
                ("Formulário do usuário", "The user's form"),
                (
                    "A conta do sistema é por onde o Carteiro reconhece a pessoa.",
                    "The system account is how Carteiro knows the person.",
                ),
                (("5",), ("down", "down", "down"), ("e",)),
            ),
            Picture(
                "partner_form",
                ("InvoiCy Mail do parceiro", "The partner's InvoiCy Mail"),
                (
                    "O relay por onde saem os e-mails das empresas com InvoiCy Mail (`p`).",
                    "The relay by which the e-mails of companies with InvoiCy Mail leave (`p`).",
                ),
                (("p",),),
            ),
        ),
    ),
)
