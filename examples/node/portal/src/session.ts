/** The session: a random cookie, and here what belongs to it. */

import type { FastifyInstance, FastifyRequest, Session } from "fastify";
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

  /** It lives on as long as it is used. */
  get(id: string, callback: (error: unknown, session?: Session | null) => void): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) {
      this.#sessions.set(id, session);
    }
    callback(null, session ?? null);
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

/**
 * Sees to it that a late answer takes nothing away: the plugin takes back a cookie whose session has ended, and by then the browser can
 * have the cookie of the session after it, with the page that tells how a write went. What is left behind is worth nothing.
 */
export function leaveFormerCookies(app: FastifyInstance, name: string): void {
  app.addHook("onSend", async (_request, reply) => {
    const all = [reply.getHeader("set-cookie") ?? []].flat().map(String);
    const kept = all.filter((cookie) => !cookie.startsWith(`${name}=;`));
    reply.removeHeader("set-cookie");
    if (kept.length > 0) {
      reply.header("set-cookie", kept);
    }
  });
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
