/** Two groups of the map's points, and the direction from − to +: made at once, and anew when they change. */

import { attempt, notify } from "./notice.js";
import { addDirection } from "./rack.js";
import { post } from "./server.js";
import { here, store } from "./state.js";

const SETTLE_MS = 300; // single points may be clicked one after the other
const NONE = Object.freeze({ plus: [], minus: [] });
const TOOLS = ["pick", "plus", "minus"];

/** What the map does next: set A and B, add to group +, add to group −, and round again. */
export function nextMapTool() {
  const { mapTool } = store.get();
  store.set({ mapTool: TOOLS[(TOOLS.indexOf(mapTool) + 1) % TOOLS.length] });
}

/** Whether the map adds points to a group. */
export const isGrouping = () => store.get().mapTool in NONE;

/** Add points to the group that the map is set to. */
export function addMembers(points) {
  const { mapTool, groups } = store.get();
  const members = [...new Set([...groups[mapTool], ...points.map(String)])];
  if (points.length === 0) notify("There is no point in this loop: draw it around some.", "error");
  else if (members.length > groups[mapTool].length) store.set({ groups: { ...groups, [mapTool]: members } });
}

/** Add one point to the group that the map is set to, or take it out again. */
export function toggleMember(point) {
  const { mapTool, groups } = store.get();
  const members = groups[mapTool].filter((member) => member !== String(point));
  if (members.length === groups[mapTool].length) members.push(String(point));
  store.set({ groups: { ...groups, [mapTool]: members } });
}

/** Keep the tools beside the map, and the direction on the rack, at the groups. */
export function startGroups(element) {
  startTools(element.querySelectorAll("[data-tool]"), element.querySelector(".map"));
  startCounts(element.querySelector(".groups"));
  startMaking();
  store.watch(["model", "dataset"], ({ model, dataset }, before) => {
    if (model !== before.model || dataset !== before.dataset) store.set({ groups: NONE }); // another model, other latents
  });
}

function startTools(buttons, map) {
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const { tool } = button.dataset;
      store.set({ mapTool: store.get().mapTool === tool ? "pick" : tool });
    });
  }
  store.watch(["mapTool"], ({ mapTool }) => {
    map.dataset.mapTool = mapTool;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.tool === mapTool));
  });
}

function startCounts(bar) {
  bar.querySelector("[data-clear]").addEventListener("click", () => store.set({ groups: NONE }));
  store.watch(["groups", "mapTool"], ({ groups }) => {
    const isEmpty = groups.plus.length + groups.minus.length === 0;
    bar.hidden = isEmpty && !isGrouping();
    bar.querySelector("[data-hint]").hidden = !isEmpty;
    bar.querySelector("[data-clear]").hidden = isEmpty;
    for (const name of ["plus", "minus"]) bar.querySelector(`[data-count=${name}]`).textContent = groups[name].length;
  });
}

function startMaking() {
  let made = null; // id of the direction that these groups have made
  let count = 0; // of directions made so far, for their names
  let newest = 0;

  async function make() {
    const mine = ++newest;
    const { model, groups } = store.get();
    const wish = { model, method: "mean-difference", ...groups, name: `lasso ${made ? count : count + 1}` };
    const info = await attempt(() => post("find-direction", here(), JSON.stringify(wish)));
    if (!info || mine !== newest) return;
    if (!made) count += 1;
    putOnRack(info, made);
    made = info.id;
  }

  let timer = null;
  store.watch(["groups"], ({ groups: { plus, minus } }) => {
    newest += 1; // what is being made is outdated
    clearTimeout(timer);
    if (plus.length + minus.length === 0) made = null; // what it made stays on the rack; the next is another
    else if (plus.length > 0 && minus.length > 0) timer = setTimeout(make, made ? SETTLE_MS : 0);
  });
}

/** In the place of the one that the same groups made before, and as strong; or at the end. */
function putOnRack(info, former) {
  const { rack } = store.get();
  if (!rack.some(({ id }) => id === former)) addDirection(info);
  else store.set({ rack: rack.map((entry) => (entry.id === former ? { ...entry, id: info.id, info } : entry)) });
}
