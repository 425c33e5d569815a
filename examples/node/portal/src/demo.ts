/** A made-up directory, to try the portal on. Its accounts are described in the README. */

import type { FastifyBaseLogger } from "fastify";
import { MockDirectory } from "password-writeback";
import { FixedContacts } from "./contacts.js";
import { audit } from "./directory.js";

const DAY = 86_400;
const PASSWORD = "Demo-Passw0rd";

/** The demo accounts that have an address. */
const REACHABLE = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "judy"];

export function demoContacts(): FixedContacts {
  const contact = (name: string) => [name, { kind: "email" as const, address: `${name}@mail.example` }] as const;
  return new FixedContacts(Object.fromEntries(REACHABLE.map(contact)));
}

export function demoDirectory(log: FastifyBaseLogger): MockDirectory {
  const directory = new MockDirectory({
    now: new Date(),
    allowedSubtrees: ["OU=People,DC=corp,DC=example"],
    policy: { minLength: 10, historyLength: 5, minAge: DAY, maxAge: 42 * DAY, lockoutThreshold: 6 },
    bannedWords: ["corp", "welcome"],
    audit: (event) => audit(event, log),
  });
  const add = (name: string, displayName: string, more: object = {}) =>
    directory.addUser({
      name,
      displayName,
      upn: `${name}@corp.example`,
      password: PASSWORD,
      container: "OU=People",
      ...more,
    });
  add("alice", "Alice Anders");
  add("bob", "Bob Bakker", { mustChange: true });
  add("carol", "Carol Claes", { passwordAge: 60 * DAY });
  add("dave", "Dave Dijkstra", { locked: true });
  add("erin", "Erin Evers", { disabled: true });
  add("frank", "Frank Faber", { groups: ["Domain Admins"] });
  add("grace", "Grace Groen", { container: "OU=Partners" });
  add("heidi", "Heidi Haas");
  add("ivan", "Ivan Ivens");
  add("judy", "Judy Jansen", { passwordAge: 3600 });
  directory.addFineGrainedPolicy({
    name: "Finance",
    precedence: 10,
    policy: { minLength: 16, historyLength: 24, maxAge: 90 * DAY, lockoutThreshold: 6 },
    users: ["heidi"],
  });
  // The mock's clock stands still by itself.
  setInterval(() => directory.clock.set(new Date()), 1000).unref();
  return directory;
}
