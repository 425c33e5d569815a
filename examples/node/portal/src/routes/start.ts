/** The first page, and the last one. */

import type { FastifyInstance } from "fastify";
import { explain } from "../explain.js";
import { type Page, show, words } from "../page.js";
import type { Portal } from "../portal.js";
import type { Result } from "../result.js";

export function startRoutes(app: FastifyInstance, portal: Portal): void {
  app.get("/", (request, reply) => {
    const w = words(request);
    return show(portal, request, reply, { view: "start", title: w.start.title });
  });

  app.get("/result", (request, reply) => {
    const result = request.session.result;
    if (result === undefined) {
      return reply.redirect("/", 303);
    }
    return show(portal, request, reply, resultPage(result, request));
  });
}

function resultPage(result: Result, request: Parameters<typeof words>[0]): Page {
  const { result: w } = words(request);
  switch (result.kind) {
    case "done": {
      const again = result.write === "unlock_account" && result.warnings.includes("still_locked");
      const { title, text } = again ? w.lockedAgain : w.done[result.write];
      const warnings = result.warnings
        .filter((warning) => !(again && warning === "still_locked"))
        .map((warning) => words(request).warnings[warning]);
      return { view: "result", title, with: { kind: "done", text, points: warnings, steps: [], reference: null } };
    }
    case "unknown": {
      const steps = result.write === "unlock_account" ? w.unknownUnlock : w.unknownPassword;
      const { reference } = result;
      return {
        view: "result",
        title: w.unknownTitle,
        with: { kind: "unknown", text: w.unknown, points: [], steps, reference },
      };
    }
    case "partly":
      // The code's own sentence is for a write that did not happen.
      return {
        view: "result",
        title: w.partlyTitle,
        with: { kind: "partly", text: w.partly, points: [], steps: [], reference: result.reference },
      };
    case "refused": {
      const { text, points } = explain(result.error, request.locale);
      return {
        view: "result",
        title: w.refusedTitle,
        with: {
          kind: "refused",
          text: w.nothingChanged,
          points: [text, ...points],
          steps: [],
          reference: result.reference,
        },
      };
    }
  }
}
