"""What is wrong with a template or with what was put into it."""


class TemplateError(Exception):
    """A template that cannot become blocks; names the template, and the line or the path of the fault."""

    def __init__(self, template: str, reason: str, line: int | None = None, path: str = "") -> None:
        self.template = template
        self.reason = reason
        self.line = line
        self.path = path
        place = f", line {line}" if line is not None else f", {path}" if path else ""
        super().__init__(f"{template}{place}: {reason}")


class Fault(Exception):  # noqa: N818 - it never leaves this package; every level adds its step of the path
    """A fault somewhere in a tree; the path is built while it travels up."""

    def __init__(self, reason: str, *, identifier: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.identifier = identifier
        self.steps: list[str | int] = []

    def at(self, step: str | int) -> "Fault":
        """The same fault, one level further out."""
        self.steps.insert(0, step)
        return self

    @property
    def path(self) -> str:
        """The place of the fault, as in `blocks[2].elements[0].text`."""
        text = ""
        for step in self.steps:
            text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
        return text


class IdentifierError(TemplateError):
    """A value stands where Slack reads an id, an address or a fixed word, and it is none; such values are never cut."""
