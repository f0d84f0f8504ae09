"""Static-files finder for the front-end packages: exactly the listed files of frontend/node_modules, under vendor/."""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import Error
from django.core.files.storage import FileSystemStorage

NODE_MODULES = Path(settings.BASE_DIR) / "frontend" / "node_modules"
# Folder below vendor/ -> the files that go there. Every file that a listed style sheet names must be listed as well, or
# the manifest storage refuses to collect.
ASSETS = {
    "tabler": "@tabler/core/dist/css/tabler.min.css*",
    "tabler/js": "@tabler/core/dist/js/tabler.min.js*",
    "icons": "@tabler/icons-webfont/dist/tabler-icons.min.css*",
    "icons/fonts": "@tabler/icons-webfont/dist/fonts/tabler-icons.*",
}


class NodeAssetsFinder(BaseFinder):
    def __init__(self, app_names=None, *args, **kwargs):
        self.files = {
            f"vendor/{folder}/{source.name}": source
            for folder, pattern in ASSETS.items()
            for source in sorted(NODE_MODULES.glob(pattern))
            if source.is_file()
        }

    def check(self, **kwargs):
        if self.files:
            return []
        return [Error("没有找到前端资源。", hint="在 frontend/ 中执行 npm ci --ignore-scripts。", id="hotline.E001")]

    def find(self, path, find_all=False, **kwargs):
        source = self.files.get(path.replace("\\", "/"))
        if find_all:
            return [str(source)] if source else []
        return str(source) if source else None

    def list(self, ignore_patterns):
        for path, source in self.files.items():
            yield path, _OneFile(path, source)


class _OneFile(FileSystemStorage):
    """Shows one file of node_modules under its vendor/ name."""

    def __init__(self, shown_as: str, source: Path):
        super().__init__(location=NODE_MODULES)
        self.shown_as = shown_as
        self.source = source
        self.prefix = None

    def path(self, name):
        return str(self.source) if name == self.shown_as else super().path(name)

    def _open(self, name, mode="rb"):
        return super()._open(str(self.source) if name == self.shown_as else name, mode)
