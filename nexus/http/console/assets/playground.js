// The playground without a new page for each run: the form is sent as it is, and the part of the
// answer with the result takes the place of the old one.

const form = document.querySelector("[data-play]");
const language = form.querySelector("[data-language]");
const source = form.querySelector("[data-source]");

async function send(button) {
  const data = new FormData(form);
  data.set("do", button.value);
  const result = form.querySelector("[data-result]");
  result.setAttribute("aria-busy", "true");
  for (const each of form.querySelectorAll("button")) each.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(data),
      headers: { Accept: "text/html" },
    });
    if (answer.status === 401) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("[data-result]");
    if (found) result.replaceChildren(...found.childNodes);
    else result.textContent = `The server answered ${answer.status}.`;
  } catch (error) {
    result.textContent = `The server cannot be reached: ${error.message}`;
  } finally {
    result.removeAttribute("aria-busy");
    for (const each of form.querySelectorAll("button")) each.disabled = false;
    button.focus({ preventScroll: true });
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.submitter ?? form.querySelector("[value=run]"));
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("[value=run]"));
  }
});

// Another language brings its example, unless something of one's own is in the field.
language.addEventListener("change", () => {
  const examples = [...language.options].map((option) => option.dataset.example);
  if (examples.some((example) => example.trim() === source.value.trim())) {
    source.value = language.selectedOptions[0].dataset.example;
    source.dispatchEvent(new Event("replaced"));
  }
});
