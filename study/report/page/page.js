"use strict";
// The theme's button; the section in view, marked in the list of contents; everything open on paper.
{
  const root = document.documentElement;
  const button = document.querySelector(".theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const name = () => (button.textContent = isDark() ? "Light" : "Dark");
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => (part.open = true)));

  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [document.querySelector(link.hash), link]));
  const bar = document.querySelector("nav");
  const mark = () => {
    let here = null;
    for (const section of links.keys()) if (section && section.getBoundingClientRect().top < innerHeight / 3) here = section;
    for (const [section, link] of links) {
      if (section !== here) link.removeAttribute("aria-current");
      else if (!link.hasAttribute("aria-current")) {
        link.setAttribute("aria-current", "true");
        bar.scrollTo({ left: link.offsetLeft - bar.clientWidth / 2 + link.offsetWidth / 2 });
      }
    }
  };
  if (links.size) addEventListener("scroll", mark, { passive: true });
}
