// Shows the preview in place, so that the chosen file stays chosen for the import.
const form = document.getElementById("import");
const place = () => document.getElementById("preview");

form.addEventListener("submit", async (event) => {
  if (event.submitter?.value !== "preview") return;
  event.preventDefault();
  event.submitter.disabled = true;
  try {
    const body = new FormData(form, event.submitter);
    const answer = await fetch(form.action, { method: "POST", body });
    if (answer.redirected) return location.assign(answer.url); // signed out
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("preview");
    if (found) {
      place().replaceWith(found);
    } else {
      const alert = document.createElement("p");
      alert.className = "alert";
      alert.setAttribute("role", "alert");
      alert.textContent = page.querySelector("#credstore p")?.textContent ?? "This did not work.";
      place().replaceChildren(alert);
    }
    place().querySelector("h2")?.focus();
  } catch {
    form.submit(); // the connection was lost, or the file has changed: the browser says so
  } finally {
    event.submitter.disabled = false;
  }
});

// The format that fits better; the file and the other choices stay.
document.addEventListener("click", ({ target }) => {
  if (!target.matches("#preview [data-format]")) return;
  form.elements.format.value = target.dataset.format;
  form.requestSubmit(form.querySelector("[value=preview]"));
});

// What was previewed is no longer what is chosen.
form.addEventListener("change", () => place().replaceChildren());
