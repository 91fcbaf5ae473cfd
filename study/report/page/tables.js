"use strict";
// Sorting, filtering and leafing through tables. A cell is a text, in columns of numbers with its place among them, both
// from study/report/table.py: nothing is formatted here. A short table is in the page as rows; of a long one the page
// has the first rows, and all of them packed.
{
  const PAGE = 100; // rows of a long table that are drawn at once
  const LONG = 200; // rows of which no table is drawn whole
  const FILTERED = 12; // rows from which on there is something to filter
  const CHOICES = 12; // values of a column that is a choice, at most
  const LETTERS = 30; // of such a value
  const SELECTS = 4; // of a table
  const MISSING = "–";
  const words = new Intl.Collator("en", { numeric: true });
  const add = (parent, tag, fields = {}) => parent.appendChild(Object.assign(document.createElement(tag), fields));
  const count = (value) => value.toLocaleString("en");
  const upTo = (most) => [...Array(most).keys()];

  class Listing {
    constructor(place, columns) {
      [this.place, this.columns] = [place, columns];
      this.heads = [...place.querySelector("thead tr").cells];
      this.body = place.querySelector("tbody");
      this.rows = [...this.body.rows]; // made when they are first drawn
      this.total = columns[0].texts.length;
      this.shown = upTo(this.total);
      [this.terms, this.chosen, this.by, this.down, this.first] = [[], new Map(), null, false, 0];
      this.heads.forEach((head, at) => head.firstElementChild.addEventListener("click", () => this.sort(at)));
      if (this.total >= FILTERED) this.control();
      if (this.total > this.rows.length) this.draw();
    }

    row(index) {
      const made = () => {
        const row = document.createElement("tr");
        this.columns.forEach(({ texts }, at) => add(row, "td", { textContent: texts[index], className: this.heads[at].className }));
        return row;
      };
      return (this.rows[index] ??= made());
    }

    draw() {
      const last = this.total > LONG ? Math.min(this.first + PAGE, this.shown.length) : this.shown.length;
      this.body.replaceChildren(...this.shown.slice(this.first, last).map((index) => this.row(index)));
      this.place.querySelector(".scroll").scrollTop = 0;
      if (!this.said) return;
      const all = this.shown.length < this.total ? `${count(this.shown.length)} of ${count(this.total)} rows` : `${count(this.total)} rows`;
      const part = this.first > 0 || last < this.shown.length;
      this.said.textContent = part ? `${all}: ${count(this.first + 1)} to ${count(last)}` : all;
      this.before.hidden = this.after.hidden = this.shown.length <= PAGE || this.total <= LONG;
      this.before.disabled = this.first === 0;
      this.after.disabled = last === this.shown.length;
    }

    sort(column) {
      this.down = this.by === column && !this.down;
      this.by = column;
      this.heads.forEach((head) => head.removeAttribute("aria-sort"));
      this.heads[column].setAttribute("aria-sort", this.down ? "descending" : "ascending");
      this.order();
    }

    // Missing values stay last, equal ones in the order of the page.
    order() {
      if (this.by !== null) {
        const { texts, keys } = this.columns[this.by];
        const missing = keys ? (row) => keys[row] === null : (row) => texts[row] === MISSING;
        const compared = keys ? (a, b) => keys[a] - keys[b] : (a, b) => words.compare(texts[a], texts[b]);
        const sign = this.down ? -1 : 1;
        this.shown.sort((a, b) => missing(a) - missing(b) || (missing(a) ? 0 : sign * compared(a, b)) || a - b);
      }
      this.first = 0;
      this.draw();
    }

    find() {
      this.held ??= upTo(this.total).map((row) => this.columns.map(({ texts }) => texts[row]).join("\n").toLowerCase());
      this.shown = upTo(this.total).filter((row) =>
        this.terms.every((term) => this.held[row].includes(term))
        && [...this.chosen].every(([texts, value]) => texts[row] === value));
      this.order();
    }

    control() {
      const bar = document.createElement("div");
      bar.className = "controls";
      const search = add(add(bar, "label", { textContent: "Rows that contain " }), "input", { type: "search", autocomplete: "off", spellcheck: false });
      search.addEventListener("input", () => {
        this.terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
        this.find();
      });
      this.columns.forEach((column, at) => this.choose(bar, column, this.heads[at].textContent));
      this.said = add(bar, "output");
      this.said.setAttribute("aria-live", "polite");
      const leaf = (words, by) => add(bar, "button", { type: "button", textContent: words, onclick: () => {
        this.first += by;
        this.draw();
      } });
      [this.before, this.after] = [leaf(`Previous ${PAGE}`, -PAGE), leaf(`Next ${PAGE}`, PAGE)];
      this.place.prepend(bar);
      this.draw();
    }

    choose(bar, { texts, keys }, name) {
      const values = keys ? [] : [...new Set(texts)].sort(words.compare);
      const few = values.length > 1 && values.length <= Math.min(CHOICES, this.total / 2);
      const full = bar.querySelectorAll("select").length === SELECTS;
      if (!few || full || values.some((value) => value.length > LETTERS)) return;
      const select = add(add(bar, "label", { textContent: `${name} ` }), "select");
      add(select, "option", { textContent: "all", value: "" });
      values.forEach((value, at) => add(select, "option", { textContent: value, value: at }));
      select.addEventListener("change", () => {
        if (select.value === "") this.chosen.delete(texts);
        else this.chosen.set(texts, values[select.value]);
        this.find();
      });
    }
  }

  const inPage = (place) => {
    const rows = [...place.querySelector("tbody").rows];
    const key = (cell) => (cell.dataset.key === undefined ? null : Number(cell.dataset.key));
    return [...place.querySelector("thead tr").cells].map((head, at) => ({
      texts: rows.map((row) => row.cells[at].textContent),
      keys: head.classList.contains("number") ? rows.map((row) => key(row.cells[at])) : null,
    }));
  };

  // Words are there once; the first of a column of numbers in rising order, so that their place sorts them.
  const column = ({ words, keyed, at }) => ({
    texts: at.map((place) => words[place]),
    keys: keyed ? at.map((place) => (place < keyed ? place : null)) : null,
  });

  for (const place of document.querySelectorAll(".listing")) {
    const packed = canUnpack && place.querySelector("script[data-rows]");
    if (packed) {
      unpacked(packed).then((text) => {
        new Listing(place, JSON.parse(text).map(column));
        place.querySelector(".first-only").remove();
      });
    } else new Listing(place, inPage(place));
  }
}
