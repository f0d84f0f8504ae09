"""Widgets whose template is ours."""

from bs4 import BeautifulSoup

from hotline.models import Unit
from tests.factories.hotline import CentreFactory
from tickets.forms import ActForm, UnitField


class NameAUnit(ActForm):
    unit = UnitField(label="承办单位", units=Unit.objects.none())

    def prepare(self):
        self.fields["unit"].units = Unit.objects.all()


def test_a_unit_is_typed_beside_a_list_to_choose_from(db):
    unit = CentreFactory()

    page = BeautifulSoup(str(NameAUnit(found=None)["unit"]), "html.parser")

    assert page.input["list"] == page.datalist["id"] == "id_unit_list"
    assert [option["value"] for option in page.datalist("option")] == [unit.name]
