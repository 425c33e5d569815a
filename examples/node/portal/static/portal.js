/** What makes the pages more pleasant where scripts run. Nothing here is needed. */

/** How long after the last key a candidate is judged, in milliseconds. */
const PAUSE = 450;

/** How long after a form was sent its button does nothing, in milliseconds. */
const AGAIN = 5000;

const summary = document.querySelector(".problems");
if (summary instanceof HTMLElement) {
  summary.focus();
}

for (const button of document.querySelectorAll("[data-reveal]")) {
  reveal(button);
}
for (const input of document.querySelectorAll("[data-check]")) {
  check(input);
}
for (const input of document.querySelectorAll("[data-same-as]")) {
  compare(input);
}
for (const input of document.querySelectorAll("[aria-invalid]")) {
  input.addEventListener("input", () => forgive(input), { once: true });
}
for (const form of document.querySelectorAll("form")) {
  sendOnce(form);
}

/** Shows a password while its owner wants to see it. */
function reveal(button) {
  const input = document.getElementById(button.dataset.reveal);
  const { show, hide } = button.dataset;
  const label = button.getAttribute("aria-label").slice(show.length);
  button.hidden = false;
  const set = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? hide : show;
    button.setAttribute("aria-label", `${shown ? hide : show}${label}`);
  };
  button.addEventListener("click", () => set(input.type === "password"));
  // A browser should remember it as a password.
  input.form.addEventListener("submit", () => set(false));
}

/** What was wrong is past once it is typed anew. */
function forgive(input) {
  input.removeAttribute("aria-invalid");
  input.closest(".field").classList.remove("wrong");
  document.getElementById(`${input.id}-wrong`)?.remove();
}

/** Has a candidate judged as it is typed. */
function check(input) {
  const place = document.getElementById(`${input.id}-check`);
  const { checking, failed, over } = place.dataset;
  let timer;
  let asking;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    asking?.abort();
    say(place, "", input.value === "" ? "" : checking, []);
    if (input.value !== "") {
      timer = setTimeout(judge, PAUSE);
    }
  });
  // From then on the directory judges it.
  input.form.addEventListener("submit", () => {
    clearTimeout(timer);
    asking?.abort();
    say(place, "", "", []);
  });
  const judge = async () => {
    asking = new AbortController();
    const body = new URLSearchParams({ _csrf: input.form.elements._csrf.value, candidate: input.value });
    try {
      const answer = await fetch(input.dataset.check, { method: "POST", body, signal: asking.signal });
      if (answer.status === 403) {
        say(place, "unknown", over, []);
        return;
      }
      if (!answer.headers.get("content-type")?.startsWith("application/json")) {
        throw new Error("no verdict");
      }
      const { acceptable, text, points } = await answer.json();
      say(place, acceptable, text, points);
    } catch (error) {
      if (error.name !== "AbortError") {
        say(place, "unknown", failed, []);
      }
    }
  };
}

function say(place, state, text, points) {
  const sentence = document.createElement("p");
  sentence.textContent = text;
  const list = document.createElement("ul");
  list.append(
    ...points.map((point) => {
      const item = document.createElement("li");
      item.textContent = point;
      return item;
    }),
  );
  place.className = `check ${state}`;
  place.replaceChildren(...(text === "" ? [] : [sentence]), ...(points.length === 0 ? [] : [list]));
}

/** Says whether the second password is the first one. */
function compare(input) {
  const first = document.getElementById(input.dataset.sameAs);
  const place = document.getElementById(`${input.id}-same`);
  const { same, different } = input.dataset;
  const look = () => {
    const equal = first.value === input.value;
    place.className = `check ${equal ? "yes" : "unknown"}`;
    place.textContent = input.value === "" ? "" : equal ? same : different;
  };
  input.addEventListener("input", look);
  first.addEventListener("input", look);
}

/** A second click sends nothing. */
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    const button = form.querySelector('[type="submit"]');
    if (button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
    }
    button.setAttribute("aria-disabled", "true");
    // Whoever has stopped the browser waiting can send again; if it is the same form, it is written once.
    setTimeout(() => button.removeAttribute("aria-disabled"), AGAIN);
  });
  // A page that comes back from the browser's memory can be sent again.
  addEventListener("pageshow", () => form.querySelector('[type="submit"]')?.removeAttribute("aria-disabled"));
}
