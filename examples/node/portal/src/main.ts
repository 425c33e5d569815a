/** Starts the portal, as the environment says. */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { buildApp, makeLog } from "./app.js";
import { type Contacts, FileContacts } from "./contacts.js";
import { demoContacts, demoDirectory } from "./demo.js";
import { reach } from "./directory.js";
import { Portal } from "./portal.js";
import { DevelopmentSender, type Sender } from "./sender.js";
import { readSettings, type Settings } from "./settings.js";

/** How long answers may still take once the portal ends, in milliseconds. */
const LAST_ANSWERS = 60_000;

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = makeLog(settings.logLevel);
  const directory = settings.directory === null ? demoDirectory(log) : reach(settings.directory, log);
  const sender = settings.senderModule === null ? new DevelopmentSender() : await made<Sender>(settings.senderModule);
  const portal = new Portal(settings, directory, await contacts(settings), sender, settings.directory === null);
  const app = await buildApp(portal, log);
  app.addHook("onClose", () => directory.close());
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void app.close();
      // A browser opens connections that it does not use, and an answer may come too late: neither holds the end up.
      setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS).unref();
    });
  }
  const at = await app.listen(settings.listen);
  console.log(`The portal is at ${at}`);
}

/** Where codes are sent to. */
async function contacts(settings: Settings): Promise<Contacts> {
  if (settings.contactsModule !== null) {
    return made<Contacts>(settings.contactsModule);
  }
  if (settings.contactsFile !== null) {
    const file = new FileContacts(settings.contactsFile);
    await file.ready();
    return file;
  }
  if (settings.directory !== null) {
    throw new Error("PORTAL_CONTACTS or PORTAL_CONTACTS_FILE: where codes are sent to is missing");
  }
  return demoContacts();
}

/** What a module's default export makes. */
async function made<T>(path: string): Promise<T> {
  const module: { default: () => T | Promise<T> } = await import(pathToFileURL(resolve(path)).href);
  return module.default();
}

main().catch((error: unknown) => {
  console.error(`The portal does not start:\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
