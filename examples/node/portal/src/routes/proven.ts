/** What a person can do who has entered a code: a new password, an unlock, or leaving. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Account, WritebackError } from "password-writeback";
import { formOf } from "../body.js";
import { canTryAgain } from "../disclosure.js";
import { explain, inTheWay, policyRules } from "../explain.js";
import type { Proven, Purpose } from "../journeys.js";
import { moment } from "../language/language.js";
import { type Answered, Once } from "../once.js";
import { type Problem, problem, show, words } from "../page.js";
import { newPasswordProblems } from "../passwords.js";
import type { Portal } from "../portal.js";
import { ended, type Result, told, type Write, type Written } from "../result.js";
import { renew } from "../session.js";

/** Where a proof is used. */
const PAGE: Readonly<Record<Purpose, string>> = { reset: "/new-password", unlock: "/unlock/confirm" };

export function provenRoutes(app: FastifyInstance, portal: Portal): void {
  const once = new Once<Written | null>((written) => written !== null && "result" in written);

  app.get("/new-password", (request, reply) => choosePage(portal, request, reply, []));

  app.post("/new-password", async (request, reply) => {
    const proven = provenFor(portal, request, "reset");
    if (proven === null) {
      return over(portal, request, reply);
    }
    const form = formOf(request);
    const problems = newPasswordProblems(form, request);
    if (problems.length > 0) {
      return choosePage(portal, request, reply, problems);
    }
    const { journey = "" } = request.session;
    const done = await once.run(journey, [form.secret("new")], async () =>
      // It can have ended while this form waited for another one.
      portal.journeys.get(journey) === null
        ? null
        : write("reset_password", request, (options) =>
            portal.directory.resetPassword(proven.identity, form.secret("new"), { ...options, unlock: "if_permitted" }),
          ),
    );
    return follow(portal, request, reply, done, choosePage);
  });

  app.get("/unlock/confirm", (request, reply) => unlockPage(portal, request, reply, []));

  app.post("/unlock/confirm", async (request, reply) => {
    const proven = provenFor(portal, request, "unlock");
    if (proven === null) {
      return over(portal, request, reply);
    }
    const { journey = "" } = request.session;
    const done = await once.run(journey, [], () =>
      write("unlock_account", request, (options) => portal.directory.unlockAccount(proven.identity, options)),
    );
    return follow(portal, request, reply, done, unlockPage);
  });

  app.post("/cancel", async (request, reply) => {
    // What was sent is not stopped by leaving: whoever wants to leave is told how it ended.
    const written = await once.ending(request.session.journey ?? "");
    if (written !== null && "result" in written) {
      return finish(portal, request, reply, written.result);
    }
    portal.journeys.end(request.session.journey);
    await renew(request, reply);
    return reply.redirect("/", 303);
  });
}

/** The person's proof, where it is one for this. */
export function provenFor(portal: Portal, request: FastifyRequest, ...purposes: Proven["purpose"][]): Proven | null {
  const journey = portal.journeys.get(request.session.journey);
  return journey?.stage === "proven" && purposes.includes(journey.purpose) ? journey : null;
}

async function write(
  what: Write,
  request: FastifyRequest,
  work: (options: { correlationId: string }) => ReturnType<Portal["directory"]["resetPassword"]>,
): Promise<Written> {
  try {
    const { warnings } = await work({ correlationId: request.id });
    return { result: { kind: "done", write: what, warnings } };
  } catch (error) {
    if (!(error instanceof WritebackError)) {
      throw error;
    }
    const again = error.outcome === "not_applied" && canTryAgain(error.code);
    return again ? { again: error, reference: request.id } : { result: ended(what, error, request.id) };
  }
}

type ShowPage = (portal: Portal, request: FastifyRequest, reply: FastifyReply, problems: readonly Problem[]) => unknown;

async function follow(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Answered<Written | null>,
  page: ShowPage,
): Promise<unknown> {
  if ("instead" in done) {
    return problem(portal, request, reply, 409, words(request).problems[done.instead]);
  }
  const written = done.answer;
  if (written === null) {
    return over(portal, request, reply);
  }
  if ("result" in written) {
    return finish(portal, request, reply, written.result);
  }
  const { again, reference } = written;
  const { text, points } = explain(told(again), request.locale);
  const ofPassword = again.kind === "policy" || again.code === "INVALID_PASSWORD";
  return page(portal, request, reply, [ofPassword ? { text, points, field: "new" } : { text, points, reference }]);
}

/** The journey has ended, and with it what was proven. */
async function finish(portal: Portal, request: FastifyRequest, reply: FastifyReply, result: Result) {
  portal.journeys.end(request.session.journey);
  await renew(request, reply, undefined, result);
  return reply.redirect("/result", 303);
}

function over(portal: Portal, request: FastifyRequest, reply: FastifyReply) {
  const { expired, over } = words(request).problems;
  return problem(portal, request, reply, 403, { title: expired.title, text: over });
}

async function choosePage(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  problems: readonly Problem[],
): Promise<unknown> {
  return withAccount(portal, request, reply, "reset", async (account, proven) => {
    const w = words(request);
    const policy = await portal.directory.passwordPolicy(proven.identity, { correlationId: request.id });
    return show(portal, request, reply, {
      view: "new-password",
      title: w.choose.title,
      form: true,
      problems,
      with: {
        intro: w.choose.intro(nameOf(account)),
        name: nameOf(account),
        rules: policyRules(policy, request.locale),
      },
    });
  });
}

async function unlockPage(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  problems: readonly Problem[],
): Promise<unknown> {
  return withAccount(portal, request, reply, "unlock", async (account) => {
    const { unlock } = words(request);
    const until = account.lockedUntil === null ? null : unlock.until(moment(account.lockedUntil, request.locale));
    return show(portal, request, reply, {
      view: "unlock",
      title: unlock.title,
      form: true,
      problems,
      with: {
        locked: account.locked,
        text: account.locked ? unlock.locked(nameOf(account)) : unlock.notLocked(nameOf(account)),
        until,
      },
    });
  });
}

/** Shows a page about the account, or what is in the way of it. */
async function withAccount(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  purpose: Purpose,
  page: (account: Account, proven: Proven) => Promise<unknown>,
): Promise<unknown> {
  const proven = provenFor(portal, request, purpose);
  if (proven === null) {
    return over(portal, request, reply);
  }
  try {
    const account = await portal.directory.findAccount(proven.identity, { correlationId: request.id });
    const error = inTheWay(account);
    if (error !== null) {
      return await finish(portal, request, reply, { kind: "refused", reference: request.id, error });
    }
    return await page(account, proven);
  } catch (error) {
    if (!(error instanceof WritebackError)) {
      throw error;
    }
    const { text, points } = explain(told(error), request.locale);
    const title = words(request).result.refusedTitle;
    const again = canTryAgain(error.code) ? PAGE[purpose] : null;
    return problem(portal, request, reply, 503, { title, text }, { points, reference: request.id, again });
  }
}

function nameOf(account: Account): string {
  return account.userPrincipalName ?? account.samAccountName;
}
