"""The one exception that the command line turns into a single line for the user."""


class UserError(Exception):
    """Something the user can mend. The message is one line: what is wrong, where, and the remedy."""
