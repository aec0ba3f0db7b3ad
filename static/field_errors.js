// Takes back what is said to be wrong with a field when the user changes it. Whether it is right now, the server says.
const { root } = window.credstore;

function takeBack(field) {
  if (!field?.matches("[aria-invalid=true]")) return;
  field.setAttribute("aria-invalid", "false"); // not removed: fields in view because of it stay there while one types
  const sentence = document.getElementById(`${field.id}-error`);
  const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== sentence?.id);
  if (others.length) field.setAttribute("aria-describedby", others.join(" "));
  else field.removeAttribute("aria-describedby");
  sentence?.remove();
}

for (const changing of ["input", "change"]) root.addEventListener(changing, ({ target }) => takeBack(target));
root.addEventListener("click", ({ target }) => { // credstore.js has put the example in, unless the user refused
  const area = target.matches("[data-example]") && document.getElementById(target.dataset.target);
  if (area && area.value === target.dataset.example) takeBack(area);
});
