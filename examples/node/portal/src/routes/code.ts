/** Asking for a one-time code, and entering it. */

import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Identity } from "password-writeback";
import { formOf } from "../body.js";
import { Joined } from "../joined.js";
import type { Purpose, Waiting } from "../journeys.js";
import type { Language } from "../language/language.js";
import { identify } from "../names.js";
import { paced } from "../pace.js";
import { type Problem, problem, show, words } from "../page.js";
import type { Portal } from "../portal.js";
import { renew } from "../session.js";

/** Codes tried for one account in an hour, over all journeys. */
const CODE_TRIES = { most: 20, window: 3600 };

/** Where each purpose goes on once the code was right. */
const NEXT: Readonly<Record<Purpose, string>> = { reset: "/new-password", unlock: "/unlock/confirm" };

export function codeRoutes(app: FastifyInstance, portal: Portal): void {
  // An impatient person presses twice: the second time is the first.
  const asking = new Joined<string>();
  const entering = new Joined<string | null>();

  for (const purpose of ["reset", "unlock"] as const) {
    app.get(`/${purpose}`, (request, reply) => askPage(portal, request, reply, purpose, [], ""));

    app.post(`/${purpose}`, { config: { tries: true } }, async (request, reply) => {
      const name = formOf(request).text("name");
      if (name.trim() === "") {
        return askPage(portal, request, reply, purpose, [{ field: "name", text: words(request).missing.name }], name);
      }
      request.session.journey = await asking.run(request.session.sessionId, [purpose, name], () =>
        paced(portal.settings.pace, async () => begin(portal, request, purpose, name)),
      );
      return reply.redirect("/code", 303);
    });
  }

  app.get("/code", (request, reply) => {
    const waiting = waitingOf(portal, request);
    return waiting === null ? over(portal, request, reply) : codePage(portal, request, reply, waiting, []);
  });

  app.post("/code", { config: { tries: true } }, async (request, reply) => {
    const waiting = waitingOf(portal, request);
    if (waiting === null) {
      return over(portal, request, reply);
    }
    const given = formOf(request).text("code").trim();
    if (given === "") {
      const missing = { field: "code", text: words(request).missing.code };
      return codePage(portal, request, reply, waiting, [missing]);
    }
    const { journey = "" } = request.session;
    const proven = await entering.run(journey, [given], () =>
      paced(portal.settings.pace, async () => enter(portal, journey, waiting, given)),
    );
    if (proven !== null) {
      portal.journeys.end(journey);
      await renew(request, reply, proven);
      return reply.redirect(NEXT[waiting.purpose], 303);
    }
    const { wrong, over: spent } = words(request).enterCode;
    return codePage(portal, request, reply, waiting, [{ field: "code", text: waiting.triesLeft > 0 ? wrong : spent }]);
  });
}

/** No code is waited for, or no longer. */
function over(portal: Portal, request: FastifyRequest, reply: FastifyReply) {
  const { enterCode, problems } = words(request);
  return problem(portal, request, reply, 403, { title: problems.expired.title, text: enterCode.over });
}

function askPage(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  purpose: Purpose,
  problems: readonly Problem[],
  name: string,
) {
  const { ask } = words(request);
  const [title, intro] = purpose === "reset" ? [ask.resetTitle, ask.resetIntro] : [ask.unlockTitle, ask.unlockIntro];
  return show(portal, request, reply, { view: "ask", title, form: true, problems, with: { intro, name } });
}

function codePage(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  waiting: Waiting,
  problems: readonly Problem[],
) {
  const { enterCode } = words(request);
  return show(portal, request, reply, {
    view: "code",
    title: enterCode.title,
    form: true,
    problems,
    with: { sent: enterCode.sent(portal.settings.codeMinutes), again: `/${waiting.purpose}` },
  });
}

function waitingOf(portal: Portal, request: FastifyRequest): Waiting | null {
  const journey = portal.journeys.get(request.session.journey);
  return journey?.stage === "waiting" ? journey : null;
}

/** The same for every name: a journey begins, and whatever else there is to do happens where nobody waits for it. */
function begin(portal: Portal, request: FastifyRequest, purpose: Purpose, name: string): string {
  portal.journeys.end(request.session.journey);
  const { codeTries } = portal.settings;
  const waiting: Waiting = { stage: "waiting", purpose, account: null, code: null, triesLeft: codeTries };
  const journey = portal.journeys.begin(waiting);
  const { locale: language, log, id } = request;
  portal.later(async () => {
    try {
      await send(portal, waiting, { journey, name, language, id, log });
    } catch (error) {
      // Not even here is the name logged: people type passwords into the wrong field.
      log.warn({ code: (error as { code?: unknown }).code }, "no code was sent");
    }
  });
  return journey;
}

interface Asked {
  readonly journey: string;
  readonly name: string;
  readonly language: Language;
  readonly id: string;
  readonly log: FastifyBaseLogger;
}

async function send(portal: Portal, waiting: Waiting, { journey, name, language, id, log }: Asked): Promise<void> {
  const identity = identify(name);
  if (identity === null) {
    return;
  }
  const account = await portal.directory.findAccount(identity, { correlationId: id });
  const to = await portal.contacts.find(account);
  if (to === null) {
    log.warn({ account: account.objectGuid }, "no code was sent: there is no address for this account");
    return;
  }
  const limit = { most: portal.settings.codesPerHour, window: 3600 };
  const giveBack = portal.codesSent.take({ account: account.objectGuid }, limit);
  if (giveBack === null) {
    log.warn({ account: account.objectGuid }, "no code was sent: there are no more for this account for now");
    return;
  }
  const { code, kept } = portal.codes.make(journey, account.objectGuid);
  waiting.account = account.objectGuid;
  waiting.code = kept;
  try {
    await portal.sender.send({ to, code, minutes: portal.settings.codeMinutes, language });
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** The journey that a right code leads to. Each try is spent before it is judged, and a code that was right is gone. */
function enter(portal: Portal, journey: string, waiting: Waiting, given: string): string | null {
  const { account, code } = waiting;
  const allowed = waiting.triesLeft > 0;
  waiting.triesLeft -= 1;
  const giveBack = account === null ? null : portal.codeTries.take({ account }, CODE_TRIES);
  const right = portal.codes.matches(given, journey, account, code);
  if (!right || !allowed || giveBack === null) {
    return null;
  }
  giveBack();
  waiting.code = null;
  return portal.journeys.begin({ stage: "proven", purpose: waiting.purpose, identity: Identity.guid(account ?? "") });
}
