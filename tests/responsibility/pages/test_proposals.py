"""What rulings propose to the list: taken into a draft by an item that names the ticket, or dismissed with a reason."""

import pytest

from responsibility import services
from responsibility.models import DutyItem, ItemProposal
from responsibility.services.items import ItemChange, Seen, write_changes
from responsibility.states import ItemAct
from tests.factories.hotline import UnitFactory
from tests.responsibility.pages.conftest import NOW, soup, text_of, typed

WHERE = "/duty-lists/proposals/"


def propose(number="GZ261109000012", **fields):
    words = {
        "title": "高架桥下路灯不亮",
        "text": "致电 13807971234 的路段路灯全灭。",
        "kind": "complaint",
        "category": None,
        "unit": UnitFactory(name="赣州市市政工程中心", short_name="市市政中心"),
        "item": None,
        "grounds": "谁管护谁负责。",
    }
    return services.propose_item(ticket_number=number, at=NOW, **(words | fields))


def test_a_ticket_is_proposed_once_and_without_personal_data(db):
    first = propose()

    assert propose().pk == first.pk
    assert "13807971234" not in first.text


def test_it_is_taken_by_an_item_whose_form_is_filled_in(draft, as_):
    item = draft.items.get(code="CG-01")
    proposal = propose(category=item.category, item=item)
    client = as_("administrator")
    row = soup(client.get(WHERE)).select_one("main tbody tr")
    [add, change, _] = [link["href"] for link in row.select("a.btn")]

    form = client.get(add).context["form"]
    assert {name: form.initial[name] for name in ("title", "category", "kinds", "ticket_number")} == {
        "title": "高架桥下路灯不亮",
        "category": item.category.code,
        "kinds": ["complaint"],
        "ticket_number": proposal.ticket_number,
    }
    assert form.initial["lead_unit"] == "市市政中心"
    page = client.get(change)
    assert page.context["form"].initial["ticket_number"] == proposal.ticket_number
    client.post(change, typed(page) | {"title": "路灯、桥下照明不亮"})

    proposal.refresh_from_db()
    assert (proposal.state, proposal.duty_list) == ("taken", draft)
    assert "市市政中心首办，办结无异议" in draft.item_events.get(code="CG-01").reason
    assert "已纳入草稿" in text_of(soup(client.get(WHERE + "?s=taken")).select_one("main"))


def test_a_sheet_that_names_the_ticket_takes_it(draft):
    proposal = propose()

    write_changes(
        list_id=draft.pk,
        seen=Seen(draft.changed_at, None),
        changes=[ItemChange("CG-01", ItemAct.CHANGE, {"title": ["路灯不亮", "路灯、桥下照明不亮"]})],
        reason="纳入清单。",
        ticket_number=proposal.ticket_number,
        by=None,
        at=NOW,
        told=lambda count: None,
    )

    proposal.refresh_from_db()
    assert (proposal.state, proposal.duty_list) == ("taken", draft)


def change(draft, code, proposal):
    services.change_item(
        list_id=draft.pk,
        code=code,
        values={"title": f"{code} 桥下照明"},
        reason="纳入。",
        ticket_number=proposal.ticket_number,
        by=None,
        at=NOW,
    )


def test_to_take_an_item_out_takes_nothing_in(draft, as_):
    proposal = propose()

    as_("administrator").post(
        f"/duty-lists/{draft.pk}/items/CG-01/remove/",
        {"reason": "裁定不再单列。", "ticket_number": proposal.ticket_number},
    )

    proposal.refresh_from_db()
    assert (proposal.state, proposal.duty_list) == ("pending", None)
    assert draft.item_events.get(code="CG-01").ticket_number == proposal.ticket_number


def test_what_an_item_was_taken_up_for_asks_again_when_the_last_such_item_goes(draft, as_):
    proposal = propose()
    change(draft, "CG-01", proposal)
    change(draft, "CG-02", proposal)
    client = as_("administrator")

    client.post(f"/duty-lists/{draft.pk}/items/CG-01/remove/", {"reason": "并入。", "ticket_number": ""})
    proposal.refresh_from_db()
    after_one = proposal.state
    client.post(f"/duty-lists/{draft.pk}/items/CG-02/remove/", {"reason": "并入。", "ticket_number": ""})

    proposal.refresh_from_db()
    assert (after_one, proposal.state, proposal.duty_list, proposal.decided_at) == ("taken", "pending", None, None)
    assert "GZ261109000012 的提请没有别的事项承接，重新等待决定。" in text_of(
        soup(client.get(f"/duty-lists/{draft.pk}/"))
    )


def test_a_sheet_that_only_takes_out_lets_it_ask_again(draft):
    proposal = propose()
    change(draft, "CG-01", proposal)
    draft.refresh_from_db()

    write_changes(
        list_id=draft.pk,
        seen=Seen(draft.changed_at, None),
        changes=[ItemChange("CG-01", ItemAct.REMOVE, {})],
        reason="不要了。",
        ticket_number=proposal.ticket_number,
        by=None,
        at=NOW,
        told=lambda count: None,
    )

    proposal.refresh_from_db()
    assert (proposal.state, proposal.duty_list) == ("pending", None)


def test_a_dropped_draft_lets_it_ask_again(draft):
    proposal = propose()
    change(draft, "CG-01", proposal)
    assert ItemProposal.objects.get().state == "taken"

    services.drop_draft(list_id=draft.pk, reason="不改了。", by=None, at=NOW)

    proposal.refresh_from_db()
    assert (proposal.state, proposal.duty_list, proposal.decided_at) == ("pending", None, None)


def test_it_is_dismissed_with_a_reason_once(draft, as_):
    proposal = propose()
    client = as_("administrator")
    address = f"{WHERE}{proposal.pk}/dismiss/"

    assert client.post(address, {"words": ""}).status_code == 422
    client.post(address, {"words": "个案，不成类。"})

    proposal.refresh_from_db()
    assert (proposal.state, proposal.decision_reason) == ("dismissed", "个案，不成类。")
    again = client.post(address, {"words": "再写。"})
    assert (again.status_code, "的提请不纳入，不能再决定。" in again.content.decode()) == (422, True)


def test_whoever_only_reads_the_list_is_offered_nothing(draft, as_):
    propose()

    page = soup(as_("dispatcher").get(WHERE))

    assert page.select("main tbody a.btn") == []
    assert text_of(page.select_one("main tbody td a")) == "GZ261109000012"


def test_the_page_of_lists_says_how_many_wait(draft, as_):
    propose()

    assert text_of(soup(as_("administrator").get("/duty-lists/")).select_one(f'a[href="{WHERE}"] b')) == "1"


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_list(draft, as_, django_assert_num_queries, count):
    for n in range(count):
        propose(f"GZ26110900001{n}", item=DutyItem.objects.first())
    client = as_("administrator")
    client.get(WHERE)

    with django_assert_num_queries(6):
        client.get(WHERE)


def test_pages_follow_each_other(draft, as_, monkeypatch):
    monkeypatch.setattr("responsibility.selectors.PAGE_ROWS", 2)
    for n in range(3):
        propose(f"GZ26110900001{n}")
    client = as_("administrator")

    first = client.get(WHERE)
    second = client.get(WHERE + first.context["next_url"])

    assert [row.ticket_number[-1] for row in (*first.context["rows"], *second.context["rows"])] == ["2", "1", "0"]
    assert second.context["next_url"] == ""
