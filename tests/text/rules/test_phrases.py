import pytest

from sm_jax.text.rules.phrases import parse_contacts


def said(text: str) -> set[tuple]:
    return {(t.order, t.side_a, t.region_a, t.side_b, t.region_b) for t in parse_contacts(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They shake hands.", {("each", "right", "hand", "right", "hand")}),
        ("two people hold hands and turn", {("each", None, "hand", None, "hand")}),
        ("He puts his left hand on her right shoulder", {("either", "left", "hand", "right", "shoulder")}),
        ("an arm around her waist", {("either", None, "forearm", None, "waist")}),
        ("her hand rests gently on his lower back", {("either", None, "hand", None, "waist")}),
        (
            "The second person grabs the first one's wrist with his left hand",
            {("person 1", "left", "hand", None, "forearm")},
        ),
        ("Person A waves, person B pats the other's back", {("person 1", None, "hand", None, "back")}),
        (
            "both hands on each other's shoulders",
            {("each", "left", "hand", None, "shoulder"), ("each", "right", "hand", None, "shoulder")},
        ),
        ("they exchange a high-five", {("each", None, "hand", None, "hand")}),
        ("one pushes the other", {("either", None, "hand", None, "chest")}),
        ("she kicks him", {("either", None, "foot", None, "thigh")}),
        ("taking her by the hand", {("either", None, "hand", None, "hand")}),
        ("one drags the other person along by the left hand", {("either", None, "hand", "left", "hand")}),
        ("she leads the man slowly by the right arm", {("either", None, "hand", "right", "forearm")}),
        ("he pats the other man on the back", {("either", None, "hand", None, "back")}),
        ("One holds both hands of the other", {("each", None, "hand", None, "hand")}),
        ("she hands something over", {("each", None, "hand", None, "hand")}),
    ],
)
def test_contacts_of_a_sentence(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("The person on the left puts a hand on the other's shoulder.", "left"),
        ("the woman standing on the right has a hand on his back", "right"),
        ("the left dancer holds the other's wrist", "left"),
        ("the rightmost man touches her face", "right"),
        ("a hand on the left shoulder", "either"),
        ("he puts his right hand on her left shoulder", "either"),
        ("she puts a hand on the left person's shoulder", "right"),
        ("a hand on the second person's back", "person 0"),
        ("he grabs person 1 by the wrist", "person 0"),
        ("person 0 grabs the other by the wrist", "person 0"),
        ("for a second he puts a hand on her back", "either"),
        ("The one on the left waits, the other puts a hand on her back", "right"),
        ("The first person waits, the other's hand on her back", "person 0"),
        ("a hand on each other's back", "each"),
        ("The second person is pushed back by the first person", "person 0"),
        ("the first person gets a pat on the back from the other", "person 1"),
        ("the first person is next to the second and pats his back", "person 0"),
    ],
)
def test_who_touches(text, order):
    assert {touch.order for touch in parse_contacts(text)} == {order}


def test_a_hug_is_chests_and_both_arms():
    assert said("two people hug") == said("a couple embraces")
    assert ("each", None, "chest", None, "chest") in said("they hug each other")
    assert ("each", "left", "hand", None, "back") in said("they hug each other")


@pytest.mark.parametrize(
    "text",
    [
        "they dance",
        "they stand without touching hands",
        "they don't hold hands",
        "he has a hand on his own head",
        "both stand with hands on hips",
        "a huge man pulls back",
        "she takes the lead",
        "",
    ],
)
def test_no_contact_where_none_is_said(text):
    assert not parse_contacts(text)


def test_a_denial_ends_with_its_clause():
    assert said("they nearly kiss, then shake hands") == said("they shake hands")


def test_a_kick_is_brief_and_a_hold_is_not():
    assert [t.brief for t in parse_contacts("they kick")] == [True]
    assert [t.brief for t in parse_contacts("they hold hands")] == [False]


@pytest.mark.parametrize(
    "text",
    [
        "One punches and the other dodges.",
        "The first person punches, the second person ducks.",
        "The first person kicks. The other evades the kick.",
        "he kicks but misses",
        "He kicks... The other dodges.",
        "She sidesteps, avoiding his punch",
        "The second person dodges as the first one kicks",
        "One pushes, then the other dodges",
        "he fails to slap him",
    ],
)
def test_what_is_evaded_does_not_touch(text):
    assert not parse_contacts(text)


def test_only_the_evaded_blow_is_left_out():
    assert said("He punches, she dodges, then she kicks him") == said("she kicks him")
    assert said("They hold hands. One punches and the other dodges.") == said("they hold hands")
    assert said("She ducks and puts a hand on his back") == said("she puts a hand on his back")
    assert said("One slaps the other. Then he kicks and misses.") == said("one slaps the other")
    assert said("They dance near a duckling, then kiss") == said("they kiss")
