/** What a browser sends: received, read as a form, and wiped. */

import type { IncomingMessage } from "node:http";
import { finished } from "node:stream";
import { errorCodes, type FastifyInstance, type FastifyRequest } from "fastify";
import { Form } from "./form.js";

/** Forms are all that is read. */
export function readForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    async (request: FastifyRequest, pieces: IncomingMessage) => {
      const most = request.routeOptions.bodyLimit;
      if (Number(request.headers["content-length"]) > most) {
        throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
      }
      return new Form(await received(pieces, most));
    },
  );
  wipeForms(app);
}

const NOTHING = new Form(new Uint8Array());

/** The form that was sent. */
export function formOf(request: FastifyRequest): Form {
  return request.body instanceof Form ? request.body : NOTHING;
}

/**
 * Wipes a form's passwords once nobody needs them: when its handler has ended, or, where it is never called, when the connection has. The
 * hook `onResponse` would not do: it is not called where the browser has gone. Nor would the connection alone: of a double click the first
 * one is gone while its write is under way.
 */
function wipeForms(app: FastifyInstance): void {
  const handled = new WeakSet<FastifyRequest>();
  app.addHook("onRoute", (route) => {
    const { handler } = route;
    route.handler = async function (request, reply) {
      handled.add(request);
      try {
        return await handler.call(this, request, reply);
      } finally {
        formOf(request).wipe();
      }
    };
  });
  app.addHook("preValidation", async (request, reply) => {
    const form = formOf(request);
    finished(reply.raw, () => {
      if (!handled.has(request)) {
        form.wipe();
      }
    });
  });
}

/**
 * A whole body, in memory of its own. Each piece is wiped once it has been copied, and so is what was copied where the body is too long or
 * breaks off. What Node.js itself and the TLS library received it into is out of reach.
 */
export async function received(pieces: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array> {
  const whole = new Uint8Array(most);
  let length = 0;
  try {
    for await (const piece of pieces) {
      // What is too much is read to its end, or there would be no answer: leaving here would cut the connection.
      if (length + piece.length <= most) {
        whole.set(piece, length);
      }
      length += piece.length;
      piece.fill(0);
    }
  } catch (error) {
    whole.fill(0);
    throw Object.assign(error as Error, { statusCode: 400 });
  }
  if (length > most) {
    whole.fill(0);
    throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
  }
  return whole.subarray(0, length);
}
