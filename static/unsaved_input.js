// Asks before typed input is dropped: by Escape or Cancel, and by leaving the page. Loaded with the forms that it guards.

const { root, find } = window.credstore;
const GUARDED = "form[data-send]";
const AGAIN = "again"; // a form that came back: what it was filled with is typed input too

function changed(field) {
  if (field.type === "hidden" || !field.name) return false;
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  if (!field.options) return "defaultValue" in field && field.value !== field.defaultValue;
  const given = [...field.options].findIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(given, 0);
}

const unsaved = (form) =>
  !form.matches("[data-saved]") && (form.dataset.typed === AGAIN || [...form.elements].some(changed));

function ask(form, drop) {
  const panel = document.createElement("dialog");
  panel.className = "ask";
  panel.setAttribute("role", "alertdialog");
  panel.setAttribute("aria-labelledby", "ask-title");
  panel.setAttribute("aria-describedby", "ask-about");
  panel.innerHTML = `<div class="card narrow"><h1 id="ask-title">Drop what you typed?</h1><p id="ask-about">It is not saved.</p>
    <div class="buttons"><button type="button" class="primary" autofocus>Keep editing</button><button type="button">Drop it</button></div></div>`;
  const [keep, dropIt] = panel.querySelectorAll("button");
  const before = document.activeElement;
  panel.addEventListener("close", () => {
    panel.remove();
    if (!form.matches("[data-saved]")) before?.focus();
  });
  keep.addEventListener("click", () => panel.close());
  dropIt.addEventListener("click", () => {
    form.dataset.saved = "";
    panel.close();
    drop();
  });
  root.append(panel);
  panel.showModal();
}

// The form in the dialog on top, when what was typed into it would be lost.
function inDialog() {
  const open = [...root.querySelectorAll("dialog[open]")].pop();
  const form = open?.querySelector(GUARDED);
  return form && unsaved(form) ? { open, form } : null;
}

document.addEventListener("keydown", (event) => {
  if (find(":popover-open")) return; // Escape closes the menu first
  const found = event.key === "Escape" && !event.isComposing && inDialog();
  if (!found) return;
  event.preventDefault();
  ask(found.form, () => found.open.close());
});

// Other ways to close a dialog, like the Back gesture of a phone.
root.addEventListener("cancel", (event) => {
  const found = inDialog();
  if (!found || found.open !== event.target) return;
  event.preventDefault();
  ask(found.form, () => found.open.close());
}, true);

root.addEventListener("click", (event) => {
  const cancel = event.target.closest?.("[data-close]");
  const form = cancel?.closest(GUARDED);
  if (!form || event.ctrlKey || event.metaKey || event.shiftKey || !unsaved(form)) return;
  event.preventDefault();
  event.stopPropagation();
  const open = cancel.closest("dialog");
  ask(form, () => (open ? open.close() : location.assign(cancel.href)));
}, true);

// dialogs.js hands this on to the form that comes back.
root.addEventListener("submit", (event) => {
  if (event.target.matches(GUARDED) && unsaved(event.target)) event.target.dataset.typed = AGAIN;
}, true);

addEventListener("beforeunload", (event) => {
  if ([...root.querySelectorAll(GUARDED)].some(unsaved)) event.preventDefault();
});

for (const form of root.querySelectorAll(`:not(dialog) > .card ${GUARDED}`))
  if (form.querySelector(".wrong, .alert, .notice")) form.dataset.typed = AGAIN;
