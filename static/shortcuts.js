// What the shortcuts do. credstore.js loads it with the first one, and never while somebody types.
const { root, find } = window.credstore;
const rowOf = (from) => from.closest("tbody tr");

// Signing out clears the storage of the browser; the choice is for longer, so that it is in a cookie.
const choice = "credstore_shortcuts=";

function showChoice() {
  const box = find("#shortcuts");
  if (!box) return;
  box.checked = !document.cookie.includes(`${choice}off`);
  box.onchange = () => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${choice}${box.checked ? "on" : "off"}; path=${root.dataset.path}; max-age=31536000; samesite=lax${secure}`;
  };
}

async function help(from) {
  const { href } = find("#help") || {}; // in a host application, the list has it
  if (!href) return;
  try {
    const dialogs = await import(root.dataset.dialogs);
    await dialogs.open(href, from);
    showChoice();
  } catch {
    location.assign(href);
  }
}

function move(from, step) {
  const rows = [...root.querySelectorAll("tbody tr")];
  rows[rowOf(from) ? rows.indexOf(rowOf(from)) + step : 0]?.querySelector("th a").focus();
}

function test(from) {
  const row = rowOf(from);
  const within = row ? [row] : root.querySelectorAll("tr:has(td :checked), .result");
  for (const one of within) one.querySelector(".test")?.click();
}

export const actions = {
  "?": help,
  "/": () => find("[type=search]")?.select(),
  n: () => find("[data-key=n]")?.click(),
  t: test,
  x: (from) => rowOf(from)?.querySelector("[name=ids]").click(),
  j: (from) => move(from, 1),
  k: (from) => move(from, -1),
};

showChoice();
