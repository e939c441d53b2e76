// A socket.io client as an app would write it, driven by a test: JSON lines in and out.
//
// In:  {"connect": {"url", "token", "after"?, "transports"?}}, {"token"}, {"emit": [name, payload]},
//      {"disconnect": true}; `transports` null: as the library chooses
// Out: {"connected"}, {"upgraded"}, {"refused": {message, data}}, {"disconnected": reason},
//      {"event": name, "payload"}, {"answer": payload}
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

// What an app keeps: the number of the last event of each room, and a token that it can renew.
const after = {};
let token;
let socket;

function connect({ url, token: first, after: known = {}, transports = ["websocket"] }) {
  token = first;
  Object.assign(after, known);
  socket = io(url, {
    ...(transports && { transports }),
    auth: (answer) => answer({ token, after }),
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
  });
  socket.on("connect", () => {
    const { engine } = socket.io;
    say({ connected: engine.transport.name });
    engine.once("upgrade", (transport) => say({ upgraded: transport.name }));
  });
  socket.on("connect_error", (error) => {
    if (!socket.active) say({ refused: { message: error.message, data: error.data } });
  });
  socket.on("disconnect", (reason) => say({ disconnected: reason }));
  socket.onAny((event, payload) => {
    if (event === "rooms") {
      for (const each of payload.rooms) after[each.room] = each.after;
    } else {
      after[payload.room] = payload.sequence;
    }
    say({ event, payload });
  });
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  if (asked.connect) connect(asked.connect);
  if (asked.token) token = asked.token;
  if (asked.emit) socket.emit(...asked.emit, (answer) => say({ answer }));
  if (asked.disconnect) socket.disconnect();
}).on("close", () => process.exit(0));
