// Keeps a page fresh while it is looked at. Without it the page is whole; it only has to be loaded again.
"use strict";

(() => {
  const live = () => document.querySelector("[data-live]");
  let shown = live() && live().outerHTML;

  const openDetails = (root) => [...root.querySelectorAll("details")].map((one) => one.open);

  const swap = (fresh) => {
    const old = live();
    const open = openDetails(old);
    const details = [...fresh.querySelectorAll("details")];
    if (details.length === open.length) details.forEach((one, at) => { one.open = open[at]; });
    old.replaceWith(document.importNode(fresh, true));
  };

  const isBusy = () => document.hidden || String(window.getSelection()) !== "";

  const look = async () => {
    const section = live();
    if (!section) return;
    if (!isBusy()) {
      try {
        const answer = await fetch(location.href, { redirect: "error" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok && page.getElementById(section.id);
        if (fresh && fresh.outerHTML !== shown) {
          shown = fresh.outerHTML;
          swap(fresh);
        }
      } catch {
        // the bot is being restarted, or the session has ended: the page stays as it is, and we look again
      }
    }
    setTimeout(look, 1000 * Number((live() || section).dataset.live || 4));
  };

  if (live()) setTimeout(look, 1000 * Number(live().dataset.live));
})();
