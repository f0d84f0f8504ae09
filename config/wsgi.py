import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

application = get_wsgi_application()

# What was loaded stays. A full collection that walks all of it again would hold up somebody's page for a tenth of a second.
gc.collect()
gc.freeze()
