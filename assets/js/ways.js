/** What a traversal can vary: each way lists what there is to choose, and finds the direction that stands for it. */

import { directionsOf } from "./rack.js";
import { getJson, post } from "./server.js";
import { here, modelStatus, store } from "./state.js";

const COMPONENTS = 16;
const BY_VARIANCE =
  "In the order of the variance of the data's latents, each named by the label that it follows best over the training data.";

/** What one coordinate of a model's latents is called. */
export const coordinateOf = (model) => (modelStatus(model).axes.includes("channel") ? "channel" : "dimension");

/** `list(state)` resolves to {title, value} each, `find(model, value)` to {id, label, told}. */
export const WAYS = {
  dimension: {
    async list({ model }) {
      const { dimensions } = await getJson("dimensions", { model, ...here() });
      return dimensions.map(({ index, title }) => ({ title, value: index }));
    },
    async find(model, index) {
      const { id } = await post("dimension", here(), JSON.stringify({ model, index: Number(index) }));
      return { id, label: `${coordinateOf(model)} ${index}`, told: [BY_VARIANCE, modelStatus(model).dataset.note].join(" ").trim() };
    },
  },
  component: {
    list: async () => Array.from({ length: COMPONENTS }, (_, value) => ({ title: `component ${value + 1}`, value })),
    async find(model, component) {
      const wish = { model, method: "pca", component: Number(component) };
      const { id, name, notes } = await post("find-direction", here(), JSON.stringify(wish));
      return { id, label: name.toLowerCase(), told: [`${name}: ${notes[0]}`, ...notes.slice(1)].join(". ") + "." };
    },
  },
  direction: {
    async list({ model, rack }) {
      const { directions } = await directionsOf(model);
      const found = rack.map(({ info }) => info).filter(({ built_in }) => !built_in);
      return [...found, ...directions].map(({ id, name }) => ({ title: name, value: id }));
    },
    async find(model, id) {
      const { directions } = await directionsOf(model);
      const infos = [...directions, ...store.get().rack.map(({ info }) => info)];
      const { name, method_title, data } = infos.find((info) => info.id === id);
      return { id, label: name, told: `${name}: ${method_title}, from ${data}.` };
    },
  },
};
