"use strict";
// Narrows the matrix down to the rows, the guarantee and the fault that were asked for.
class Filter {
  constructor(form, table) {
    this.form = form;
    this.table = table;
    this.columns = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    form.hidden = false;
    form.addEventListener("input", () => this.apply());
    form.addEventListener("reset", () => setTimeout(() => this.apply()));
    form.addEventListener("submit", (event) => event.preventDefault());
    if (form.text.value || this.marks.length) this.apply(); // What a browser kept of a reload.
  }

  get marks() { return [...this.form.querySelectorAll("[name=mark]:checked")].map((box) => box.value); }

  apply() {
    const wanted = {
      text: this.form.text.value.trim().toLowerCase(),
      system: this.form.system?.value ?? "",
      column: this.columns.indexOf(this.form.column.value || "\0"),
      marks: this.marks,
    };
    let shown = 0;
    for (const body of this.table.tBodies) {
      const isWanted = ["", body.dataset.guarantee].includes(this.form.guarantee.value);
      let inBody = 0;
      for (const row of body.querySelectorAll("tr:not(.group)")) {
        row.hidden = !(isWanted && this.keeps(row, wanted));
        inBody += row.hidden ? 0 : 1;
      }
      body.hidden = !inBody;
      shown += inBody;
    }
    this.narrow(wanted.column);
    this.form.querySelector("output").textContent = `${shown} setting${shown === 1 ? "" : "s"}`;
  }

  keeps(row, { text, system, column, marks }) {
    if (!row.cells[0].textContent.toLowerCase().includes(text)) return false;
    if (system && row.dataset.system !== system) return false;
    const cells = column < 0 ? [...row.cells].slice(2) : [row.cells[column]];
    const claimed = cells.filter((cell) => cell.classList.contains("cell"));
    return claimed.some((cell) => !marks.length || marks.some((mark) => cell.classList.contains(mark)))
      || (column < 0 && !marks.length);
  }

  narrow(column) {
    for (const row of this.table.querySelectorAll("tr:not(.group)")) {
      [...row.cells].forEach((cell, number) => { cell.hidden = column >= 0 && number > 1 && number !== column; });
    }
  }
}
const filters = document.querySelector(".filters");
if (filters) new Filter(filters, document.getElementById("settings"));
