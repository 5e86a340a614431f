// Makes the form quicker where the browser can: drop or paste a file, scan a code. Without scripts the form does all of it.
const form = document.querySelector("[data-verify]");
const drop = form.querySelector("[data-drop]");
const file = form.elements.file;
const text = form.elements.badge;

function take(files) {
  if (!files || files.length === 0) return false;
  const chosen = new DataTransfer();
  chosen.items.add(files[0]);
  file.files = chosen.files;
  text.value = "";
  return true;
}

for (const name of ["dragover", "dragleave", "drop"]) {
  form.addEventListener(name, (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("is-over", name === "dragover");
    if (name === "drop") take(event.dataTransfer.files);
  });
}
document.addEventListener("paste", (event) => {
  if (take(event.clipboardData.files)) event.preventDefault();
});
text.addEventListener("input", () => { if (text.value) file.value = ""; });
file.addEventListener("change", () => { if (file.value) text.value = ""; });

const scan = form.querySelector("[data-scan]");
const view = scan.querySelector("[data-scan-view]");
const start = scan.querySelector("[data-scan-start]");
const status = scan.querySelector("[data-scan-status]");
const video = view.querySelector("video");
let stream = null;

function stop() {
  for (const track of stream ? stream.getTracks() : []) track.stop();
  stream = null;
  view.hidden = true;
  start.hidden = false;
  start.setAttribute("aria-expanded", "false");
}

async function look(detector) {
  if (!stream) return;
  const codes = video.readyState >= 2 ? await detector.detect(video).catch(() => []) : [];
  const found = codes.find((code) => code.rawValue);
  if (!found) {
    setTimeout(look, 200, detector);
    return;
  }
  stop();
  status.textContent = status.dataset.found;
  file.value = "";
  text.value = found.rawValue;
  form.requestSubmit();
}

async function begin(detector) {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    status.textContent = status.dataset.refused;
    return;
  }
  video.srcObject = stream;
  await video.play();
  view.hidden = false;
  start.hidden = true;
  start.setAttribute("aria-expanded", "true");
  status.textContent = status.dataset.waiting;
  look(detector);
}

if ("BarcodeDetector" in window && navigator.mediaDevices) {
  const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
  if (formats.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    scan.hidden = false;
    start.addEventListener("click", () => begin(detector));
    scan.querySelector("[data-scan-stop]").addEventListener("click", () => { stop(); status.textContent = ""; start.focus(); });
    window.addEventListener("pagehide", stop);
  }
}
