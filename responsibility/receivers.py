from django.dispatch import receiver

from hotline.signals import unit_abolished
from responsibility import services


@receiver(unit_abolished, dispatch_uid="responsibility.pass_on_governance")
def pass_on_governance(sender, unit, successor, at, **kwargs):
    services.pass_on_governance(unit=unit, successor=successor, at=at)
