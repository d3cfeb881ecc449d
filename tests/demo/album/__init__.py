"""What the documentation pictures, in the order of its pages."""

from __future__ import annotations

from tests.demo.album import company, operation, partner

PARTS = (*company.PARTS, *partner.PARTS, *operation.PARTS)
