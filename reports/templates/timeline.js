"use strict";
// The page says everything without this file. It adds: the operation under the pointer or
// the keyboard in words, its row in the table, and buttons that copy.
for (const figure of document.querySelectorAll(".timeline")) {
  const readout = figure.querySelector(".readout");
  const bars = [...figure.querySelectorAll(".bar")];
  const tell = (element) => { readout.textContent = element.dataset.told; };
  for (const told of figure.querySelectorAll("[data-told]")) {
    told.addEventListener("pointerenter", () => tell(told));
  }
  const row = (bar) => document.getElementById(bar.dataset.row);
  bars.forEach((bar, index) => {
    bar.tabIndex = index === 0 ? 0 : -1;
    bar.addEventListener("focus", () => tell(bar));
    bar.addEventListener("click", () => {
      figure.querySelector("details").open = true;
      figure.querySelectorAll("tr.here").forEach((each) => each.classList.remove("here"));
      row(bar).classList.add("here");
      row(bar).scrollIntoView({ block: "nearest" });
    });
    bar.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
      const to = { Home: 0, End: bars.length - 1 }[event.key] ?? index + (steps[event.key] ?? NaN);
      const next = bars[to];
      if (!next) return;
      event.preventDefault();
      bar.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  });
}
for (const button of document.querySelectorAll(".copy")) {
  const code = button.previousElementSibling;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code); // No permission, as on file: pages of some browsers.
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}
