for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Selected: copy it now";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 3000);
  });
}
// A chart's values, which a pointer finds by hovering, by finger and by the arrow keys.
for (const chart of document.querySelectorAll(".chart")) {
  const columns = [...chart.querySelectorAll(".at")];
  let at = -1;
  const show = (next) => {
    columns[at]?.classList.remove("on");
    at = next;
    columns[at]?.classList.add("on");
  };
  chart.tabIndex = 0;
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(Math.min(Math.max(at + step, 0), columns.length - 1));
  });
  for (const kind of ["pointerdown", "pointermove"]) {
    chart.addEventListener(kind, (event) => {
      show(event.pointerType === "mouse" ? -1 : columns.indexOf(event.target.closest(".at")));
    });
  }
  chart.addEventListener("blur", () => show(-1));
}
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details:not(.figures)")) part.open = true;
});
