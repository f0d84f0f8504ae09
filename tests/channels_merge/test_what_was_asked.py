"""What a caller was asked keeps its words, and is shown to that caller alone."""

from channels_merge import selectors, services
from tests.factories.channels_merge import make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import TUESDAY
from tests.factories.responsibility import CategoryFactory
from tests.factories.tickets import at, fresh
from tickets import services as tickets

ASKED, GIVEN, LATER = at("11-10 11:00"), at("11-10 12:00"), at("11-10 13:00")


def steps(appeal):
    """(title, words) of the public page, the oldest first."""
    return [(step.title, step.text) for step in reversed(selectors.progress_of(fresh(appeal)).steps)]


def test_a_question_keeps_its_own_words_and_not_those_of_the_answer(city):
    appeal = make_appeal(at=TUESDAY)
    services.need_info(
        appeal_id=appeal.pk, told="请说明是几栋，不是 13807970001，请回 0797-8391234。", by=None, at=ASKED
    )
    services.give_info(appeal_id=appeal.pk, text="三栋。", channel=appeal.channel, by=None, at=GIVEN)
    services.answer_appeal(appeal_id=appeal.pk, category=CategoryFactory(), told="已经停工了。", by=None, at=LATER)

    assert steps(appeal) == [
        ("您提交了诉求", ""),
        ("请您补充情况", "请说明是几栋，不是 138****0001，请回 0797-8391234。"),
        ("您补充了情况", "已记在这件事里，办理的人看得到。"),
        ("已直接答复", "已经停工了。"),
    ]


def test_what_a_unit_asks_one_caller_the_others_do_not_read(city):
    first = make_accepted(at=TUESDAY)
    ticket = ticket_of(first)
    before = make_accepted(at=TUESDAY, ticket_id=ticket.pk, phone="13807970098")
    tickets.ask_information(ticket_id=ticket.pk, question="王丽女士，您家是三栋几单元？", by=city.dispatcher, at=ASKED)
    after = make_accepted(at=GIVEN, ticket_id=ticket.pk, phone="13807970099", name="李四")

    def asked(appeal):
        return [text for title, text in steps(appeal) if text.startswith("王丽") or "补充" in title]

    assert asked(first) == ["王丽女士，您家是三栋几单元？"]
    assert [asked(appeal) for appeal in (before, after)] == [[""], [""]]
