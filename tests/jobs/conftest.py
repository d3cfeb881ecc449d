"""The command line in this process, where its own process is not what is tested."""

from __future__ import annotations

from tests.cli.conftest import bare  # noqa: F401 - fixtures are found by name here
