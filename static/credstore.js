// Adds to pages that work without it: dialogs over real pages, a spinner, counts. Keeps no state and stores nothing.
"use strict";

const live = document.getElementById("live");
const say = (words) => { live.textContent = words; };

const read = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");
const problem = async (response) =>
  (response.headers.get("Content-Type") || "").includes("json")
    ? (await response.json()).detail
    : `The server answered ${response.status}. Reload the page and try again.`;

// --- dialogs -------------------------------------------------------------------------------------------------------
const dialog = document.createElement("dialog");
dialog.setAttribute("aria-labelledby", "dialog-title");
document.body.append(dialog);

function fill(page) {
  const card = page.querySelector("main .card");
  card.querySelector("h1").id = "dialog-title";
  dialog.replaceChildren(card);
}

async function open(url) {
  try {
    const response = await fetch(url);
    const page = await read(response);
    // Signed out meanwhile, or nothing there any more: the real page says so better.
    if (!response.ok || response.redirected || !page.querySelector("main .card form")) return location.assign(url);
    fill(page);
    dialog.showModal();
    (dialog.querySelector("[autofocus]") || dialog.querySelector("input:not([type=hidden])"))?.focus();
  } catch {
    location.assign(url);
  }
}

// A refused form comes back with its sentences; what was typed into secret fields stays here and is put back.
function refuse(form, page) {
  const fresh = page.querySelector("main .card");
  const old = form.closest(".card");
  if (!fresh) return;
  for (const field of old.querySelectorAll("input[type=password], textarea")) {
    const twin = fresh.querySelector(`[name="${CSS.escape(field.name)}"]`);
    if (twin) twin.value = field.value;
  }
  fresh.querySelector("h1").id = old.querySelector("h1").id;
  old.replaceWith(fresh);
  const first = fresh.querySelector("[aria-invalid], .alert");
  first?.focus();
  say([...fresh.querySelectorAll(".wrong, .alert")].map((found) => found.textContent).join(" "));
}

async function send(form, button) {
  button?.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
    if (response.type === "opaqueredirect") return location.assign(form.dataset.done);
    refuse(form, await read(response));
  } catch {
    say("credstore could not be reached. Nothing was saved; try again.");
  }
  button?.removeAttribute("aria-busy");
}

// --- tests ---------------------------------------------------------------------------------------------------------
const waiting = [];
let running = 0;

async function test(button) {
  const row = button.closest("tr");
  const token = document.querySelector("#act [name=csrf_token]").value;
  try {
    const response = await fetch(button.formAction, { method: "POST", headers: { "X-Credstore": "fragment", "X-CSRFToken": token } });
    if (response.status === 401) return location.reload();
    if (response.ok) {
      row.querySelector(".verdict").replaceWith((await read(response)).querySelector(".verdict"));
      say(row.querySelector(".verdict").dataset.said);
    } else fail(row, await problem(response));
  } catch {
    fail(row, "credstore could not be reached, so nothing was tested. Try again.");
  }
}

function fail(row, words) {
  const verdict = row.querySelector(".verdict");
  verdict.dataset.mark = "unsure";
  verdict.querySelector("use").setAttribute("href", "#i-unsure");
  verdict.querySelector("button").lastChild.textContent = "";
  verdict.querySelector("button").append("Test not run");
  verdict.querySelector(".reason").textContent = words;
  say(words);
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

// --- one listener for each thing that happens ------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const target = event.target.closest("a, button");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target.matches("a[data-dialog]")) open(target.href);
  else if (target.matches("[data-close]") && target.closest("dialog")) dialog.close();
  else if (target.matches("tr .test")) {
    if (target.getAttribute("aria-busy") !== "true") {
      target.setAttribute("aria-busy", "true");
      waiting.push(target);
      next();
    }
  } else if (target.matches("[data-example]")) {
    const area = document.getElementById(target.dataset.target);
    area.value = target.dataset.example;
    area.focus();
  } else return;
  event.preventDefault();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-dialog]")) open(`${form.action}?${new URLSearchParams(new FormData(form))}`);
  else if (form.matches("[data-done]")) send(form, event.submitter);
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
  document.querySelector("#delete-selected span").textContent = `Delete Selected (${chosen})`;
}

document.addEventListener("change", (event) => {
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
  document.addEventListener(leaving, (event) => event.target.closest(".verdict")?.classList.remove("dismissed"));

count();
