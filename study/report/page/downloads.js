"use strict";
// Texts that the page holds packed, by their path beside it: study/report/embedded.py.
const canUnpack = typeof DecompressionStream === "function";
const unpacked = (element) => {
  const bytes = Uint8Array.from(atob(element.textContent), (sign) => sign.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
};
{
  const TYPES = { csv: "text/csv", svg: "image/svg+xml", tex: "application/x-tex" };
  const held = new Map([...document.querySelectorAll("script[data-file]")].map((file) => [file.dataset.file, file]));
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[download]");
    const path = link?.getAttribute("href");
    if (!canUnpack || !held.has(path)) return; // then the file beside the page
    event.preventDefault();
    const type = TYPES[path.split(".").at(-1)] ?? "text/plain";
    const saved = document.createElement("a");
    saved.href = URL.createObjectURL(new Blob([await unpacked(held.get(path))], { type }));
    saved.download = path.split("/").at(-1);
    saved.click();
    setTimeout(() => URL.revokeObjectURL(saved.href), 60_000);
  });
}
