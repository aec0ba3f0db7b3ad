// The progress of a run of tests, or of a change of the key, without reloading. Both pages work without it.
"use strict";

{
  const liveRegion = document.querySelector("#credstore #live");

  const poll = async () => {
    const run = document.querySelector("#credstore [data-poll]");
    if (!run) return;
    try {
      const response = await fetch(run.dataset.poll, { headers: { "X-Credstore": "fragment" } });
      if (!response.ok || response.redirected) return location.reload();
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("run");
      const focused = run.contains(document.activeElement) && document.activeElement.textContent;
      run.replaceWith(fresh);
      document.title = document.title.replace(run.dataset.title, () => fresh.dataset.title);
      // What had the focus keeps it, while it is there.
      if (focused) [...fresh.querySelectorAll("button, a")].find((found) => found.textContent === focused)?.focus();
      if (fresh.dataset.said !== run.dataset.said) liveRegion.textContent = fresh.dataset.said;
    } catch {
      liveRegion.textContent = "credstore could not be reached; trying again.";
    }
    setTimeout(poll, 1200);
  };
  setTimeout(poll, 1200);
}
