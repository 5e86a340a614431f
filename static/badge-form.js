// Shows the preview while one types; a picture is sent when it is chosen, and kept by the server from then on. Without scripts the button "Preview" does it.
const form = document.querySelector("[data-preview]");
const place = document.querySelector("[data-preview-here]");
let waiting = null;
let asking = null;

async function show(withPicture) {
  const data = new FormData(form);
  if (!withPicture) data.delete("image");
  if (asking) asking.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(`${form.dataset.preview}?part`, { method: "POST", body: data, signal: asking.signal });
    if (answer.headers.get("content-type").startsWith("text/html") && [200, 400, 413, 415].includes(answer.status)) {
      place.innerHTML = await answer.text();
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

if (form) {
  form.addEventListener("input", ({ target }) => {
    clearTimeout(waiting);
    if (target.type === "file") show(true);
    else waiting = setTimeout(show, 400);
  });
  if (!place.querySelector(".card")) show();
}
