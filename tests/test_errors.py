from sm_jax.errors import UserError


def test_a_message_is_one_line_whatever_others_say():
    message = "a\nb.npz: cannot be read (two\r\nlines\u2028and a third); give another"
    assert str(UserError(message)) == "a b.npz: cannot be read (two lines and a third); give another"
