"""Widgets whose template is ours."""

from bs4 import BeautifulSoup

from hotline.models import Unit
from tests.factories.hotline import CentreFactory, UnitFactory
from tickets.fields import UnitField
from tickets.forms import ActForm


class NameAUnit(ActForm):
    unit = UnitField(label="承办单位", units=Unit.objects.none())

    def prepare(self):
        self.fields["unit"].units = Unit.objects.all()


def test_a_unit_is_typed_beside_a_list_to_choose_from(db):
    unit = CentreFactory()

    page = BeautifulSoup(str(NameAUnit(found=None)["unit"]), "html.parser")

    assert page.input["list"] == page.datalist["id"] == "id_unit_list"
    assert [(option["value"], option["label"]) for option in page.datalist("option")] == [(unit.name, unit.short_name)]


def test_a_part_of_a_name_is_proposed_and_not_taken(db):
    names = [("赣州市市场监督管理局", "市市场监管局"), ("赣县区市场监督管理局", "赣县区市场监管局")]
    units = [UnitFactory(name=name, short_name=short) for name, short in names]

    def said(typed):
        form = NameAUnit({"unit": typed}, found=None)
        return form["unit"].errors or form.cleaned_data["unit"]

    assert said("市市场监管局") == units[0]
    assert said("市场监管局") == [
        "“市场监管局”没有写全，可能是：赣州市市场监督管理局、赣县区市场监督管理局。请从列表中选择。"
    ]
    assert said("赣县区市场") == ["“赣县区市场”没有写全，可能是：赣县区市场监督管理局。请从列表中选择。"]
    assert said("气象局") == ["没有名为“气象局”的单位，请从列表中选择。"]


def test_a_unit_that_cannot_be_chosen_here_is_not_said_to_be_missing(db):
    UnitFactory(name="赣州市气象局", short_name="气象局", kind="oversight")
    form = NameAUnit({"unit": "气象局"}, found=None)
    form.fields["unit"].units = Unit.objects.exclude(kind="oversight")

    assert form["unit"].errors == ["这里不能选“气象局”，请从列表中选择。"]
