/** Judging a candidate as it is typed: of the account that the session has proven, and of no other. */

import type { FastifyInstance } from "fastify";
import { WritebackError } from "password-writeback";
import { formOf } from "../body.js";
import { explain, type Judgement, judge } from "../explain.js";
import { words } from "../page.js";
import type { Portal } from "../portal.js";
import { told } from "../result.js";
import { provenFor } from "./proven.js";

export function checkRoutes(app: FastifyInstance, portal: Portal): void {
  app.post("/check", { config: { checks: true } }, async (request, reply) => {
    const proven = provenFor(portal, request, "reset", "look");
    const { check } = words(request);
    if (proven === null) {
      return reply.code(403).send({ acceptable: "unknown", text: check.over, points: [] } satisfies Judgement);
    }
    try {
      const candidate = formOf(request).secret("candidate");
      const verdict = await portal.directory.checkPassword(proven.identity, candidate, { correlationId: request.id });
      return judge(verdict, request.locale);
    } catch (error) {
      if (!(error instanceof WritebackError)) {
        throw error;
      }
      return refused(error, request.locale, check.failed);
    }
  });
}

function refused(error: WritebackError, language: Parameters<typeof judge>[1], failed: string): Judgement {
  if (error.code !== "INVALID_PASSWORD") {
    return { acceptable: "unknown", text: failed, points: [] };
  }
  return { acceptable: "no", ...explain(told(error), language) };
}
