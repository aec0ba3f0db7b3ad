// Adds to pages that work without it: dialogs over real pages, a spinner, counts. Keeps no state and stores nothing.
"use strict";

const live = document.getElementById("live");
const say = (words) => { live.textContent = words; };

const read = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");
const ours = { "X-Credstore": "fragment" };
const isProblem = (response) => (response.headers.get("Content-Type") || "").includes("json");
const problem = async (response) =>
  isProblem(response)
    ? (await response.json()).detail
    : `The server answered ${response.status}. Reload the page and try again.`;

// dialogs:
const dialog = document.createElement("dialog");
dialog.setAttribute("aria-labelledby", "dialog-title");
document.body.append(dialog);

function fill(page) {
  const card = page.querySelector("main .card");
  card.querySelector("h1").id = "dialog-title";
  dialog.replaceChildren(card);
}

async function open(url, from) {
  try {
    const response = await fetch(url);
    const page = await read(response);
    // Signed out meanwhile, or nothing there any more: the real page says so better.
    if (!response.ok || response.redirected || !page.querySelector("main .card form")) return location.assign(url);
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

async function send(form, submitter) {
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

// tests:
const waiting = [];
let running = 0;

async function test(button) {
  const row = button.closest("tr");
  try {
    const token = document.querySelector("#act [name=csrf_token]").value;
    const response = await fetch(button.formAction, { method: "POST", headers: { ...ours, "X-CSRFToken": token } });
    // Signed out meanwhile, or signed in anew (then the form's token is old): the page itself says so better.
    if ([400, 401].includes(response.status) || response.redirected) return location.reload();
    if (response.ok) row.querySelector(".verdict").replaceWith((await read(response)).querySelector(".verdict"));
    else fail(row, await problem(response));
  } catch {
    fail(row, "credstore could not be reached, so nothing was tested. Try again.");
  }
  const [name, word, reason] = [".name", ".verdict button", ".reason p"].map((part) => row.querySelector(part).textContent.trim());
  say(`${name}: ${word}. ${reason}`);
}

function fail(row, words) {
  const verdict = row.querySelector(".verdict");
  const button = verdict.querySelector("button");
  verdict.dataset.mark = "unsure";
  button.querySelector("use").setAttribute("href", "#i-unsure");
  button.replaceChildren(button.firstChild, "Test not run");
  const reason = document.createElement("p");
  reason.textContent = words;
  verdict.querySelector(".reason").replaceChildren(reason);
}

// Two at a time: the server runs a few at once, and the list stays quick.
async function next() {
  if (running > 1 || !waiting.length) return;
  const button = waiting.shift();
  running += 1;
  await test(button);
  button.removeAttribute("aria-busy");
  running -= 1;
  next();
}

// one listener for each thing that happens:
document.addEventListener("click", (event) => {
  const target = event.target.closest("a, button");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target.matches("a[data-dialog]")) open(target.href, target);
  else if (target.matches("[data-close]") && target.closest("dialog")) dialog.close();
  else if (target.matches("tr .test")) {
    if (target.getAttribute("aria-busy") !== "true") {
      target.setAttribute("aria-busy", "true");
      say(`Testing ${target.closest("tr").querySelector(".name").textContent.trim()}…`);
      waiting.push(target);
      next();
    }
  } else if (target.matches("[data-example]")) {
    const area = document.getElementById(target.dataset.target);
    if (!area.value.trim() || confirm("Replace what is in the field by the example?")) area.value = target.dataset.example;
    area.focus();
  } else return;
  event.preventDefault();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-dialog]")) open(`${event.submitter?.getAttribute("formaction") || form.action}?${new URLSearchParams(new FormData(form))}`, event.submitter);
  else if (form.matches("[data-send]")) send(form, event.submitter);
  else return event.submitter?.matches(".result .test") && event.submitter.setAttribute("aria-busy", "true");
  event.preventDefault();
});

function count() {
  const boxes = [...document.querySelectorAll("tbody .pick input")];
  const chosen = boxes.filter((box) => box.checked).length;
  const all = document.getElementById("all");
  if (!all) return;
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
  for (const button of document.querySelectorAll("[data-counted]"))
    button.querySelector("span").textContent = `${button.dataset.counted} (${chosen})`;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("select")) event.target.classList.add("chosen");
  if (event.target.matches("[data-send] [type=password]") && event.target.value) import(document.body.dataset.pasteDetection).then((found) => found.detectPaste(event.target)).catch(() => {});
  if (event.target.id === "all")
    for (const box of document.querySelectorAll("tbody .pick input")) box.checked = event.target.checked;
  if (event.target.closest(".pick")) {
    count();
    say(document.querySelector("#delete-selected span").textContent);
  }
});

// A tooltip must be dismissible without moving the pointer or the focus.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape")
    for (const shown of document.querySelectorAll(".verdict:is(:hover, :focus-within)")) shown.classList.add("dismissed");
});
for (const leaving of ["focusout", "pointerout"])
  document.addEventListener(leaving, (event) => {
    const verdict = event.target.closest?.(".verdict");
    if (verdict && !verdict.contains(event.relatedTarget)) verdict.classList.remove("dismissed");
  });

count();
say([...document.querySelectorAll(".message p")].map((found) => found.textContent).join(" "));
