"""Two managers, each of whom moves one code to the other's. Slow: real transactions, real threads."""

import threading

import pytest
from django.db import connection, transaction

from channels_merge import selectors, services
from channels_merge.models import PlaceCode
from channels_merge.services.codes import CodeRefused
from tests.channels_merge.codes.conftest import make, make_town
from tests.factories.channels_merge import NOON
from tests.races import PATIENCE, wait_for_somebody_to_wait

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_codes_moved_to_each_other_at_once_do_not_lead_round_for_ever():
    town = make_town()
    first, second = make(town), make(town, name="另一部电梯")
    said = []

    def move_back():
        try:
            services.move_code(code_id=second.pk, token=first.token, reason="重印", by=town.manager, at=NOON)
        except CodeRefused as refused:
            said.append(str(refused))
        finally:
            connection.close()

    with transaction.atomic():
        services.move_code(code_id=first.pk, token=second.token, reason="重印", by=town.manager, at=NOON)
        thread = threading.Thread(target=move_back)
        thread.start()
        wait_for_somebody_to_wait()
        assert thread.is_alive()
    thread.join(PATIENCE)

    assert said == [f"没有在用的便民码“{first.token}”，请先建好新码。"]
    assert list(PlaceCode.objects.order_by("pk").values_list("state", flat=True)) == ["moved", "active"]
    assert selectors.where_it_leads(PlaceCode.objects.get(pk=first.pk)) == second
