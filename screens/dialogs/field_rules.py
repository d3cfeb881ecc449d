"""The rule of each field in plain words, by its name, or by form and name where forms differ.

A form says which it is by its attribute ``rules``; the help of the field with the focus shows what
stands here, after the short hint that the field itself may have.
"""

from __future__ import annotations

from services.language import _


def rule(form: str, name: str) -> str:
    """What the field asks, allows and does; "" where there is nothing to tell."""
    return _of_form().get(f"{form}.{name}") or _common().get(name, "")


def _common() -> dict[str, str]:
    """Fields that mean the same on every form of a mailbox or server."""
    host = _(
        "O nome do servidor, como smtp.empresa.com.br. Vem preenchido quando o provedor é conhecido "
        "ou já há um servidor com esse endereço; o que você digitar não é trocado. F6 procura no "
        "DNS do domínio."
    )
    port = _(
        "As usuais no envio são 587 (STARTTLS) e 465 (SSL/TLS); na leitura, 995 (SSL/TLS) e 110 "
        "(STARTTLS). Acompanha a conexão SSL."
    )
    security = _(
        "SSL/TLS cifra desde o primeiro byte; STARTTLS começa aberta e passa a cifrar antes da "
        "senha. Sem nenhuma das duas, a senha viaja sem proteção: só em rede própria."
    )
    limit = _(
        "Vazio: o limite que o provedor publica. Um número vale no lugar dele; 0 tira o limite. "
        "Atingido, a caixa espera e as outras da empresa continuam."
    )
    return {
        "nickname": _("O nome da caixa nas listas. Não aparece em nenhum e-mail."),
        "sender_name": _("O nome que quem recebe lê ao lado do endereço."),
        "email": _(
            "O endereço da caixa. Por ele se reconhece o provedor, e as opções avançadas vêm "
            "preenchidas. Na mesma empresa, um endereço que envia não pode ser também o de leitura."
        ),
        "username": _(
            "O usuário com que se entra no servidor. Em quase todos os provedores, é o e-mail."
        ),
        "password": _(
            "Gmail, Yahoo, iCloud e outros pedem aqui uma senha de aplicativo, não a da conta: F7 "
            "mostra como gerar. Fica cifrada e não volta a ser mostrada; ao editar, vazia mantém a atual."
        ),
        "active": _(
            "Desmarcada e salva, a caixa deixa de ser usada na hora, também pelos e-mails que já "
            "estão na fila."
        ),
        "host": host,
        "smtp_host": host,
        "pop_host": host,
        "port": port,
        "smtp_port": port,
        "pop_port": port,
        "security": security,
        "smtp_security": security,
        "pop_security": security,
        "authenticate": _(
            "Desligada, não se envia usuário nem senha: só para servidores que reconhecem a rede."
        ),
        "verify_certificate": _(
            "Desligada, qualquer servidor pode se passar por este. Só desligue para um servidor "
            "próprio com certificado autoassinado."
        ),
        "timeout": _(
            "Quantos segundos esperar por uma resposta do servidor antes de desistir e tentar depois."
        ),
        "most_connections": limit,
        "most_per_minute": limit,
        "most_per_day": limit,
        "delete_after": _(
            "Quando a mensagem sai do servidor: nunca antes de os documentos dela estarem salvos "
            "aqui. Deixar cópias enche a caixa e torna cada leitura mais lenta."
        ),
        "delete_days": _("Por quantos dias a mensagem lida continua no servidor: de 1 a 3650."),
        "kind": _(
            "Envio manda os e-mails; leitura importa os documentos que chegam por POP; ambos faz as "
            "duas coisas com a mesma conta."
        ),
        "account": _("A conta Microsoft que entrou. Para mudá-la, use “Vincular de novo”."),
    }


def _of_form() -> dict[str, str]:
    return {
        "server.partner_key": _(
            "A chave do seu parceiro, para que ninguém cadastre no parceiro errado. Outra é recusada."
        ),
        "server.email": _(
            "O endereço da conta. Por ele se reconhece o provedor, e as opções avançadas vêm "
            "preenchidas; também é para ele que o teste envia."
        ),
        "microsoft.email": _(
            "O endereço da caixa. Quem entrar na conta deve ser esta caixa, ou a conta informada em "
            "“Conta que entra”; se for outra pessoa, nada é salvo."
        ),
        "microsoft.account": _(
            "O tipo da conta Microsoft; com o tipo errado, a entrada é recusada."
        ),
        "microsoft.tenant": _("Só contas dessa organização poderão entrar."),
        "microsoft.delegate": _("Preencha só para caixa compartilhada."),
        "microsoft.nickname": _("O nome da caixa nas listas. Não aparece em nenhum e-mail."),
        "company.cnpj": _(
            "Com ou sem máscara; os dígitos verificadores são conferidos. É por ele que um documento "
            "recebido encontra a empresa. Não muda depois de salvo."
        ),
        "company.nickname": _("O nome curto da empresa nas listas e nas buscas."),
        "company.legal_name": _("O nome registrado; vale como remetente quando não há outro."),
        "company.headquarters": _(
            "A matriz deve estar cadastrada e ter a mesma raiz de CNPJ. Com ela, a filial pode "
            "importar a caixa de envio da matriz."
        ),
        "company.notification_email": _(
            "Recebe toda notificação da empresa, inclusive o aviso de que uma caixa parou. Vazio: "
            "só o sino avisa."
        ),
        "company.document_import": _(
            "Ligada, a empresa tem caixas de leitura e os documentos que chegam são importados. "
            "Desligada, a lista de leitura não existe."
        ),
        "company.invoicy_mail": _(
            "Ligado, os e-mails da empresa saem pelo relay do parceiro e não se cadastram caixas "
            "nela; só o nome do remetente pode ser alterado."
        ),
        "company.sender_name": _("O nome que quem recebe lê nos e-mails que saem pelo relay."),
        "company.may_register": _(
            "Se os usuários da própria empresa podem cadastrar e alterar caixas. Desmarcado, só o "
            "parceiro pode, e eles veem a quem pedir."
        ),
        "user.nickname": _("Único; identifica a pessoa na auditoria e em --user."),
        "user.name": _("O nome completo, para quem lê a auditoria."),
        "user.email": _("Pode servir de endereço em E-mails para Notificações."),
        "user.role": _(
            "As telas do parceiro não existem para usuários de empresa; F8 escolhe as empresas "
            "que eles veem."
        ),
        "user.os_account": _("Quem entra no sistema com essa conta é esta pessoa, e mais ninguém."),
        "user.active": _(
            "Desmarcado, a pessoa não entra mais; o que ela fez continua na auditoria."
        ),
        "address.email": _(
            "Recebe os tipos escolhidos das empresas vinculadas. Quem recebe uma notificação vê os "
            "endereços de todos os que a recebem."
        ),
        "address.whose": _("Um endereço novo, ou o de alguém que já é usuário (F8 escolhe quem)."),
        "partner.relay_host": _(
            "O servidor por onde saem os e-mails das empresas com InvoiCy Mail."
        ),
        "partner.relay_port": _("As usuais são 587 (STARTTLS) e 465 (SSL/TLS)."),
        "partner.relay_security": _(
            "SSL/TLS cifra desde o primeiro byte; STARTTLS começa aberta e passa a cifrar antes "
            "da senha. Sem nenhuma das duas, a senha viaja sem proteção: só em rede própria."
        ),
        "partner.relay_user": _("O usuário com que se entra no relay."),
        "partner.relay_email": _("O endereço que vai no remetente de todas essas empresas."),
        "partner.password": _("Fica cifrada e não volta a ser mostrada."),
        "partner.active": _(
            "Desmarcado, as empresas com InvoiCy Mail não enviam: os e-mails esperam na fila."
        ),
        "partner.auto_invoicy_mail": _(
            "As empresas cadastradas daqui em diante já começam com o InvoiCy Mail ativo."
        ),
        "sender.address": _("O endereço do relay do parceiro; só ele o altera."),
        "sender.sender_name": _("O nome que quem recebe lê nos e-mails que saem pelo relay."),
        "import.sender_name": _("Vem da origem; é o único campo da cópia que se altera."),
        "many.scope": _("As marcadas na lista, ou todas as que o filtro encontrou."),
        "many.field": _("O que muda em todas elas; o resto de cada cadastro fica como está."),
        "many.on": _("Sim liga, não desliga. As que já estão assim não mudam."),
        "wizard.partner": _("A empresa que cuida das caixas das outras. Aparece na barra de cima."),
        "wizard.partner_key": _(
            "Escolha uma e guarde: é pedida ao cadastrar servidores, para que ninguém cadastre no "
            "parceiro errado."
        ),
        "wizard.nickname": _("Como você aparece na auditoria. Único em toda a instalação."),
        "wizard.email": _("Recebe o primeiro e-mail, se você deixar; pode ser mudado em Usuários."),
        "send_document.to": _(
            "Vazio, vai aos endereços que o próprio documento traz. Um endereço inválido não "
            "impede os outros."
        ),
        "send_document.danfe": _("A página impressa da nota, em PDF, junto com o XML."),
    }
