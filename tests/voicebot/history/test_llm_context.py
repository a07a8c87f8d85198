"""The context of the model: its messages are turns, and leave it by their numbers."""

from django.utils import timezone

from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Past, Turn
from voicebot.history.llm_context import ContextHistory, mark_cut_off

NOW = timezone.now()


def turn(number: int, text: str = "", *, interrupted: bool = False) -> Turn:
    return Turn(number, "user" if number % 2 else "assistant", text or f"turn {number}", interrupted, NOW)


def past(*turns: Turn) -> Past:
    return Past("", Coverage(), turns)


def test_the_past_becomes_messages_and_a_cut_off_turn_says_so():
    history = ContextHistory(past(turn(1, "Tell me"), turn(2, "Once upon a", interrupted=True)))
    assert history.context.get_messages() == [
        {"role": "user", "content": "Tell me"},
        {"role": "assistant", "content": "Once upon a —"},
    ]


def test_a_reply_that_was_cut_off_is_marked_in_the_models_context():
    history = ContextHistory(past())
    for role, content in (("user", "Tell me"), ("assistant", "Once upon a"), ("user", "Once upon a")):
        history.context.add_message({"role": role, "content": content})
    mark_cut_off(history.context, "Once upon a")
    assert history.said() == ["Tell me", "Once upon a —", "Once upon a"]


def add(history: ContextHistory, said: Turn) -> None:
    history.context.add_message({"role": said.role, "content": said.text})


def test_messages_leave_by_the_number_of_their_turn_though_all_say_the_same():
    history = ContextHistory(past(turn(1, "yes"), turn(2, "yes")))
    for number in range(3, 9):
        add(history, turn(number, "yes"))
        history.note(turn(number, "yes"))
    for upto, left in ((0, 8), (1, 7), (5, 3), (5, 3), (8, 0)):
        history.forget(upto)
        assert len(history.said()) == left


def test_a_turn_that_is_known_before_its_message_is_found_when_it_comes():
    history = ContextHistory(past())
    history.note(turn(1, "typed"))
    add(history, turn(1, "typed"))
    add(history, turn(2, "answer"))
    history.note(turn(2, "answer"))
    history.forget(1)
    assert history.said() == ["answer"]


def test_what_has_no_number_goes_with_what_follows_it_and_never_takes_a_later_turn_along():
    history = ContextHistory(past(turn(1)))
    history.context.add_message({"role": "assistant", "tool_calls": [{"id": "1"}]})
    history.context.add_message({"role": "tool", "content": "42"})
    for number in (2, 3):
        add(history, turn(number))
        history.note(turn(number))
    add(history, turn(4))  # nobody has said yet that it is a turn
    history.forget(2)
    assert history.said() == ["turn 3", "turn 4"]
    history.forget(100)
    assert history.said() == ["turn 4"], "only what is known to be covered goes"


def test_a_message_out_of_order_stays_rather_than_one_that_is_not_covered_going():
    history = ContextHistory(past())
    for number in (1, 4, 2, 3):
        add(history, turn(number))
        history.note(turn(number))
    history.forget(3)
    assert history.said() == ["turn 4", "turn 2", "turn 3"]
