/** What a person can do who has entered a code: a new password, or an unlock. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Account, WritebackError } from "password-writeback";
import { formOf } from "../body.js";
import { canTryAgain } from "../disclosure.js";
import { explain, inTheWay, policyRules } from "../explain.js";
import type { Proven, Purpose } from "../journeys.js";
import { moment } from "../language/language.js";
import { type Problem, show, words } from "../page.js";
import { newPasswordProblems } from "../passwords.js";
import type { Portal } from "../portal.js";
import { ended, type Result, told, type Write, type Written } from "../result.js";
import { renew } from "../session.js";

export function provenRoutes(app: FastifyInstance, portal: Portal): void {
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
    const written = await once(proven, () =>
      write("reset_password", request, (options) =>
        portal.directory.resetPassword(proven.identity, form.secret("new"), { ...options, unlock: "if_permitted" }),
      ),
    );
    return follow(portal, request, reply, written, choosePage);
  });

  app.get("/unlock/confirm", (request, reply) => unlockPage(portal, request, reply, []));

  app.post("/unlock/confirm", async (request, reply) => {
    const proven = provenFor(portal, request, "unlock");
    if (proven === null) {
      return over(portal, request, reply);
    }
    const written = await once(proven, () =>
      write("unlock_account", request, (options) => portal.directory.unlockAccount(proven.identity, options)),
    );
    return follow(portal, request, reply, written, unlockPage);
  });
}

/** The person's proof, where it is one for this. */
export function provenFor(portal: Portal, request: FastifyRequest, ...purposes: Proven["purpose"][]): Proven | null {
  const journey = portal.journeys.get(request.session.journey);
  return journey?.stage === "proven" && purposes.includes(journey.purpose) ? journey : null;
}

/** A form that is sent twice at once, as by a double click, is one write with one answer. */
function once(proven: Proven, work: () => Promise<Written>): Promise<Written> {
  proven.writing ??= work().finally(() => {
    delete proven.writing;
  });
  return proven.writing;
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
    return again ? { again: error } : { result: ended(what, error, request.id) };
  }
}

type ShowPage = (portal: Portal, request: FastifyRequest, reply: FastifyReply, problems: readonly Problem[]) => unknown;

async function follow(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  written: Written,
  page: ShowPage,
): Promise<unknown> {
  if ("again" in written) {
    const { text, points } = explain(told(written.again), request.locale);
    const field = written.again.kind === "policy" || written.again.code === "INVALID_PASSWORD" ? "new" : null;
    return page(portal, request, reply, [field === null ? { text, points } : { text, points, field }]);
  }
  return finish(portal, request, reply, written.result);
}

/** The journey has ended, and with it what was proven. */
async function finish(portal: Portal, request: FastifyRequest, reply: FastifyReply, result: Result) {
  portal.journeys.end(request.session.journey);
  await renew(request, undefined, result);
  return reply.redirect("/result", 303);
}

function over(portal: Portal, request: FastifyRequest, reply: FastifyReply) {
  const w = words(request);
  const with_ = { text: w.problems.over };
  return show(portal, request, reply, { view: "problem", title: w.problems.expired.title, status: 403, with: with_ });
}

async function choosePage(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  problems: readonly Problem[],
): Promise<unknown> {
  return withAccount(portal, request, reply, "reset", async (account, proven) => {
    const w = words(request);
    const policy = await portal.directory.passwordPolicy(proven.identity);
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
    const account = await portal.directory.findAccount(proven.identity);
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
    return show(portal, request, reply, { view: "problem", title, status: 503, with: { text, points } });
  }
}

function nameOf(account: Account): string {
  return account.userPrincipalName ?? account.samAccountName;
}
