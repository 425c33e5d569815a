/** The session: a random cookie, and here what belongs to it. */

import type { FastifyInstance, FastifyReply, FastifyRequest, Session } from "fastify";
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

/** Sessions in memory, which end, and stay ended. (The plugin's own store keeps them for ever.) */
export class SessionStore {
  readonly #sessions: Memory<Session>;
  readonly #ended: Memory<true>;

  constructor(seconds: number) {
    this.#sessions = new Memory(100_000, seconds);
    this.#ended = new Memory(100_000, seconds);
  }

  hasEnded(id: string): boolean {
    return this.#ended.get(id) === true;
  }

  /** It lives on as long as it is used. */
  get(id: string, callback: (error: unknown, session?: Session | null) => void): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) {
      this.#sessions.set(id, session);
    }
    callback(null, session ?? null);
  }

  /** What has ended is not kept again: a request that was under way then brings a session from before. */
  set(id: string, session: Session, callback: (error?: unknown) => void): void {
    if (!this.hasEnded(id)) {
      this.#sessions.set(id, session);
    }
    callback();
  }

  destroy(id: string, callback: (error?: unknown) => void): void {
    this.#sessions.delete(id);
    this.#ended.set(id, true);
    callback();
  }
}

/**
 * Sees to it that a late answer takes nothing away: by then the browser can have the cookie of the session after the one that has ended,
 * with the page that tells how a write went. The plugin would set the former cookie again, or take it back. It is worth nothing, and stays.
 */
export function leaveFormerCookies(app: FastifyInstance, store: SessionStore, name: string): void {
  app.addHook("onSend", async (request, reply) => {
    const former = store.hasEnded(request.session?.sessionId ?? "") ? `${name}=` : `${name}=;`;
    const all = [reply.getHeader("set-cookie") ?? []].flat().map(String);
    const kept = all.filter((cookie) => !cookie.startsWith(former));
    reply.removeHeader("set-cookie");
    if (kept.length > 0) {
      reply.header("set-cookie", kept);
    }
  });
}

/** A new session for a person who has just proven something, or has finished: whoever knew the old one knows nothing. */
export async function renew(
  request: FastifyRequest,
  reply: FastifyReply,
  journey?: string,
  result?: Result,
): Promise<void> {
  await request.session.regenerate();
  // Now, or two pages that are made at the same moment would each make a secret, and the form of one of them would be refused.
  reply.generateCsrf();
  if (journey !== undefined) {
    request.session.journey = journey;
  }
  if (result !== undefined) {
    request.session.result = result;
  }
}
