// Adds to pages that work without it: dialogs, a spinner, counts. A block, so that a host's scripts share no name with it.
"use strict";

{
const root = document.getElementById("credstore");
const find = (selector) => root.querySelector(selector);
const live = find("#live");
const say = (words) => { live.textContent = words; };

const read = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");
const ours = { "X-Credstore": "fragment" };
const isProblem = (response) => (response.headers.get("Content-Type") || "").includes("json");
const problem = async (response) =>
  isProblem(response)
    ? (await response.json()).detail
    : `The server answered ${response.status}. Reload the page and try again.`;

// Dialogs and the sending of their forms are loaded when the first is wanted; without them the real pages do the same.
const dialogs = () => import(root.dataset.dialogs);
const open = (url, from) => dialogs().then((loaded) => loaded.open(url, from)).catch(() => location.assign(url));
const send = (form, submitter) =>
  dialogs().then((loaded) => loaded.send(form, submitter)).catch(() => {
    form.removeAttribute("data-send");
    form.requestSubmit(submitter);
  });

// tests:
const waiting = [];
let running = 0;

async function test(button) {
  const row = button.closest("tr");
  try {
    const token = find("#act [name=csrf_token]").value;
    const response = await fetch(button.formAction, { method: "POST", headers: { ...ours, "X-CSRFToken": token } });
    // Signed out meanwhile, or signed in anew (then the form's token is old): the page itself says so better.
    if ([400, 401].includes(response.status) || response.redirected) return location.reload();
    if (response.ok) {
      const fresh = await read(response);
      conclude(row, fresh.querySelector(".verdict"), fresh.querySelector(".reason"));
    } else fail(row, await problem(response));
  } catch {
    fail(row, "credstore could not be reached, so nothing was tested. Try again.");
  }
}

function conclude(row, verdict, reasons) {
  tooltip.remove();
  row.querySelector(".verdict").replaceWith(verdict);
  details.set(verdict, Promise.resolve([...reasons.children]));
  say(`${row.querySelector("th").textContent.trim()}: ${verdict.textContent.trim()}. ${reasons.firstElementChild.textContent}`);
}

function fail(row, words) {
  const verdict = row.querySelector(".verdict").cloneNode();
  verdict.dataset.mark = "unsure";
  verdict.textContent = "Test not run";
  const reasons = document.createElement("div");
  reasons.append(Object.assign(document.createElement("p"), { textContent: words }));
  conclude(row, verdict, reasons);
}

// the details of a verdict, fetched when wanted, in one tooltip behind it.
const details = new WeakMap(); // by verdict, a promise of the elements
const tooltip = document.createElement("div");
tooltip.id = tooltip.className = "reason";
tooltip.setAttribute("role", "tooltip");

function load(verdict) {
  if (!details.has(verdict)) {
    const fetched = fetch(verdict.href, { headers: ours }).then(async (response) => {
      if (!response.ok || response.redirected) throw new Error(response.statusText);
      return [...(await read(response)).querySelector(".reason").children];
    });
    fetched.catch(() => details.delete(verdict)); // the verdict is a link: its page says the same
    details.set(verdict, fetched);
  }
  return details.get(verdict);
}

async function explain(verdict) {
  let late = false;
  setTimeout(() => { late = true; });
  const parts = await load(verdict).catch(() => null);
  if (!parts || !verdict.matches(":hover, :focus")) return;
  tooltip.classList.remove("dismissed");
  if (tooltip.previousElementSibling === verdict) return;
  tooltip.previousElementSibling?.removeAttribute("aria-describedby");
  tooltip.replaceChildren(...parts);
  verdict.after(tooltip);
  verdict.setAttribute("aria-describedby", tooltip.id);
  // A description that came after the focus is not read by screen readers.
  if (late && verdict.matches(":focus")) say(tooltip.innerText);
}

// Two at a time: the server stays quick.
async function next() {
  if (running > 1 || !waiting.length) return;
  const button = waiting.shift();
  running += 1;
  await test(button);
  button.removeAttribute("aria-busy");
  running -= 1;
  if (!running && !waiting.length) recount();
  next();
}

// the counts by status, after the last test of some
async function recount() {
  const response = await fetch(location.href, { headers: ours }).catch(() => ({}));
  const counts = response.ok && (await read(response)).querySelector(".chips + .chips");
  if (counts && !find(".chips + .chips :focus")) find(".chips + .chips").replaceWith(counts);
}

// one listener for each thing that happens:
root.addEventListener("click", (event) => {
  const target = event.target.closest("a, button");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target.ariaDisabled === "true") say(target.title);
  else if (target.matches(".close")) {
    target.parentElement.remove();
    (find("#main") || root).focus({ preventScroll: true });
  } else if (target.matches("a[data-dialog], .edit, .trash")) open(target.href, target);
  else if (target.matches(".verdict") && byTouch) explain(target);
  else if (target.matches("dialog [data-close]")) target.closest("dialog").close();
  else if (target.matches("tr .test")) {
    if (target.getAttribute("aria-busy") !== "true") {
      target.setAttribute("aria-busy", "true");
      say(`Testing ${target.closest("tr").querySelector("th").textContent.trim()}…`);
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

root.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-dialog]")) open(`${event.submitter?.getAttribute("formaction") || form.action}?${new URLSearchParams(new FormData(form))}`, event.submitter);
  else if (form.matches("[data-send]")) send(form, event.submitter);
  else return event.submitter?.matches(".result .test") && event.submitter.setAttribute("aria-busy", "true");
  event.preventDefault();
});

function count() {
  const boxes = [...root.querySelectorAll("tbody input")];
  const chosen = boxes.filter((box) => box.checked).length;
  const all = find("#all");
  if (!all) return;
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
  for (const button of root.querySelectorAll("[data-counted]"))
    button.querySelector("span").textContent = `${button.dataset.counted} (${chosen})`;
}

root.addEventListener("change", (event) => {
  if (event.target.matches("select")) event.target.classList.add("chosen");
  if (event.target.id === "all")
    for (const box of root.querySelectorAll("tbody input")) box.checked = event.target.checked;
  if (event.target.closest("table")) {
    count();
    say(find("#delete-selected span").textContent);
  }
});

let byTouch = false;
root.addEventListener("pointerdown", (event) => { byTouch = event.pointerType === "touch"; });
for (const arriving of ["pointerover", "focusin"])
  root.addEventListener(arriving, (event) => {
    const verdict = event.target.closest?.(".verdict");
    if (verdict && !verdict.contains(event.relatedTarget)) explain(verdict);
    else if (arriving === "focusin") {
      const near = event.target.closest("tbody tr")?.querySelector(".verdict"); // the next or the last stop of Tab
      if (near) load(near).catch(() => {});
    }
  });
root.addEventListener("pointerout", (event) => {
  const focused = document.activeElement;
  if (event.target.closest?.(".verdict") && focused.matches(".verdict") && focused !== tooltip.previousElementSibling) explain(focused);
});
document.addEventListener("keydown", (event) => {
  byTouch = false;
  if (event.key === "Escape") tooltip.classList.add("dismissed"); // without moving the pointer or the focus
});

// the keys of shortcuts.js, which do nothing while somebody types; and the icon of the tab, which shows what goes on.
const modified = (event) => event.ctrlKey || event.altKey || event.metaKey;
const press = (event, key) => {
  event.preventDefault(); // "/" would open a search of the browser
  import(root.dataset.shortcuts).then(({ actions }) => actions[key](event.target));
};
document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const typing = target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select");
  if (/^[?/ntxjk]$/.test(key) && !modified(event) && !typing && (root.contains(target) || target === document.body) && !find("dialog[open]")
    && !document.cookie.includes("credstore_shortcuts=off")) press(event, key);
});
find("#help")?.addEventListener("click", (event) => modified(event) || event.shiftKey || press(event, "?"));

const icon = document.querySelector("link[data-state]") || {};
const { href = "" } = icon;
function showState() {
  const state = find("[aria-busy=true], [data-poll]") ? "-busy"
    : find(":is(tr, .results) [data-mark=fail], .result[data-mark=fail], #locked") ? "-alert" : "";
  const now = state ? href.replace(/\.svg.*/, `${state}.svg`) : href;
  if (icon.href !== now) icon.href = now;
}
new MutationObserver(showState).observe(root, { subtree: true, childList: true, attributeFilter: ["aria-busy"] });

showState();
count();
say([...root.querySelectorAll(".message p")].map((found) => found.textContent).join(" "));
window.credstore = { root, find, ours, say, read, isProblem };
}
