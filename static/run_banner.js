// Keeps the banner of a run fresh, quietly: only the end is announced. Without it the banner is a link to the run.
"use strict";

{
  const ask = async () => {
    const banner = document.getElementById("run-banner");
    try {
      const response = await fetch(banner.dataset.poll, { headers: { "X-Credstore": "fragment" } });
      if ([401, 404].includes(response.status) || response.redirected) return; // signed out, or the run is gone
      if (!response.ok) throw new Error(response.status);
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("run-banner");
      const focused = banner.contains(document.activeElement);
      banner.replaceWith(fresh);
      if (focused) [...fresh.querySelectorAll("a")].at(-1).focus();
      if (!fresh.dataset.poll) {
        document.querySelector("#credstore #live").textContent = fresh.dataset.said;
        return;
      }
    } catch {
      // the server may be back for the next one
    }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
}
