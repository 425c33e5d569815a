/** Asking for a one-time code, and entering it. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Identity } from "password-writeback";
import { formOf } from "../body.js";
import type { Purpose, Waiting } from "../journeys.js";
import type { Language } from "../language/language.js";
import { identify } from "../names.js";
import { paced } from "../pace.js";
import { type Problem, show, words } from "../page.js";
import type { Portal } from "../portal.js";
import { renew } from "../session.js";

/** Codes tried for one account in an hour, over all journeys. */
const CODE_TRIES = { most: 20, window: 3600 };

/** Where each purpose goes on once the code was right. */
const NEXT: Readonly<Record<Purpose, string>> = { reset: "/new-password", unlock: "/unlock/confirm" };

export function codeRoutes(app: FastifyInstance, portal: Portal): void {
  for (const purpose of ["reset", "unlock"] as const) {
    app.get(`/${purpose}`, (request, reply) => askPage(portal, request, reply, purpose, [], ""));

    app.post(`/${purpose}`, { config: { tries: true } }, async (request, reply) => {
      const name = formOf(request).text("name");
      if (name.trim() === "") {
        return askPage(portal, request, reply, purpose, [{ field: "name", text: words(request).missing.name }], name);
      }
      await paced(portal.settings.pace, async () => begin(portal, request, purpose, name));
      return reply.redirect("/code", 303);
    });
  }

  app.get("/code", (request, reply) => {
    const waiting = waitingOf(portal, request);
    return waiting === null ? reply.redirect("/", 303) : codePage(portal, request, reply, waiting, []);
  });

  app.post("/code", { config: { tries: true } }, async (request, reply) => {
    const waiting = waitingOf(portal, request);
    if (waiting === null) {
      return reply.redirect("/", 303);
    }
    const given = formOf(request).text("code").trim();
    if (given === "") {
      const problem = { field: "code", text: words(request).missing.code };
      return codePage(portal, request, reply, waiting, [problem]);
    }
    const account = await paced(portal.settings.pace, async () => enter(portal, request, waiting, given));
    if (account !== null) {
      await renew(request, proven(portal, waiting, account));
      return reply.redirect(NEXT[waiting.purpose], 303);
    }
    const { wrong, over } = words(request).enterCode;
    return codePage(portal, request, reply, waiting, [{ field: "code", text: waiting.triesLeft > 0 ? wrong : over }]);
  });
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
function begin(portal: Portal, request: FastifyRequest, purpose: Purpose, name: string): void {
  portal.journeys.end(request.session.journey);
  const { codeTries } = portal.settings;
  const waiting: Waiting = { stage: "waiting", purpose, account: null, code: null, triesLeft: codeTries };
  const journey = portal.journeys.begin(waiting);
  request.session.journey = journey;
  const { locale: language, log, id } = request;
  portal.later(async () => {
    try {
      await send(portal, waiting, { journey, name, language, id });
    } catch (error) {
      // Not even here is the name logged: people type passwords into the wrong field.
      log.warn({ code: (error as { code?: unknown }).code }, "no code was sent");
    }
  });
}

interface Asked {
  readonly journey: string;
  readonly name: string;
  readonly language: Language;
  readonly id: string;
}

async function send(portal: Portal, waiting: Waiting, { journey, name, language, id }: Asked): Promise<void> {
  const identity = identify(name);
  if (identity === null) {
    return;
  }
  const account = await portal.directory.findAccount(identity, { correlationId: id });
  const to = await portal.contacts.find(account);
  const limit = { most: portal.settings.codesPerHour, window: 3600 };
  if (to === null || portal.codesSent.take({ account: account.objectGuid }, limit) === null) {
    return;
  }
  const { code, kept } = portal.codes.make(journey, account.objectGuid);
  waiting.account = account.objectGuid;
  waiting.code = kept;
  await portal.sender.send({ to, code, minutes: portal.settings.codeMinutes, language });
}

/** The account whose code this is. Each try is spent before it is judged, and a code that was right is gone. */
function enter(portal: Portal, request: FastifyRequest, waiting: Waiting, given: string): string | null {
  const { account, code } = waiting;
  const allowed = waiting.triesLeft > 0;
  waiting.triesLeft -= 1;
  const giveBack = account === null ? null : portal.codeTries.take({ account }, CODE_TRIES);
  const journey = request.session.journey ?? "";
  const right = portal.codes.matches(given, journey, account, code);
  if (!right || !allowed || giveBack === null) {
    return null;
  }
  giveBack();
  waiting.code = null;
  portal.journeys.end(journey);
  return account;
}

function proven(portal: Portal, { purpose }: Waiting, account: string): string {
  return portal.journeys.begin({ stage: "proven", purpose, identity: Identity.guid(account) });
}
