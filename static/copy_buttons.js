// The buttons that copy what is shown. Without this script they are hidden.
"use strict";

{
  const liveRegion = document.querySelector("#credstore #live");

  for (const button of document.querySelectorAll("#credstore [data-copy]")) {
    const words = button.textContent;
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      const shown = document.querySelector(button.dataset.copy);
      await navigator.clipboard.writeText(shown.value ?? shown.textContent);
      liveRegion.textContent = button.textContent = "Copied";
      setTimeout(() => { button.textContent = words; }, 2000);
    });
  }
}
