"use strict";
// The page says everything without its scripts. This one adds buttons that copy, and opens what
// a link leads to.
for (const button of document.querySelectorAll(".copy")) {
  const code = document.getElementById(button.dataset.copies);
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      code.closest("details")?.setAttribute("open", "");
      getSelection().selectAllChildren(code); // No permission, as on file: pages of some browsers.
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let each = target; each; each = each.parentElement) {
    if (each.tagName === "DETAILS") each.open = true;
  }
  target?.scrollIntoView();
}
addEventListener("hashchange", openTarget);
if (location.hash) openTarget();
