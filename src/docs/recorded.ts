// Written by test/docs/openapi.test.ts with UPDATE=1: requests of a real server, and its replies. DO NOT EDIT.
export const RECORDED = `
`;
