// Requests to the server that served this page, with the token of its address.

const secret = new URLSearchParams(location.search).get("token") ?? "";

export class ServerError extends Error {}

async function ask(path, options = {}) {
  const headers = { "X-Token": secret, ...options.headers };
  let response;
  try {
    response = await fetch(`/api/${path}`, { ...options, headers });
  } catch {
    const error = new ServerError("The server does not answer; it may have been ended.");
    error.lost = true;
    throw error;
  }
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new ServerError(content.error ?? `The server answered ${response.status}.`);
  return content;
}

export const get = (path) => ask(path);

export const post = (path, content) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(content),
  });

export const sweepPath = (name, rest = "") => `sweeps/${encodeURIComponent(name)}${rest}`;
