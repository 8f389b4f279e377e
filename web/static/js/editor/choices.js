/* A field whose choices only the service knows: a combobox that asks as the person types. What is typed counts too.

   It asks anew whenever it is opened and, where its choices depend on other fields, when one of those changes. A value
   that is not among the choices any more is marked, and stays until the person decides. */

import {chipOf, chipsOf, wordsOf} from "./chips.js";
import {saved, unsaved} from "./saving.js";

const WAIT = 250; // milliseconds
const SENT = 400; // milliseconds after which what was typed in another field is on its way to the server

const pause = (time) => new Promise((done) => setTimeout(done, time));

class ChoicesField extends HTMLElement {
  connectedCallback() {
    if (this.input) return;
    [this.input, this.label] = this.querySelectorAll(".choices-input > input");
    if (!this.label) return;
    this.several = "several" in this.dataset;
    this.gone = [];
    this.status = this.querySelector(":scope > [role=status]");
    this.addList();
    if (!this.several) this.addValue();
    this.listen();
    this.leaving = new AbortController();
    if (this.several) this.send();
    this.follow(this.dataset.depends.split(" ").filter(Boolean));
  }

  disconnectedCallback() {
    this.leaving?.abort();
  }

  /* Of several, the chips are what is sent. */
  send() {
    const {rows: name} = this.dataset;
    const add = ({formData}) => {
      for (const one of chipsOf(this)) {
        formData.append(`${name}.value`, one.value);
        formData.append(`${name}.label`, one.label);
      }
    };
    this.closest("form")?.addEventListener("formdata", add, {signal: this.leaving.signal});
  }

  addList() {
    this.list = document.createElement("ul");
    this.list.className = "choices-list";
    this.list.id = `${this.input.id}-list`;
    this.list.role = "listbox";
    this.list.hidden = true;
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", this.list.id]]) this.input.setAttribute(name, value);
    this.input.after(this.list);
  }

  /* The one value is sent by a hidden input: what is seen are its words. */
  addValue() {
    this.value = document.createElement("input");
    Object.assign(this.value, {type: "hidden", name: this.input.name, value: this.input.value});
    this.input.removeAttribute("name");
    this.input.value = this.label.value || this.input.value;
    this.label.before(this.value);
    this.told = this.value.value;
  }

  listen() {
    this.input.addEventListener("focus", () => this.ask(""));
    this.input.addEventListener("click", () => this.list.hidden && this.ask(""));
    this.input.addEventListener("input", (event) => (event.stopPropagation(), this.typed()));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.left());
    this.input.addEventListener("change", (event) => event.stopPropagation());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[data-value]");
      if (option) this.choose(option);
    });
    this.addEventListener("click", (event) => {
      const remove = event.target.closest("[data-chip-remove]");
      if (remove) this.remove(remove.closest(".chip"));
    });
  }

  /* What it depends on may also have changed while it was not on the page, so it is looked at once at the beginning. */
  follow(fields) {
    if (!fields.length) return;
    const changed = (event) => {
      const name = event.target.name || event.target.dataset.rows || "";
      if (fields.includes(name.split(".")[1])) this.later(() => this.anew());
    };
    for (const kind of ["input", "change", "rows:changed"]) this.closest("form")?.addEventListener(kind, changed, {signal: this.leaving.signal});
    this.later(() => this.anew());
  }

  later(act) {
    clearTimeout(this.timer);
    this.timer = setTimeout(act, WAIT);
  }

  typed() {
    if (!this.several) this.set(this.input.value, "");
    this.later(() => this.ask(this.input.value));
  }

  left() {
    setTimeout(() => document.activeElement !== this.input && this.close(), 150);
    if (this.several) this.add(this.input.value.trim(), "");
    else this.tell("change");
  }

  /* The choices as they are now; null when nobody knows. The service is asked with what is filled in elsewhere, so
     this waits until that is saved. */
  async found(search) {
    await pause(unsaved() ? SENT : 0);
    await saved().catch(() => {});
    const response = await fetch(`${this.dataset.url}&q=${encodeURIComponent(search)}`, {headers: {"HX-Request": "true"}}).catch(() => null);
    return response?.ok ? response.json() : null;
  }

  async ask(search) {
    const asked = (this.asked = Symbol());
    if (this.list.hidden) this.show([this.row(this.dataset.textLoading)]);
    const answer = await this.found(search);
    if (this.asked !== asked || document.activeElement !== this.input) return;
    const taken = this.several ? chipsOf(this).map((one) => one.value) : [];
    const rows = (answer?.options || []).filter((one) => !taken.includes(String(one.value))).map((one) => this.row(one.label, one.value));
    this.show(rows.length ? rows : [this.row(answer?.problem || this.dataset.textNone)]);
    if (!search) this.compare(answer, (one) => one.label);
  }

  /* Something it depends on is another one now. */
  async anew() {
    const open = document.activeElement === this.input && !this.list.hidden;
    if (open) this.ask(this.value && this.input.value === (this.label.value || this.value.value) ? "" : this.input.value);
    if (this.chosen().length) this.compare(await this.found(""), () => true);
    else this.mark([]);
  }

  /* What is chosen, without what a run fills in. */
  chosen() {
    const all = this.several ? chipsOf(this) : [{value: this.value.value, label: this.label.value}];
    return all.filter((one) => one.value && !one.value.includes("{{"));
  }

  /* A service may list only its first choices: one that is missing is searched for by its words before it is marked.
     What was typed by hand is looked at only where its field `depends` on another. */
  async compare(answer, counts) {
    const compared = (this.compared = Symbol());
    const gone = [];
    for (const one of this.chosen()) {
      const known = counts(one) ? await this.knows(one, answer) : undefined;
      if (this.compared !== compared || !this.isConnected) return;
      if (known === false || (known === undefined && this.gone.includes(one.value))) gone.push(one);
    }
    const still = this.chosen().map((one) => one.value); // it may have been taken away while the service was asked
    this.mark(gone.filter((one) => still.includes(one.value)));
  }

  async knows(one, answer) {
    const has = (given) => given.options.some((option) => String(option.value) === one.value);
    if (!answer || answer.problem) return undefined;
    if (has(answer)) return true;
    const searched = await this.found(one.label || one.value);
    return !searched || searched.problem ? undefined : has(searched);
  }

  /* Says at the field which values are not among the choices any more. */
  mark(gone) {
    const values = gone.map((one) => one.value);
    if (values.join("\n") === this.gone.join("\n")) return;
    this.gone = values;
    this.toggleAttribute("data-gone", values.length > 0);
    if (values.length) this.input.setAttribute("aria-invalid", "true");
    else if (!this.closest(".field")?.querySelector(".problem:not(.choices-gone)")) this.input.removeAttribute("aria-invalid");
    for (const one of this.several ? chipsOf(this) : []) one.chip.classList.toggle("gone", values.includes(one.value));
    this.say(gone.map((one) => this.dataset.textGone.replace("{value}", () => one.label || one.value)), "problem choices-gone");
  }

  say(sentences, look) {
    this.status.replaceChildren(
      ...sentences.map((sentence) => {
        const said = document.createElement("p");
        said.className = look;
        said.textContent = sentence;
        return said;
      }),
    );
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

  /* Whoever has an arrow on a choice keeps it while the list is drawn anew. */
  show(rows) {
    const pointed = this.list.querySelector('[aria-selected="true"]')?.dataset.value;
    this.list.replaceChildren(...rows);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    const again = pointed !== undefined && rows.find((row) => row.dataset.value === pointed);
    if (again) this.point(rows, rows.indexOf(again));
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.key === "Escape" && !this.list.hidden) return (event.stopPropagation(), this.close());
    if (event.key === "Backspace" && this.several && !this.input.value) return this.remove(chipsOf(this).at(-1)?.chip);
    const rows = [...this.list.querySelectorAll("[data-value]")];
    const at = rows.findIndex((row) => row.ariaSelected === "true");
    if (event.key === "Enter" && rows[at]) return (event.preventDefault(), this.choose(rows[at]));
    if (event.key === "Enter" && this.several) return (event.preventDefault(), this.add(this.input.value.trim(), ""));
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    if (this.list.hidden) return this.ask("");
    this.point(rows, (at + step + rows.length) % rows.length);
  }

  point(rows, at) {
    rows.forEach((row, number) => (row.ariaSelected = String(number === at)));
    rows[at]?.scrollIntoView({block: "nearest"});
    if (rows[at]) this.input.setAttribute("aria-activedescendant", rows[at].id);
  }

  choose(row) {
    if (this.several) return this.add(row.dataset.value, row.textContent);
    this.input.value = row.textContent;
    this.set(row.dataset.value, row.textContent);
    this.tell("change");
    this.close();
  }

  set(value, label) {
    this.value.value = value;
    this.label.value = label;
    this.mark([]);
    this.tell("input");
  }

  tell(kind) {
    if (this.value.value === this.told && kind === "change") return;
    if (kind === "change") this.told = this.value.value;
    this.value.dispatchEvent(new Event(kind, {bubbles: true}));
  }

  /* One more of several; the list stays open for the next one. */
  add(value, label) {
    if (!value) return;
    clearTimeout(this.timer);
    const searched = this.input.value;
    this.input.value = "";
    if (!chipsOf(this).some((one) => one.value === value)) {
      this.querySelector(".chips").append(chipOf(this.querySelector("template"), value, label));
      this.changed(this.dataset.textAdded, label || value);
    }
    [...this.list.children].find((row) => row.dataset.value === value)?.remove();
    this.input.removeAttribute("aria-activedescendant");
    if (document.activeElement === this.input && (searched || !this.list.children.length)) this.ask("");
  }

  remove(chip) {
    if (!chip) return;
    const words = wordsOf(chip);
    const next = chip.nextElementSibling || chip.previousElementSibling;
    const held = chip.contains(document.activeElement);
    chip.remove();
    if (held) (next?.querySelector("button") || this.input).focus();
    this.changed(this.dataset.textRemoved, words);
  }

  changed(sentence, words) {
    this.mark(chipsOf(this).filter((one) => this.gone.includes(one.value)));
    if (!this.gone.length) this.say([sentence.replace("{value}", () => words)], "hidden-text");
    this.dispatchEvent(new CustomEvent("rows:changed", {bubbles: true}));
  }
}

customElements.define("choices-field", ChoicesField);
