from datetime import date

from responsibility.models import Resource
from tests.factories.tickets import NOW


def make_resource(centre=None, **fields):
    """A people's mediation committee of the county, or of the whole city without one."""
    words = {
        "kind": "mediation",
        "name": "章江街道人民调解委员会",
        "contact": "钟敏",
        "phone": "0797-8100001",
        "hours": "工作日 09:00-17:00",
        "takes": "邻里、物业、噪声纠纷",
        "valid_from": date(2026, 1, 1),
        "changed_at": NOW,
    }
    return Resource.objects.create(centre=centre, **(words | fields))
