/** A page without a browser, which has nothing but its notices: returns the texts of all that were shown. */
export function watchNotices() {
  const told = [];
  const element = () => ({ setAttribute() {}, addEventListener() {}, remove() {}, append: (child) => child.textContent && told.push(child.textContent) });
  const list = { children: [], append() {} };
  globalThis.document = { baseURI: "http://here/", querySelector: () => list, createElement: element };
  return told;
}
