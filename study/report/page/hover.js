"use strict";
// What a point of a figure is: the nearest to the pointer, or with the keyboard one after the other. The words and the
// places, in the units of each drawing's viewBox, are those of study/report/spots.py.
{
  const REACH = 18; // of these units, from the pointer to a spot
  const RING = 7;
  const SVG = "http://www.w3.org/2000/svg";

  class Spots {
    constructor(drawings) {
      this.drawings = drawings;
      this.tip = document.createElement("div");
      Object.assign(this.tip, { className: "tip", hidden: true });
      this.tip.setAttribute("role", "status");
      drawings.append(this.tip);
      this.ring = document.createElementNS(SVG, "circle");
      this.ring.setAttribute("class", "ring");
      this.ring.setAttribute("r", RING);
      for (const width of ["wide", "narrow"]) this.listen(drawings.querySelector(`.${width}`), width);
    }

    // The spots are unpacked when they are first asked for.
    known() {
      this.held ??= unpacked(this.drawings.querySelector("script[data-spots]")).then(JSON.parse);
      return this.held;
    }

    listen(drawing, width) {
      const svg = drawing.querySelector("svg");
      drawing.tabIndex = 0;
      drawing.setAttribute("role", "group");
      drawing.setAttribute("aria-label", "Points of this figure: the arrow keys tell them one by one");
      svg.addEventListener("pointermove", (event) => this.point(svg, width, event));
      svg.addEventListener("pointerdown", (event) => this.point(svg, width, event));
      svg.addEventListener("pointerleave", () => this.leave());
      drawing.addEventListener("keydown", (event) => this.key(svg, width, event));
      drawing.addEventListener("blur", () => this.leave());
    }

    async point(svg, width, event) {
      const { words, [width]: places } = await this.known();
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      let [nearest, least] = [-1, REACH];
      places.forEach(([x, y], place) => {
        const away = Math.hypot(x - at.x, y - at.y);
        if (away < least) [nearest, least] = [place, away];
      });
      if (nearest < 0) this.leave();
      else this.show(svg, places[nearest], words[nearest]);
    }

    async key(svg, width, event) {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") this.leave();
      if (!step) return;
      event.preventDefault();
      const { words, [width]: places } = await this.known();
      if (!places.length) return;
      const order = places.map((_, place) => place).sort((a, b) => places[a][0] - places[b][0] || places[b][1] - places[a][1]);
      const first = step > 0 ? 0 : order.length - 1;
      this.at = this.at === undefined ? first : (this.at + step + order.length) % order.length;
      this.show(svg, places[order[this.at]], words[order[this.at]]);
    }

    show(svg, [x, y], lines) {
      svg.append(this.ring);
      this.ring.setAttribute("cx", x);
      this.ring.setAttribute("cy", y);
      this.tip.replaceChildren(...lines.map((line, place) =>
        Object.assign(document.createElement(place ? "span" : "b"), { textContent: line })));
      this.tip.hidden = false;
      const frame = this.drawings.getBoundingClientRect();
      const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
      const [width, height] = [this.tip.offsetWidth, this.tip.offsetHeight];
      const left = Math.min(Math.max(at.x - frame.left - width / 2, 0), Math.max(frame.width - width, 0));
      const above = at.y - frame.top - height - RING - 6;
      this.tip.style.left = `${left}px`;
      this.tip.style.top = `${at.y - height < 60 ? at.y - frame.top + RING + 8 : above}px`;
    }

    leave() {
      this.tip.hidden = true;
      this.ring.remove();
    }
  }

  if (canUnpack) for (const spots of document.querySelectorAll("script[data-spots]")) new Spots(spots.parentElement);
}
