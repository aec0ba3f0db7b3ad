// Dialogs over real pages, and the sending of their forms. credstore.js loads it, and lends it say, read and problem.
const dialog = document.createElement("dialog");
dialog.setAttribute("aria-labelledby", "dialog-title");
document.body.append(dialog);

const { forms } = document.body.dataset;
const styled = document.querySelector(`link[href="${CSS.escape(forms)}"]`)
  ? Promise.resolve()
  : new Promise((resolve) => {
      document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: forms, onload: resolve, onerror: resolve }));
    });

function fill(page) {
  const card = page.querySelector("main .card");
  card.querySelector("h1").id = "dialog-title";
  dialog.replaceChildren(card);
}

export async function open(url, from) {
  try {
    const response = await fetch(url);
    const page = await read(response);
    // Signed out meanwhile, or nothing there any more: the real page says so better.
    if (!response.ok || response.redirected || !page.querySelector("main .card form")) return location.assign(url);
    await styled;
    fill(page);
    opener = from;
    dialog.showModal();
    dialog.scrollTop = 0;
    (dialog.querySelector("[autofocus]") || dialog.querySelector("input:not([type=hidden])"))?.focus({ preventScroll: true });
  } catch {
    location.assign(url);
  }
}

// Some browsers do not focus what is clicked, so that they could not give the focus back.
let opener = null;
dialog.addEventListener("close", () => {
  dialog.replaceChildren(); // a key that was typed must not stay in the page
  opener?.focus();
});

// A refused form comes back with its sentences; what was typed into secret fields stays here and is put back.
function refuse(form, page) {
  const fresh = page.querySelector("main .card");
  const old = form.closest(".card");
  for (const field of old.querySelectorAll("input[type=password], textarea, input[name=remove]")) {
    const value = field.type === "checkbox" ? `[value="${CSS.escape(field.value)}"]` : "";
    const twin = fresh.querySelector(`[name="${CSS.escape(field.name)}"]${value}`);
    if (twin?.type === "checkbox") twin.checked = field.checked;
    else if (twin) twin.value = field.value;
  }
  fresh.querySelector("h1").id = old.querySelector("h1").id;
  old.replaceWith(fresh);
  const first = fresh.querySelector("[aria-invalid], .alert, .draft-verdict");
  if (first?.matches(".alert")) first.tabIndex = -1;
  first?.focus();
  say([...fresh.querySelectorAll(".wrong, .alert, .draft-verdict p")].map((found) => found.innerText).join(" "));
}

// The form stays as it was typed, with the sentence above it.
function complain(form, words) {
  form.querySelector(".alert")?.remove();
  const box = document.createElement("p");
  box.className = "alert";
  box.textContent = words;
  box.tabIndex = -1;
  form.prepend(box);
  box.focus();
}

export async function send(form, submitter) {
  const button = submitter?.closest(".buttons") ? submitter : form.querySelector(".buttons button");
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    const response = await fetch(form.action, { method: "POST", headers: ours, body: new URLSearchParams(new FormData(form, submitter)), redirect: "manual" });
    const there = response.headers.get("X-Credstore-To");
    if (there) return location.assign(there);
    // Only a sign-in page of somebody else redirects here: nothing was saved.
    if (response.type === "opaqueredirect") complain(form, "You are signed out, so nothing was saved. Sign in in another tab, then try again.");
    else if (isProblem(response)) complain(form, await problem(response));
    else refuse(form, await read(response));
  } catch {
    complain(form, "credstore could not be reached, so it is not known whether this was saved. Try again.");
  }
  button.ariaBusy = "false";
}
