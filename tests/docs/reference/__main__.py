"""Write docs/reference/."""

from __future__ import annotations

from tests.docs.reference.pages import FOLDER, PAGES

for name, page in PAGES.items():
    (FOLDER / name).write_text(page(), encoding="utf-8")
