// Serves a folder of repositories with node-git-server: PORT FOLDER USER PASSWORD.
const { Git } = require("node-git-server");

const [port, folder, user, password] = process.argv.slice(2);
const server = new Git(folder, {
  autoCreate: false,
  authenticate: ({ user: ask }, next) =>
    ask((given, secret) => next(given === user && secret === password ? undefined : "wrong name or password")),
});
server.listen(Number(port), { type: "http" });
