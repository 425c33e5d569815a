/** The same classes for `import`: one copy of them, so that `instanceof` holds however the package was loaded. */

export type * from "./index.js";
export { ActiveDirectory, generatePassword, Identity, MockDirectory, WritebackError } from "./index.js";
