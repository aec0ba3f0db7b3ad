// Signs in without leaving the form: its fields stay as they are, secrets too, and its CSRF token is renewed.
// Loaded when a form was refused because its session had ended; credstore.js lends it what it needs.
const { root, read } = window.credstore;

// Whether somebody is signed in; then every form of the page gets the token of the new session.
export async function renewToken(form) {
  const page = await read(await fetch(form.action));
  const token = page.querySelector("#credstore #act [name=csrf_token]")?.value;
  if (!token) return false;
  for (const field of root.querySelectorAll("[name=csrf_token]")) field.value = token;
  return true;
}

const message = (className, words) => Object.assign(document.createElement("p"), { className, textContent: words });

function show(panel, page) {
  const card = page.querySelector("#credstore .card");
  card.querySelector("h1").id = "sign-in-title";
  card.querySelector("h1").after(message("notice", "Your session has ended. Nothing was saved yet, and nothing that you typed is lost."));
  card.querySelector("#provider")?.setAttribute("target", "_blank"); // what is typed here stays
  const later = Object.assign(document.createElement("button"), { type: "button", textContent: "Not now" });
  later.addEventListener("click", () => panel.close());
  const button = card.querySelector("form [type=submit]");
  const buttons = Object.assign(document.createElement("div"), { className: "choices" });
  button.replaceWith(buttons);
  buttons.append(button, later);
  panel.replaceChildren(card);
  const wrong = card.querySelector(".alert");
  (wrong ? card.querySelector("[name=password]") : card.querySelector("[name=username]")).focus();
}

// Resolves to whether somebody has signed in, here or in another tab.
export async function signIn(form, url) {
  const panel = document.createElement("dialog");
  panel.setAttribute("aria-labelledby", "sign-in-title");
  root.append(panel);
  show(panel, await read(await fetch(url)));
  panel.showModal();
  panel.querySelector("[name=username]").focus();

  let signedIn = false;
  const lookAgain = async () => {
    if (document.visibilityState === "visible" && (await renewToken(form))) {
      signedIn = true;
      panel.close();
    }
  };
  document.addEventListener("visibilitychange", lookAgain);
  panel.addEventListener("submit", async (event) => {
    event.preventDefault();
    panel.querySelector(".alert")?.remove();
    try {
      const body = new URLSearchParams(new FormData(event.target));
      const response = await fetch(event.target.action, { method: "POST", body, redirect: "manual" });
      if (response.type === "opaqueredirect") await lookAgain();
      else show(panel, await read(response));
    } catch {
      event.target.before(message("alert", "credstore could not be reached. Try again."));
    }
  });
  await new Promise((resolve) => panel.addEventListener("close", resolve));
  document.removeEventListener("visibilitychange", lookAgain);
  panel.remove();
  return signedIn;
}
