"""Categories, lists, items and governance. An item belongs to a published city list unless told otherwise."""

from datetime import date

import factory

from responsibility.models import Category, DutyItem, DutyList, Governance
from tests.factories.hotline import CentreFactory, CountyCentreFactory, CountyFactory

FIRST_DAY = date(2026, 1, 1)


class ClassFactory(factory.django.DjangoModelFactory):
    """A category of the first level."""

    class Meta:
        model = Category
        django_get_or_create = ("code",)

    code = "01"
    name = "城市管理"
    level = 1
    parent = None


class GroupFactory(ClassFactory):
    code = "0102"
    name = "市政设施"
    level = 2
    parent = factory.SubFactory(ClassFactory)


class CategoryFactory(ClassFactory):
    """A leaf."""

    code = "010201"
    name = "路灯"
    level = 3
    parent = factory.SubFactory(GroupFactory)


class DutyListFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DutyList
        django_get_or_create = ("scope", "version")

    version = 1
    scope = factory.SubFactory(CentreFactory)
    title = "赣州市民生诉求职责清单"
    state = "published"
    effective_from = factory.LazyAttribute(lambda row: FIRST_DAY if row.state == "published" else None)


class DutyItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DutyItem

    duty_list = factory.SubFactory(DutyListFactory)
    code = factory.Sequence(lambda n: f"CG-09-{n:03}")
    title = "路灯不亮"
    category = factory.SubFactory(CategoryFactory)
    words = ("路灯", "路灯不亮")
    belongs = "城市道路路灯不亮、损坏。"
    level = "county"
    city_function = "urban_management"
    county_function = "urban_management"
    kinds = ("help", "complaint")
    completion_standard = "已修复亮灯。"
    reply_template = "您反映的{地点}路灯问题，{单位}已于{日期}修复。"
    mark = "示例，待核"


class GovernanceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Governance

    region = factory.SubFactory(CountyFactory)
    unit = factory.SubFactory(CountyCentreFactory)
    valid_from = FIRST_DAY
    source = "行政区划代码（2023年）"
