"use strict";
// Sorting: by data-key where a cell holds a number, else by its words; missing values stay last.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const numeric = head.classList.contains("number") || body.querySelector(`td:nth-child(${column + 1})[data-key]`);
    const keyed = [...body.rows].map((row) => {
      const cell = row.cells[column];
      const text = cell.textContent;
      return [row, numeric ? parseFloat(cell.dataset.key) : text, numeric ? !("key" in cell.dataset) : text === "–"];
    });
    const order = numeric ? (a, b) => a - b : (a, b) => a.localeCompare(b, "en", { numeric: true });
    keyed.sort(([, a, noA], [, b, noB]) => noA - noB || (noA ? 0 : order(a, b) * (down ? -1 : 1)));
    body.append(...keyed.map(([row]) => row));
  }));
}
const filter = document.querySelector(".filter");
if (filter) {
  filter.hidden = false;
  const rows = [...document.querySelectorAll("#runs tbody tr")];
  filter.firstElementChild.addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}
