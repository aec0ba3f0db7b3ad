// Dialogs over real pages, and the sending of their forms. credstore.js loads it, and lends it what it needs.
const { root, ours, say, read, isProblem } = window.credstore;
const dialog = document.createElement("dialog");
dialog.setAttribute("aria-labelledby", "dialog-title");
root.append(dialog);

const { forms } = root.dataset;
const styled = document.querySelector(`link[href="${CSS.escape(forms)}"]`)
  ? Promise.resolve()
  : new Promise((resolve) => {
      document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: forms, onload: resolve, onerror: resolve }));
    });

function fill(page) {
  const card = page.querySelector("#credstore .card");
  card.querySelector("h1").id = "dialog-title";
  dialog.replaceChildren(card);
  const scripts = card.querySelector("form")?.dataset.scripts?.split(" ") || [];
  return Promise.allSettled(scripts.map((script) => import(script)));
}

export async function open(url, from) {
  try {
    const response = await fetch(url);
    const page = await read(response);
    // Signed out meanwhile, or nothing there any more: the real page says so better.
    if (!response.ok || response.redirected || !page.querySelector("#credstore .card form")) return location.assign(url);
    await styled;
    await fill(page); // one that types before its scripts are there would not be asked before leaving
    opener = from;
    dialog.showModal();
    dialog.scrollTop = 0;
    (dialog.querySelector("[autofocus]") || dialog.querySelector("input:not([type=hidden])"))?.focus({ preventScroll: true });
  } catch {
    location.assign(url);
  }
}

// Some browsers do not focus what is clicked, but the page or a part of it around that, so that they could not give the
// focus back. This event comes a moment after the dialog has gone: anything else that has the focus by then keeps it.
let opener = null;
dialog.addEventListener("close", () => {
  dialog.replaceChildren(); // a key that was typed must not stay in the page
  if (document.activeElement?.contains(opener)) opener.focus();
});

// A refused form comes back with its sentences; what was typed into secret fields stays here and is put back.
function refuse(form, page) {
  const fresh = page.querySelector("#credstore .card");
  const old = form.closest(".card");
  const secrets = "input[type=password], [data-key], [autocomplete=new-password]";
  for (const field of old.querySelectorAll(`${secrets}, textarea, input[name=remove]`)) {
    const value = field.type === "checkbox" ? `[value="${CSS.escape(field.value)}"]` : "";
    const twin = fresh.querySelector(`[name="${CSS.escape(field.name)}"]${value}`);
    if (twin?.type === "checkbox") twin.checked = field.checked;
    else if (twin) twin.value = field.value;
  }
  for (const select of old.querySelectorAll("select.chosen")) // a pasted key must not change it, see paste_detection.js
    fresh.querySelector(`select[name="${CSS.escape(select.name)}"]`)?.classList.add("chosen");
  const [before, now] = [old, fresh].map((card) => card.querySelector("[name=type]:checked"));
  if (now && now.value !== before?.value) {
    // “Use Telegram” takes the key into the field of another type.
    const [here, there] = [before, now].map((type) => type?.parentElement.querySelector(secrets));
    if (here && there && !there.value) there.value = here.value;
  }
  fresh.querySelector("h1").id = old.querySelector("h1").id;
  if (form.dataset.typed) fresh.querySelector("form").dataset.typed = form.dataset.typed;
  old.replaceWith(fresh);
  const first = fresh.querySelector(".mismatch") || fresh.querySelector("[aria-invalid], .alert, .draft-verdict");
  if (first?.matches(".alert")) first.tabIndex = -1;
  first?.focus();
  say([...fresh.querySelectorAll(".wrong, .alert, .mismatch > p, .draft-verdict p")].map((found) => found.innerText).join(" "));
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

// The session has ended: sign in on top of the form, which stays as it is.
async function signInFirst(form, button, refusal) {
  const { signIn } = await import(form.dataset.signIn);
  form.querySelector(".alert, .signed-in")?.remove();
  if (!(await signIn(form, refusal.sign_in))) return complain(form, refusal.detail);
  const words = `You are signed in again. Nothing was saved yet: press “${button.textContent.trim()}” once more.`;
  const notice = Object.assign(document.createElement("p"), { className: "notice signed-in", textContent: words });
  button.closest(".buttons, .choices").before(notice);
  button.focus();
  notice.scrollIntoView({ block: "nearest" });
  say(words);
}

const post = (form, submitter) =>
  fetch(form.action, { method: "POST", headers: ours, body: new URLSearchParams(new FormData(form, submitter)), redirect: "manual" });

export async function send(form, submitter) {
  const button = submitter?.closest(".buttons, .choices") ? submitter : form.querySelector(".buttons button");
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    await Promise.race([form.pasteDetection, new Promise((resolve) => setTimeout(resolve, 2000))]);
    let response = await post(form, submitter);
    let refusal = isProblem(response) ? await response.json() : null;
    // Somebody signed in in another tab: only the token of this form is old.
    if (refusal?.code === "csrf" && form.dataset.signIn && (await (await import(form.dataset.signIn)).renewToken(form))) {
      response = await post(form, submitter);
      refusal = isProblem(response) ? await response.json() : null;
    }
    const there = response.headers.get("X-Credstore-To");
    if (there) {
      form.dataset.saved = "";
      const { pathname, search } = new URL(there, location);
      if (pathname + search !== location.pathname + location.search) return location.assign(there);
      history.replaceState(null, "", "?"); // to the very same address the browser would go without loading it
      return location.replace(there);
    }
    // Only a sign-in page of somebody else redirects here: nothing was saved.
    if (response.type === "opaqueredirect") complain(form, "You are signed out, so nothing was saved. Sign in in another tab, then try again.");
    else if (refusal?.sign_in && form.dataset.signIn) await signInFirst(form, button, refusal);
    else if (refusal) complain(form, refusal.detail);
    else refuse(form, await read(response));
  } catch {
    complain(form, "credstore could not be reached, so it is not known whether this was saved. Try again.");
  }
  button.ariaBusy = "false";
}
