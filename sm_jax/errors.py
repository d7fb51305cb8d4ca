"""The one exception that the command line turns into a single line for the user."""


class UserError(Exception):
    """Something the user can mend. The message is one line: what is wrong, where, and the remedy. Line breaks of file
    names and of other libraries' words become blanks."""

    def __init__(self, message: str):
        super().__init__(" ".join(message.splitlines()))
