/**
 * Turns the pages of long tables, wherever scripts run: takes every `.npulab-pages` of the document that has
 * no buttons yet. It is text because it travels inside of outputs and pages.
 */
export const PAGER = `(() => {
  for (const box of document.querySelectorAll(".npulab-pages:not([data-paged])")) {
    box.dataset.paged = "";
    const size = Number(box.dataset.rows);
    const rows = [...box.querySelectorAll("tbody > tr")];
    const last = Math.ceil(rows.length / size) - 1;
    const bar = document.createElement("div");
    const label = document.createElement("span");
    label.setAttribute("aria-live", "polite");
    let page = 0;
    const show = () => {
      rows.forEach((row, index) => { row.hidden = Math.floor(index / size) !== page; });
      label.textContent = " Rows " + (page * size + 1) + " to " + Math.min(rows.length, (page + 1) * size) + " of " + rows.length + " ";
      back.disabled = page === 0;
      next.disabled = page === last;
    };
    const button = (text, step) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = text;
      made.addEventListener("click", () => { page += step; show(); });
      return made;
    };
    const back = button("Previous", -1);
    const next = button("Next", 1);
    bar.className = "npulab-pager";
    bar.append(back, label, next);
    box.after(bar);
    box.style.maxHeight = "none";
    show();
  }
})();`;
