"""Where the checks find what they look at in a document of some kind (R40)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Layout:
    """A table of paths; each kind has one for every root element that it reads.

    ``body`` leads from the root to the element that has the signature, ``covered`` is the child of
    it that is signed. All other paths start at ``covered``, but ``answer`` and ``answered_key``,
    which start at the root and at the answer. An empty path says that there is no such thing.
    """

    covered: str
    body: str = "."
    prefix: str = ""
    """What stands before the key in the Id of ``covered``; not used where there is ``key``."""
    key: str = ""
    key_form: Literal["44", "50", ""] = "44"
    stated: Mapping[str, str] = field(default_factory=dict)
    """Parts of the key, by their names in an access key, and where the document says the same."""
    signers: tuple[str, ...] = ()
    """Where the CNPJ or CPF of those stands who may sign; of an authority's system none."""
    by_system: bool = False
    """Signed by the system that made it, whoever issued it."""
    by_authority: range = range(0)
    """Series whose documents SEFAZ makes and may sign for others."""
    signed_at: tuple[str, ...] = ()
    """Date and time of issue, in one element or two."""
    answer: str = ""
    answered_key: str = ""
    answered_at: str = ""
    schema: str = ""
    """Folder and file in nfelib, without the version: ``cte/procCTe``."""
    schemas: Mapping[str, str] = field(default_factory=dict)
    """The same by type of event, before ``schema``; ``schema_by`` says where the type stands."""
    schema_by: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions that the schema of another one is made for too."""
    inside: str = ""
    """What the schema lets pass unseen and has a schema of its own, by its local name: the element
    round it, and in ``inner`` folder and file. ``ev*`` is found by name in the folder ``events``."""
    inner: Mapping[str, str] = field(default_factory=dict)
    events: str = ""
