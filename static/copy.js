// Adds a button to what is meant to be copied. Without scripts the text can be selected as it is.
for (const text of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = text.dataset.copyLabel;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = text.dataset.copyDone;
    setTimeout(() => { button.textContent = text.dataset.copyLabel; }, 2000);
  });
  text.after(button);
}
