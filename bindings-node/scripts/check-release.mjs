// A release carries each platform's addon in a package of its own: the main package must hold none.
import { readdirSync } from "node:fs";

const here = readdirSync(".").filter((name) => name.endsWith(".node"));
if (here.length > 0) {
  console.error(`take these away before publishing, they belong to the platform packages: ${here.join(", ")}`);
  process.exit(1);
}
