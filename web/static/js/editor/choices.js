/* A field whose choices only the service knows: a combobox that asks as the person types. What is typed counts too. */

const WAIT = 250; // milliseconds

class ChoicesField extends HTMLElement {
  connectedCallback() {
    if (this.input) return;
    [this.input, this.label] = this.querySelectorAll("input");
    if (!this.label) return;
    this.list = document.createElement("ul");
    this.list.className = "choices-list";
    this.list.id = `${this.input.id}-list`;
    this.list.role = "listbox";
    this.list.hidden = true;
    this.value = document.createElement("input");
    Object.assign(this.value, {type: "hidden", name: this.input.name, value: this.input.value});
    this.input.removeAttribute("name");
    this.input.value = this.label.value || this.input.value;
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", this.list.id]]) this.input.setAttribute(name, value);
    this.append(this.value, this.list);
    this.input.addEventListener("focus", () => this.ask(""));
    this.input.addEventListener("input", (event) => (event.stopPropagation(), this.typed()));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.input.addEventListener("change", (event) => event.stopPropagation());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[data-value]");
      if (option) this.choose(option);
    });
  }

  typed() {
    this.set(this.input.value, "");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(this.input.value), WAIT);
  }

  async ask(search) {
    const asked = (this.asked = Symbol());
    if (this.list.hidden) this.show([this.row(this.dataset.textLoading)]);
    const answer = await fetch(`${this.dataset.url}&q=${encodeURIComponent(search)}`, {headers: {"HX-Request": "true"}}).then((found) => found.json()).catch(() => ({options: [], problem: ""}));
    if (this.asked !== asked || document.activeElement !== this.input) return;
    const rows = answer.options.map((one) => this.row(one.label, one.value));
    this.show(rows.length ? rows : [this.row(answer.problem || this.dataset.textNone)]);
  }

  row(text, value) {
    const row = document.createElement("li");
    row.textContent = text;
    row.role = "option";
    row.id = `${this.list.id}-${Math.random().toString(36).slice(2)}`;
    if (value === undefined) row.setAttribute("aria-disabled", "true");
    else row.dataset.value = value;
    return row;
  }

  show(rows) {
    this.list.replaceChildren(...rows);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.key === "Escape" && !this.list.hidden) return (event.stopPropagation(), this.close());
    const rows = [...this.list.querySelectorAll("[data-value]")];
    const at = rows.findIndex((row) => row.ariaSelected === "true");
    if (event.key === "Enter" && rows[at]) return (event.preventDefault(), this.choose(rows[at]));
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    if (this.list.hidden) return this.ask("");
    this.mark(rows, (at + step + rows.length) % rows.length);
  }

  mark(rows, at) {
    rows.forEach((row, number) => (row.ariaSelected = String(number === at)));
    rows[at]?.scrollIntoView({block: "nearest"});
    if (rows[at]) this.input.setAttribute("aria-activedescendant", rows[at].id);
  }

  choose(row) {
    this.input.value = row.textContent;
    this.set(row.dataset.value, row.textContent);
    this.close();
  }

  set(value, label) {
    this.value.value = value;
    this.label.value = label;
    this.value.dispatchEvent(new Event("input", {bubbles: true}));
  }
}

customElements.define("choices-field", ChoicesField);
