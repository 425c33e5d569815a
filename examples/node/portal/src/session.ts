/** The session: a random cookie, and here what belongs to it. */

import type { FastifyRequest, Session } from "fastify";
import { Memory } from "./memory.js";
import type { Result } from "./result.js";

declare module "fastify" {
  interface Session {
    /** The journey the person is on: a name for it, which is worth nothing once the journey has ended. */
    journey?: string;
    /** How the last one ended. */
    result?: Result;
  }
}

/** Sessions in memory, which end. (The plugin's own store keeps them for ever.) */
export class SessionStore {
  readonly #sessions: Memory<Session>;

  constructor(seconds: number) {
    this.#sessions = new Memory(100_000, seconds);
  }

  get(id: string, callback: (error: unknown, session?: Session | null) => void): void {
    callback(null, this.#sessions.get(id) ?? null);
  }

  set(id: string, session: Session, callback: (error?: unknown) => void): void {
    this.#sessions.set(id, session);
    callback();
  }

  destroy(id: string, callback: (error?: unknown) => void): void {
    this.#sessions.delete(id);
    callback();
  }
}

/** A new session for a person who has just proven something, or has finished: whoever knew the old one knows nothing. */
export async function renew(request: FastifyRequest, journey?: string, result?: Result): Promise<void> {
  await request.session.regenerate();
  if (journey !== undefined) {
    request.session.journey = journey;
  }
  if (result !== undefined) {
    request.session.result = result;
  }
}
