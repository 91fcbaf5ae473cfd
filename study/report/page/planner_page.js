"use strict";
// The planner at work: what is asked, what is answered, and the address that asks it again.
const startPlanner = (block) => {
  const { form, fields, fromSlider, toSlider, mark, question, link, follow, command } = plannerForm;

  const update = () => {
    fields.forEach(mark);
    const asked = question();
    if (asked === null) return;
    plannerShown.show(asked, {
      measured: planner.measured(block, asked), predicted: planner.predicted(block, asked),
      left_out: planner.leftOut(block, asked),
      reached: asked.target === null ? [] : plannerReach.reached(block, asked),
    });
    plannerShown.tell(command(block, asked));
  };

  form.addEventListener("input", ({ target }) => {
    const name = target.name.replace(/-slider$/, "");
    if (target.type === "range") fromSlider(name);
    if (fields.includes(name) && target.type !== "range") toSlider(name);
    update();
  });
  form.addEventListener("change", () => history.replaceState(null, "", link()));
  form.addEventListener("submit", (event) => event.preventDefault());
  const open = () => {
    const asked = follow();
    fields.forEach(toSlider);
    update();
    if (asked) document.querySelector("#planner").scrollIntoView();
  };
  window.addEventListener("hashchange", open);
  document.querySelector("#planner").hidden = false;
  open();
};
// What unpacks comes after this script, at the end of the page.
document.addEventListener("DOMContentLoaded", async () => {
  if (canUnpack) startPlanner(JSON.parse(await unpacked(document.querySelector("#planner-data"))));
});
