"""A command as it is written down."""

import pytest

from sm_jax.cli.parse import command_line


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["a b.mp4", "--text", "it's"], """sm-jax reconstruct 'a b.mp4' --text 'it'"'"'s'"""),
        (["a", "--api-key", "SECRET", "--seed", "1"], "sm-jax reconstruct a --api-key … --seed 1"),
        (["a", "--api_key=SECRET"], "sm-jax reconstruct a --api_key=…"),
        (["a", "--api-key"], "sm-jax reconstruct a --api-key"),
    ],
)
def test_a_key_is_not_written_down(arguments, line):
    assert (
        command_line("sm-jax reconstruct", arguments).replace("'…'", "…").replace("'--api_key=…'", "--api_key=…")
        == line
    )
