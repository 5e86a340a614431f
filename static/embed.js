// Shows a person's public badges on other sites. It asks only the server that it came from, writes text as text, and sets no
// inline styles, so that it works under the page's own content security policy (docs/embedding.md).
(() => {
  const script = document.currentScript;
  const base = new URL(script ? script.src : location.href).origin;
  const look = `
:where(.badgefed-widget) { font: 16px/1.45 system-ui, sans-serif; }
:where(.badgefed-title) { margin: 0 0 .75rem; font-size: 1.25rem; }
:where(.badgefed-badges) { list-style: none; display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr)); margin: 0; padding: 0; }
:where(.badgefed-badge) { display: grid; }
:where(.badgefed-link) { display: flex; gap: .875rem; align-items: center; padding: .75rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .875rem; color: inherit; text-decoration: none; }
:where(.badgefed-link:hover) { border-color: currentColor; }
:where(.badgefed-image) { width: 4rem; height: 4rem; object-fit: contain; flex: none; }
:where(.badgefed-text) { display: grid; min-width: 0; overflow-wrap: anywhere; }
:where(.badgefed-issuer, .badgefed-date, .badgefed-powered) { font-size: .875rem; opacity: .75; }
:where(.badgefed-powered) { margin: .75rem 0 0; }
:where(.badgefed-powered-link) { display: inline-block; padding-block: .25rem; color: inherit; }`;

  function styleOnce() {
    if (styleOnce.done || !("adoptedStyleSheets" in document)) return;
    styleOnce.done = true;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(look);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }

  function make(tag, name, text) {
    const element = document.createElement(tag);
    element.className = `badgefed-${name}`;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // An address of the server that this script came from; undefined for any other.
  function own(address) {
    try {
      const url = new URL(address, base);
      return url.origin === base ? url.href : undefined;
    } catch {
      return undefined;
    }
  }

  function card(badge) {
    const item = make("li", "badge");
    const link = make("a", "link");
    const page = own(badge.viewUrl);
    if (page) link.href = page;
    link.target = "_blank";
    link.rel = "noopener";
    const picture = own(badge.image);
    if (picture) {
      const image = make("img", "image");
      image.src = picture;
      image.alt = "";
      image.width = 64;
      image.height = 64;
      image.loading = "lazy";
      link.append(image);
    }
    const text = make("span", "text");
    text.append(make("strong", "name", String(badge.title ?? "")), make("span", "issuer", String(badge.issuerName ?? "")), make("time", "date", String(badge.issuedOn ?? "")));
    link.append(text);
    item.append(link);
    return item;
  }

  async function load(recipient, limit) {
    const address = new URL("/api/embed/badges", base);
    address.search = new URLSearchParams({ recipient, limit: String(limit), format: "simple" });
    const answer = await fetch(address, { credentials: "omit" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }

  async function render(containerId, recipientUrl, options = {}) {
    const container = document.getElementById(containerId);
    if (!container) return;
    styleOnce();
    const { title = "My Badges", limit = 10, showPoweredBy = true } = options;
    const widget = make("div", "widget");
    widget.append(make("h3", "title", title));
    try {
      const badges = await load(recipientUrl, limit);
      const list = make("ul", "badges");
      list.append(...badges.map(card));
      widget.append(badges.length ? list : make("p", "empty", "No public badges found for this recipient."));
    } catch {
      widget.append(make("p", "error", "Failed to load badges. Please try again later."));
    }
    if (showPoweredBy) {
      const by = make("p", "powered");
      const link = make("a", "powered-link", new URL(base).host);
      link.href = base;
      link.rel = "noopener";
      by.append(link);
      widget.append(by);
    }
    container.replaceChildren(widget);
  }

  function start() {
    for (const element of document.querySelectorAll("[data-badgefed-recipient][id]")) {
      const { badgefedRecipient, badgefedTitle, badgefedLimit, badgefedPoweredBy } = element.dataset;
      render(element.id, badgefedRecipient, {
        title: badgefedTitle || "My Badges",
        limit: Number.parseInt(badgefedLimit, 10) || 10,
        showPoweredBy: badgefedPoweredBy !== "false",
      });
    }
  }

  window.BadgeFedWidget = { version: "1.0.0", render };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
