"""A real browser for pages: headless Chromium, spoken to in its DevTools protocol."""
