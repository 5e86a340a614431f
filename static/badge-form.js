// Shows the preview while one types. Without scripts the button "Preview" does it.
const form = document.querySelector("[data-preview]");
const place = document.querySelector("[data-preview-here]");
let waiting = null;
let asking = null;

async function show() {
  const data = new FormData(form);
  data.delete("image");
  if (asking) asking.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(`${form.dataset.preview}?part`, { method: "POST", body: data, signal: asking.signal });
    if (answer.headers.get("content-type").startsWith("text/html") && [200, 400].includes(answer.status)) {
      place.innerHTML = await answer.text();
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

if (form) {
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 400);
  });
  if (!place.querySelector(".card")) show();
}
