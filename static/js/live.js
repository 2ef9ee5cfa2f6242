// What pages show about being live: the light in the header, ages that grow, and lists that could not be refreshed.
(() => {
  const light = () => document.getElementById("live");
  const say = (state, words) => {
    const element = light();
    if (!element || element.dataset.state === state) return;
    element.dataset.state = state;
    element.title = words;
    element.querySelector("[data-live-words]").textContent = words;
  };
  document.addEventListener("htmx:sse:after:connection", () => say("on", "Live"));
  document.addEventListener("htmx:sse:error", () => say("off", "Reconnecting"));
  document.addEventListener("htmx:sse:close", () => say("off", "Not live"));

  // A list that could not be refreshed says so, and since when; the next good answer replaces it and the words.
  const stale = (event) => {
    const region = event.detail?.ctx?.sourceElement?.closest("[data-refreshes]");
    if (!region || region.querySelector(":scope > .stale")) return;
    const note = document.createElement("p");
    note.className = "stale";
    note.setAttribute("role", "status");
    note.textContent = `Not updated since ${new Date().toLocaleTimeString()}. It is tried again by itself.`;
    region.prepend(note);
  };
  document.addEventListener("htmx:error", stale);
  document.addEventListener("htmx:response:error", stale);

  const words = (seconds) => {
    if (seconds < 5) return "now";
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86400)} d ago`;
  };
  // The server's clock counts, for a browser's may be off: both were read when the page was made.
  const server = Number(document.documentElement.dataset.now || 0);
  const offset = server ? server - Date.now() : 0;
  const grow = () => {
    for (const element of document.querySelectorAll("time[data-age]")) {
      const seconds = Math.max(0, Math.floor((Date.now() + offset - Date.parse(element.dateTime)) / 1000));
      element.textContent = words(seconds);
    }
  };
  setInterval(grow, 5000);

  // Menus close when somebody clicks elsewhere or presses Escape.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
  });
})();
