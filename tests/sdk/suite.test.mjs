// Drives the official Node SDK against `crosswalk serve`. The judge is the SDK: every answer passes its own validation, or the call
// throws. The Python suite reads everything back from the source; this one walks the same calls.
//
// Environment: CROSSWALK_URL, CROSSWALK_KEY, CROSSWALK_INTEGRATION.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";

import { Kombo } from "@kombo-api/sdk";
import { KomboAtsError, KomboGeneralError } from "@kombo-api/sdk/models/errors";

const { CROSSWALK_URL, CROSSWALK_KEY, CROSSWALK_INTEGRATION } = process.env;
const client = (api_key = CROSSWALK_KEY, integration_id = CROSSWALK_INTEGRATION) =>
  new Kombo({ api_key, integration_id, server_url: CROSSWALK_URL });
const kombo = client();

/** All rows of a list, page by page to its end. */
async function rows(call) {
  const found = [];
  for await (const page of await call) found.push(...page.result.data.results);
  return found;
}

const file = (name, text) => ({ name, data: Buffer.from(text).toString("base64"), type: "OTHER", content_type: "text/plain" });

const candidate = () => ({
  first_name: "Bo",
  last_name: "de Wit",
  email_address: `bo+${randomUUID().slice(0, 8)}@example.org`,
  phone_number: "+31 20 1234567",
  title: "Planner",
  location: { country: "NL", city: "Utrecht" },
  availability_date: new Date("2027-04-01T00:00:00Z"),
  salary_expectations: { amount: 50000, period: "YEAR" },
  social_links: [{ url: "https://example.org/bo" }],
});

let jobs;
let open;

before(async () => {
  jobs = await rows(kombo.ats.getJobs({ page_size: 250 }));
  open = jobs.filter((job) => job.status === "OPEN" && job.stages.length > 0).reverse();
});

test("the key is checked", async () => {
  assert.ok((await kombo.general.checkApiKey()).data.environment_id);
  await assert.rejects(client("cw_wrong").general.checkApiKey(), (error) => {
    assert.ok(error instanceof KomboGeneralError);
    assert.equal(error.error.code, "PLATFORM.AUTHENTICATION_INVALID");
    return true;
  });
});

test("tools and integration tell their coverage", async () => {
  const { tools } = (await kombo.general.getTools({ category: "ats" })).data;
  const tool = tools.find((tool) => tool.id === CROSSWALK_INTEGRATION.split(":")[0]);
  assert.equal(tool.coverage.write_actions.length, 7);
  const details = await kombo.general.getIntegrationDetails({ integration_id: CROSSWALK_INTEGRATION });
  assert.equal(details.data.status, "ACTIVE");
});

test("custom fields are listed", async () => {
  await rows(kombo.general.getCustomFields({ integration_id: CROSSWALK_INTEGRATION }));
});

test("a sync can be forced, and the source asked itself", async () => {
  assert.ok((await kombo.general.triggerSync({ type: "FULL" })).data.sync_id);
  const answer = await kombo.general.sendPassthroughRequest({
    tool: "carerixgraphql",
    api: "graphql",
    body: { method: "POST", path: "/graphql", data: { query: "{ __typename }" } },
  });
  assert.equal(answer.data.status, 200);
  assert.deepEqual(answer.data.data, { data: { __typename: "Query" } });
});

test("every list goes to its end", async () => {
  const { ats } = kombo;
  for (const call of [ats.getUsers, ats.getJobs, ats.getCandidates, ats.getApplicationStages, ats.getApplications]) {
    const found = await rows(call.call(ats, { page_size: 41 }));
    assert.ok(found.length > 0);
    assert.equal(new Set(found.map((row) => row.id)).size, found.length);
  }
});

test("every action", async () => {
  const { ats } = kombo;
  const made = (await ats.createApplication({
    job_id: open[0].id,
    body: { candidate: candidate(), attachments: [file("cv.txt", "cv")], source: { name: "Acme Jobs" } },
  })).data;
  assert.equal(made.job.id, open[0].id);
  await ats.createCandidate({ candidate: candidate(), application: { job_id: `remote:${open[1].remote_id}` } });
  const application_id = made.id;
  await ats.addApplicationAttachment({ application_id, body: { attachment: file("scores.txt", "scores") } });
  await ats.addCandidateAttachment({ candidate_id: made.candidate_id, body: { attachment: file("letter.txt", "letter") } });
  await ats.addApplicationNote({ application_id, body: { content: "A note", content_type: "PLAIN_TEXT" } });
  await ats.addApplicationResultLink({
    application_id,
    body: {
      label: "Assessment",
      url: "https://example.org/results/2",
      details: { custom_field_name_prefix: "Acme:", attributes: [{ key: "Score", value: "71%" }] },
    },
  });
  let moved;
  for (const stage of open[0].stages.filter((stage) => stage.id !== made.current_stage_id)) {
    try {
      await ats.moveApplicationToStage({ application_id, body: { stage_id: stage.id } });
      moved = stage.id;
      break;
    } catch (error) {
      assert.ok(error instanceof KomboAtsError, error);
    }
  }
  const [listed] = await rows(ats.getApplications({ ids: [application_id] }));
  assert.equal(listed.current_stage.id, moved);
});

test("a closed job is refused", async () => {
  const closed = jobs.find((job) => job.status === "CLOSED");
  await assert.rejects(kombo.ats.createApplication({ job_id: closed.id, body: { candidate: candidate() } }), (error) => {
    assert.ok(error instanceof KomboAtsError);
    assert.equal(error.error.code, "ATS.JOB_CLOSED");
    return true;
  });
});

test("an integration of nobody", async () => {
  await assert.rejects(client(undefined, "carerixgraphql:nobody").ats.getJobs(), (error) => {
    assert.equal(error.error.code, "PLATFORM.INTEGRATION_NOT_FOUND");
    return true;
  });
});
