// Light and dark: as the system has it, or as chosen by the button in the header.

const THEMES = ["system", "light", "dark"];

export function theme() {
  const toggle = document.getElementById("theme");
  let now = "system";
  try { now = localStorage.getItem("counterfoil.theme") ?? "system"; } catch { /* storage is disabled */ }
  const put = () => {
    if (now === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    toggle.setAttribute("aria-label", `Colours: ${now === "system" ? "system setting" : now}`);
    toggle.title = toggle.getAttribute("aria-label");
  };
  toggle.addEventListener("click", () => {
    now = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    try { localStorage.setItem("counterfoil.theme", now); } catch { /* storage is disabled */ }
    put();
  });
  put();
}
