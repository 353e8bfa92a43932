// Topics of every family, and their owners.
import { TOKEN_PATTERN } from "../../events/topic.js";
import { message, type Operations, token } from "../operation.js";

const TOPIC = {
  topic: {
    description: "Name of the topic: at most 8 tokens with dots between them.",
    pattern: `^${TOKEN_PATTERN}(\\.${TOKEN_PATTERN}){0,7}$`,
  },
};
const ASKED = message("The owner can see the request; it says when it has stopped.", "CancelAccepted");
const CANCEL_ERRORS = ["INVALID_TOPIC", "TASK_NOT_FOUND", "TASK_FINISHED", "SESSION_EXISTS", "OVERLOADED"] as const;

export const TOPICS: Operations = {
  "POST /api/v1/events": {
    id: "publish",
    tag: "Topics",
    summary: "Publish events to topics of any family",
    description:
      "One event, a list of at most 10,000, or one a line. All are added, or none and an error that names the one at fault.",
    body: { message: "Publish", as: "entries" },
    replies: {
      200: message(
        "The events are durable: one position for one event, a list for a list or lines.",
        "Published",
        "PublishedList",
      ),
    },
    errors: [
      "INVALID_TOPIC",
      "INVALID_TRANSITION",
      "SESSION_NOT_FOUND",
      "SESSION_EXISTS",
      "FRAME_TOO_LARGE",
      "OVERLOADED",
    ],
  },
  "GET /api/v1/events/stream": {
    id: "streamEvents",
    tag: "Topics",
    summary: "Events as Server-Sent Events",
    description:
      "What a socket is pushed, for networks that block WebSocket: each message is a ServerFrame as JSON. A stream does not end by itself.",
    query: "StreamEvents",
    headers: {
      "last-event-id":
        "The id of the last message seen: what was missed follows, each event once. Browsers send it by themselves.",
    },
    replies: {
      200: {
        description: "A stream that goes on. Its messages: see the document of the socket.",
        types: ["text/event-stream"],
      },
    },
    errors: ["INVALID_MESSAGE", "INVALID_TOPIC", "OVERLOADED", "SHUTTING_DOWN"],
  },
  "GET /api/v1/topics": {
    id: "listTopics",
    tag: "Topics",
    summary: "The topics that match a pattern, in the order of their names",
    query: "ListTopics",
    replies: { 200: message("A page of them.", "TopicList") },
    errors: ["INVALID_MESSAGE", "INVALID_TOPIC"],
  },
  "GET /api/v1/topics/{topic}": {
    id: "describeTopic",
    tag: "Topics",
    summary: "Where a topic stands: what its events add up to",
    path: TOPIC,
    replies: { 200: message("The state, and the position that it is of.", "Snapshot") },
    errors: ["INVALID_TOPIC", "TOPIC_NOT_FOUND"],
  },
  "GET /api/v1/topics/{topic}/events": {
    id: "readEvents",
    tag: "Topics",
    summary: "What has happened in a topic",
    description: "Go on after `next` until there is none: a page may be short, even empty, while there is more.",
    path: TOPIC,
    query: "ReadEvents",
    replies: { 200: message("A page of events.", "EventPage") },
    errors: ["INVALID_MESSAGE", "INVALID_TOPIC", "TOPIC_NOT_FOUND", "POSITION_LOST", "OVERLOADED"],
  },
  "POST /api/v1/tasks/{project}/{task}/cancel": {
    id: "cancelTask",
    tag: "Topics",
    summary: "Ask the owner of a task to stop it",
    path: { project: token("Id of the project"), task: token("Id of the task") },
    body: { message: "RequestCancel", as: "one", isOptional: true },
    replies: { 202: ASKED },
    errors: CANCEL_ERRORS,
  },
  "POST /api/v1/workflows/{workflow}/{execution}/cancel": {
    id: "cancelWorkflow",
    tag: "Topics",
    summary: "Ask the owner of a workflow's execution to stop it",
    path: { workflow: token("Id of the workflow"), execution: token("Id of the execution") },
    body: { message: "RequestCancel", as: "one", isOptional: true },
    replies: { 202: ASKED },
    errors: CANCEL_ERRORS,
  },
};
