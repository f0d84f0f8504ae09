"""The one base of every refusal that a person is told about."""


class DomainError(Exception):
    """A rule of the hotline refused the act. The message is a Chinese sentence for the user."""

    def __init__(self, message: str = "") -> None:
        self.message = message or self.message
        super().__init__(self.message)

    message = "该操作不能执行。"

    def __str__(self) -> str:
        return self.message
