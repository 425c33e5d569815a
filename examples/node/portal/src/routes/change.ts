/** Changing a password one knows. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Account, Identity, type PasswordPolicy, WritebackError } from "password-writeback";
import { limitOf } from "../attempts.js";
import { formOf } from "../body.js";
import { BEFORE_PROOF, mayHaveCounted } from "../disclosure.js";
import { explain, policyRules } from "../explain.js";
import type { Form } from "../form.js";
import { identify, spelling } from "../names.js";
import { Once } from "../once.js";
import { paced } from "../pace.js";
import { type Problem, problem, show, words } from "../page.js";
import { currentPasswordProblems, newPasswordProblems } from "../passwords.js";
import type { Portal } from "../portal.js";
import { ended, type Result, told } from "../result.js";
import { renew } from "../session.js";

/** How a try ended. */
type Tried =
  /** As it ends for everybody. */
  | { readonly as: "same" }
  /** For a reason that has nothing to do with the account. */
  | { readonly as: "told"; readonly error: WritebackError; readonly reference: string }
  /** The old password was right, and the new one breaks the account's own policy. */
  | {
      readonly as: "proven";
      readonly error: WritebackError;
      readonly account: Account;
      readonly policy: PasswordPolicy;
    }
  | { readonly as: "ended"; readonly result: Result };

const SAME: Tried = { as: "same" };

/** Where the policy may not be read, nothing of it is known. */
const NO_POLICY: PasswordPolicy = {
  source: { unknown: "it could not be read" },
  minLength: null,
  complexity: null,
  historyLength: null,
  minAge: null,
  maxAge: null,
  lockoutThreshold: null,
  lockoutDuration: null,
  lockoutWindow: null,
};

export function changeRoutes(app: FastifyInstance, portal: Portal): void {
  const once = new Once<Tried>(({ as }) => as === "ended");

  app.get("/change", (request, reply) => page(portal, request, reply, [], ""));

  app.post("/change", { config: { tries: true } }, async (request, reply) => {
    const form = formOf(request);
    const wrong = whatIsWrong(form, request);
    if (wrong.length > 0) {
      return page(portal, request, reply, wrong, form.text("name"));
    }
    const fields = [form.text("name"), form.secret("current"), form.secret("new")];
    // Paced one by one: forms that wait for one another would otherwise add up what each of them took.
    const tried = await once.run(request.session.sessionId, fields, () =>
      paced(portal.settings.pace, () => attempt(portal, form, request)),
    );
    return "instead" in tried
      ? problem(portal, request, reply, 409, words(request).problems[tried.instead])
      : answer(portal, request, reply, form.text("name"), tried.answer);
  });
}

async function answer(portal: Portal, request: FastifyRequest, reply: FastifyReply, name: string, tried: Tried) {
  const { problems, start } = words(request);
  switch (tried.as) {
    case "same": {
      const links = [
        { to: "/reset", text: start.reset.title },
        { to: "/unlock", text: start.unlock.title },
      ];
      return page(portal, request, reply, [{ text: problems.same, points: [problems.sameHelp], links }], name);
    }
    case "told": {
      const { text, points } = explain(told(tried.error), request.locale);
      return page(portal, request, reply, [{ text, points, reference: tried.reference }], name);
    }
    case "proven": {
      const { text, points } = explain(told(tried.error), request.locale);
      const identity = Identity.guid(tried.account.objectGuid);
      portal.journeys.end(request.session.journey);
      await renew(request, reply, portal.journeys.begin({ stage: "proven", purpose: "look", identity }));
      return page(portal, request, reply, [{ text, points, field: "new" }], name, tried.policy);
    }
    case "ended":
      portal.journeys.end(request.session.journey);
      await renew(request, reply, undefined, tried.result);
      return reply.redirect("/result", 303);
  }
}

function page(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  problems: readonly Problem[],
  name: string,
  policy?: PasswordPolicy,
) {
  const w = words(request);
  const general = w.policy.generalRules(portal.settings.generalMinLength);
  return show(portal, request, reply, {
    view: "change",
    title: w.change.title,
    form: true,
    problems,
    with: {
      name,
      own: policy !== undefined,
      rules: policy === undefined ? general : policyRules(policy, request.locale),
    },
  });
}

function whatIsWrong(form: Form, request: FastifyRequest): Problem[] {
  const { missing } = words(request);
  const name = form.text("name").trim() === "" ? [{ field: "name", text: missing.name }] : [];
  return [...name, ...currentPasswordProblems(form, request), ...newPasswordProblems(form, request)];
}

/** One try, counted by account however it was named. What a stranger must not learn is already left out of the answer. */
async function attempt(portal: Portal, form: Form, request: FastifyRequest): Promise<Tried> {
  const name = form.text("name");
  const correlationId = request.id;
  const account = await find(portal, name, correlationId);
  if (!("objectGuid" in account)) {
    portal.passwordTries.take({ name: spelling(name) }, portal.settings.attempts);
    return account;
  }
  const who = Identity.guid(account.objectGuid);
  const policy = await policyOf(portal, who, request);
  if ("error" in policy) {
    return { as: "told", error: policy.error, reference: correlationId };
  }
  const giveBack = portal.passwordTries.take(
    { account: account.objectGuid },
    limitOf(policy, portal.settings.attempts),
  );
  if (giveBack === null) {
    request.log.warn({ account: account.objectGuid }, tooMany(policy, portal));
    return SAME;
  }
  const options = { correlationId, actor: who };
  try {
    const { warnings } = await portal.directory.changePassword(
      who,
      form.secret("current"),
      form.secret("new"),
      options,
    );
    giveBack();
    return { as: "ended", result: { kind: "done", write: "change_password", warnings } };
  } catch (error) {
    if (!(error instanceof WritebackError)) {
      throw error;
    }
    if (!mayHaveCounted(error.code)) {
      giveBack();
    }
    return failed(error, account, policy, correlationId);
  }
}

/** The account's policy; or an error that has nothing to do with the account, where the lockout threshold depends on it. */
async function policyOf(
  portal: Portal,
  who: Identity,
  request: FastifyRequest,
): Promise<PasswordPolicy | { readonly error: WritebackError }> {
  try {
    return await portal.directory.passwordPolicy(who, { correlationId: request.id });
  } catch (error) {
    if (!(error instanceof WritebackError)) {
      throw error;
    }
    if (BEFORE_PROOF[error.code] === "told" && portal.settings.attempts.threshold === undefined) {
      return { error };
    }
    request.log.warn({ code: error.code }, "the policy of an account cannot be read");
    return NO_POLICY;
  }
}

function failed(error: WritebackError, account: Account, policy: PasswordPolicy, reference: string): Tried {
  if (error.outcome !== "not_applied") {
    return { as: "ended", result: ended("change_password", error, reference) };
  }
  switch (BEFORE_PROOF[error.code]) {
    case "same":
      return SAME;
    case "told":
      return { as: "told", error, reference };
    case "proof":
      return { as: "proven", error, account, policy };
  }
}

/** The account of this name, or what is answered instead. */
async function find(portal: Portal, name: string, correlationId: string): Promise<Account | Tried> {
  const identity = identify(name);
  if (identity === null) {
    return SAME;
  }
  try {
    return await portal.directory.findAccount(identity, { correlationId });
  } catch (error) {
    if (!(error instanceof WritebackError)) {
      throw error;
    }
    return BEFORE_PROOF[error.code] === "told" ? { as: "told", error, reference: correlationId } : SAME;
  }
}

function tooMany(policy: PasswordPolicy, portal: Portal): string {
  const unknown = policy.lockoutThreshold === null && portal.settings.attempts.threshold === undefined;
  return unknown
    ? "the account's lockout threshold cannot be read, so no password is tried: grant the right, or set PORTAL_LOCKOUT_THRESHOLD"
    : "no more passwords are tried for this account for now";
}
