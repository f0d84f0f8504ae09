from django.core.management.base import BaseCommand, CommandError

from hotline import crypto, services


class Command(BaseCommand):
    help = "Check that the field keys given now open what was written. Run before the servers start; exits 1 if not."

    def handle(self, *args, **options):
        try:
            services.prove_keys()
        except (services.KeysChanged, crypto.KeysMisconfigured) as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write("密钥与已有数据一致。")
