// A client process that floods a server and never stops by itself; killed in mid-batch by a test. Argument: the URL.
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import WebSocket from "ws";
import { ClientFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { config, predict, predictBatch } from "./frames.js";

const url = process.argv[2] as string;
const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`, ["tidewire.v1.proto"]);
const send = (frame: ClientFrame): void => socket.send(ClientFrame.encode(frame, new BinaryWriter()).finish());
const matrix = new Uint8Array(1000 * 8);
let answers = 0;

function flood(): void {
  for (let id = 1; id <= 50; id += 1) {
    send({ id, body: predict({ values: [id, id] }) });
    send({ id, body: predict({ boundarySignals: { a: id, b: id } }) });
    if (id % 10 === 0) send({ id, body: predictBatch({ matrix }) });
  }
}

socket.on("open", () => {
  send({ id: 1, body: config("ensemble_narrow") });
  flood();
});
socket.on("message", () => {
  answers += 1;
  if (answers === 20) process.stdout.write("flooding\n");
  if (answers % 100 === 0) flood();
});
