"""The least that a Textual program can be: the unit in which a start is measured."""

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, Static


class Bare(App[None]):
    """A title, a line, a footer."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("carteiro carteiro carteiro")
        yield Footer()


if __name__ == "__main__":
    Bare().run()
