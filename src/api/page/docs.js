// The API page, drawn from the OpenAPI document that the server itself serves.

const main = document.getElementById("main");
const VERBS = ["get", "put", "post", "patch", "delete"];

/** An element with text and children; nothing is ever put in as HTML. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const api = await (await fetch("/openapi.json")).json();

function resolve(schema) {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.slice(2).split("/").reduce((here, name) => here[name], api);
}

const nameOf = (schema) => schema?.$ref?.split("/").pop();

/** What to call the type of a schema. */
function type(schema) {
  if (!schema) return "";
  if (schema.$ref) return nameOf(schema);
  const options = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (options) return options.map(type).join(schema.allOf ? " and " : " or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => (value === null ? "null" : String(value))).join(" | ");
  const types = [schema.type ?? "anything"].flat().map((name) => (name === "array" ? `list of ${type(schema.items)}` : name));
  return types.join(" or ") + (schema.format ? ` (${schema.format})` : "");
}

function table(head, rows) {
  if (rows.length === 0) return null;
  const cells = (name, row) => element("tr", {}, ...row.map((cell) => element(name, {}, cell)));
  return element(
    "div",
    { class: "scroll" },
    element("table", {}, element("thead", {}, cells("th", head)), element("tbody", {}, ...rows.map((row) => cells("td", row)))),
  );
}

const members = (schema) => {
  const whole = resolve(schema);
  const required = new Set(whole.required ?? []);
  return Object.entries(whole.properties ?? {}).map(([name, member]) => [
    element("code", {}, name),
    type(member),
    required.has(name) ? "required" : "",
    member.description ?? resolve(member).description ?? "",
  ]);
};

function body(of) {
  const schema = of?.content?.["application/json"]?.schema;
  return schema ? { schema, rows: members(schema) } : null;
}

function operation(verb, path, it) {
  const parameters = (it.parameters ?? []).map((parameter) => {
    const { name, in: where, schema, required, description } = resolve(parameter);
    return [element("code", {}, name), where, type(schema), required ? "required" : "", description ?? ""];
  });
  const request = body(resolve(it.requestBody));
  const answers = Object.entries(it.responses ?? {}).map(([status, answer]) => {
    const whole = resolve(answer);
    return [element("code", {}, status), type(whole.content?.["application/json"]?.schema), whole.description ?? ""];
  });
  return element(
    "details",
    { id: it.operationId ?? "" },
    element("summary", {}, element("span", { class: "verb" }, verb.toUpperCase()), element("span", { class: "path" }, path), element("span", { class: "quiet" }, it.summary ?? "")),
    it.description ? element("p", {}, it.description) : null,
    table(["Parameter", "In", "Type", "", ""], parameters),
    request ? element("h3", {}, "Body") : null,
    request ? table(["Member", "Type", "", ""], request.rows) : null,
    element("h3", {}, "Answers"),
    table(["Status", "Body", ""], answers),
  );
}

const groups = new Map();
for (const [path, item] of Object.entries(api.paths)) {
  for (const verb of VERBS.filter((verb) => item[verb])) {
    const tag = item[verb].tags?.[0] ?? "API";
    groups.set(tag, [...(groups.get(tag) ?? []), operation(verb, path, item[verb])]);
  }
}
const schemas = Object.entries(api.components?.schemas ?? {}).map(([name, schema]) =>
  element(
    "details",
    { id: `schema-${name}` },
    element("summary", {}, element("span", { class: "path" }, name), element("span", { class: "quiet" }, schema.description ?? "")),
    table(["Member", "Type", "", ""], members(schema)) ?? element("p", {}, type(schema)),
  ),
);
const order = (api.tags ?? []).map((tag) => tag.name);
const sorted = [...groups].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
main.replaceChildren(
  element("p", {}, api.info.description ?? ""),
  ...sorted.map(([tag, made]) => element("section", { class: "card" }, element("h2", {}, tag), ...made)),
  element("section", { class: "card" }, element("h2", {}, "Bodies"), ...schemas),
);
