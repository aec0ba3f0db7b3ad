// An OpenID Connect provider with the pages of oidc-provider for signing in: MODULES PORT SITES SECRET USERS.
// SITES are URLs of credstore with commas between them. USERS is a JSON file, read anew for each answer: { "login": { "name": "…", "groups": ["…"] } }.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, port, sites, secret, users] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));

const claims = (login) => {
  const known = JSON.parse(readFileSync(users, "utf8"))[login];
  return { sub: login, preferred_username: known?.name, groups: known?.groups };
};
const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: "credstore",
      client_secret: secret,
      redirect_uris: sites.split(",").map((site) => `${site}/login/oidc/callback`),
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
  pkce: { required: () => true },
  cookies: { keys: ["a key for tests alone"] },
  ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
  // No page asks for a consent: the client is of the same company.
  loadExistingGrant: async ({ oidc: { client, session, provider: own } }) => {
    const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid profile groups");
    await grant.save();
    return grant;
  },
  findAccount: (_ctx, login) => ({ accountId: login, claims: () => claims(login) }),
});
provider.listen(Number(port), "127.0.0.1");
