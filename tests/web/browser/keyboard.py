"""Somebody without a mouse: reaches what is on a page with the Tab key, and presses it. Names are those one hears."""

from dataclasses import dataclass

from playwright.sync_api import Page

MOST_TABS = 80
NAME = """() => {
  const one = document.activeElement;
  const ids = (one.getAttribute("aria-labelledby") || "").split(" ");
  const labels = ids.map((id) => document.getElementById(id));
  const texts = [...labels, one.labels?.[0], one].map((found) => found?.textContent);
  const said = [one.getAttribute("aria-label"), ...texts];
  return (said.find((words) => words?.trim()) || "").trim().replace(/\\s+/g, " ");
}"""


@dataclass(frozen=True)
class Keyboard:
    """The keys of one page."""

    page: Page

    @property
    def here(self) -> str:
        """The name of what has the focus."""
        return str(self.page.evaluate(NAME))

    def reach(self, name: str, *, back: bool = False) -> None:
        """Presses Tab (or Shift+Tab) until something is reached whose name begins like this."""
        passed = [self.here]
        while not passed[-1].startswith(name):
            if len(passed) > MOST_TABS:
                raise AssertionError(f"“{name}” cannot be reached with the keyboard, only {sorted(set(passed))}")
            self.press("Shift+Tab" if back else "Tab")
            passed.append(self.here)

    def enter(self, name: str, *, back: bool = False) -> None:
        """Reaches it, and presses it."""
        self.reach(name, back=back)
        self.press("Enter")

    def write(self, name: str, text: str, *, back: bool = False) -> None:
        """Reaches a field, and types in the place of what is there."""
        self.reach(name, back=back)
        self.press("Control+A")
        self.type(text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
