// Follows a list while it is being worked on, and shows the page anew when it is completed. Without it there is a link.
const bar = document.querySelector("progress[data-follow]");
if (bar && "EventSource" in window) {
  const events = new EventSource(bar.dataset.follow);
  const show = (event) => {
    const { done } = JSON.parse(event.data);
    bar.value = done;
    document.querySelector("[data-done]").textContent = done;
  };
  events.addEventListener("progress", show);
  events.addEventListener("completed", (event) => {
    events.close();
    show(event);
    location.reload();
  });
  document.querySelector("[data-refresh]").hidden = true;
}
