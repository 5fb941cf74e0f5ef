"""Drives the official Python SDK against `crosswalk serve`, as a product that uses it would.

The judge is the SDK: every answer passes its own validation, or the call raises. What was written is read back twice, through the
lists of the API and from the source itself through the passthrough.

Environment: CROSSWALK_URL, CROSSWALK_KEY, CROSSWALK_INTEGRATION, CROSSWALK_WEBHOOK_DIR, CROSSWALK_WEBHOOK_SECRET.
"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import time
import unittest
import uuid

from kombo import Kombo, errors, models

URL = os.environ["CROSSWALK_URL"]
KEY = os.environ["CROSSWALK_KEY"]
INTEGRATION = os.environ["CROSSWALK_INTEGRATION"]
CV = "Curriculum vitæ of nobody in particular"


def client(key=KEY, integration=INTEGRATION):
    return Kombo(api_key=key, integration_id=integration, server_url=URL)


def rows(call, **filters):
    """All rows of a list, page by page to its end."""
    found = []
    page = call(**filters)
    while page is not None:
        found += page.result.data.results
        page = page.next()
    return found


def data(text):
    return base64.b64encode(text.encode()).decode()


def file(name, text, kind="OTHER"):
    return {"name": name, "data": data(text), "type": kind, "content_type": "text/plain"}


class Suite(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kombo = client()
        cls.jobs = rows(cls.kombo.ats.get_jobs, page_size=250)
        cls.open = [job for job in cls.jobs if job.status == "OPEN" and job.stages]
        cls.application = None

    def source(self, query, **variables):
        """Asks the source itself."""
        answer = self.kombo.general.send_passthrough_request(
            tool="carerixgraphql",
            api="graphql",
            method="POST",
            path="/graphql",
            data={"query": query, "variables": variables},
        )
        self.assertEqual(answer.data.status, 200)
        self.assertEqual(answer.warnings, [])
        told = answer.data.data
        self.assertNotIn("errors", told)
        return told["data"]

    def candidate(self, **more):
        mark = uuid.uuid4().hex[:12]
        return {
            "first_name": "Zoë",
            "last_name": "van der Vélden",
            "email_address": f"zoe+{mark}@example.org",
            "title": "Engineer",
            "phone_number": "+31 6 12345678",
            "location": {"country": "NL", "city": "Delft"},
            "availability_date": datetime.datetime(2027, 3, 1, tzinfo=datetime.timezone.utc),
            "salary_expectations": {"amount": 4200, "period": "MONTH"},
            "social_links": [{"url": f"https://www.linkedin.com/in/{mark}"}],
            **more,
        }

    def create(self, job=0, **more):
        candidate = self.candidate()
        made = self.kombo.ats.create_application(
            job_id=self.open[job].id,
            candidate=candidate,
            attachments=[file("cv.txt", CV, "CV")],
            source={"name": "Acme Jobs"},
            **more,
        )
        return candidate, made

    # ------------------------------------------------------------------ general

    def test_the_key_is_checked(self):
        self.assertTrue(self.kombo.general.check_api_key().data.environment_id)
        with self.assertRaises(errors.KomboGeneralError) as caught:
            client(key="cw_wrong").general.check_api_key()
        self.assertEqual(caught.exception.data.error.code, "PLATFORM.AUTHENTICATION_INVALID")
        self.assertEqual(caught.exception.status_code, 401)

    def test_tools_and_integration_tell_their_coverage(self):
        tools = self.kombo.general.get_tools(category="ats").data.tools
        tool = next(tool for tool in tools if tool.id == INTEGRATION.split(":")[0])
        actions = {action.id: action for action in tool.coverage.write_actions}
        self.assertEqual(len(actions), 7)
        self.assertTrue(all(action.coverage_status == "SUPPORTED" for action in actions.values()))
        self.assertEqual(len(tool.coverage.read_models), 5)
        details = self.kombo.general.get_integration_details(integration_id=INTEGRATION).data
        self.assertEqual(details.status, "ACTIVE")
        self.assertEqual(details.category, "ATS")
        self.assertEqual(len(details.read_models), 5)

    def test_custom_fields_are_listed(self):
        found = rows(self.kombo.general.get_custom_fields, integration_id=INTEGRATION)
        self.assertEqual(len({field.id for field in found}), len(found))

    def test_a_sync_can_be_forced(self):
        first = self.kombo.general.trigger_sync(type_="DELTA").data
        self.assertTrue(first.sync_id)

    def test_the_source_can_be_asked_itself(self):
        told = self.source("query { crVacancyPage(pageable: {page: 0, size: 1}) { totalElements } }")
        self.assertGreater(told["crVacancyPage"]["totalElements"], 0)

    # ------------------------------------------------------------------ lists

    def test_every_list_goes_to_its_end(self):
        ats = self.kombo.ats
        for call in (ats.get_users, ats.get_jobs, ats.get_candidates, ats.get_application_stages, ats.get_applications):
            with self.subTest(call.__name__):
                whole = rows(call, page_size=250)
                small = rows(call, page_size=37)
                self.assertGreater(len(whole), 0)
                ids = [row.id for row in small]
                self.assertEqual(len(set(ids)), len(ids))
                self.assertLessEqual({row.id for row in whole}, set(ids))

    def test_filters(self):
        job = self.open[0]
        ats = self.kombo.ats
        self.assertEqual([row.id for row in rows(ats.get_jobs, ids=[job.id])], [job.id])
        self.assertEqual([row.id for row in rows(ats.get_jobs, remote_ids=[job.remote_id])], [job.id])
        self.assertTrue(all(row.status == "OPEN" for row in rows(ats.get_jobs, statuses=["OPEN"])))
        self.assertEqual(rows(ats.get_jobs, updated_after=datetime.datetime.now(datetime.timezone.utc)), [])
        for row in rows(ats.get_applications, job_ids=[job.id]):
            self.assertEqual(row.job.id, job.id)
        person = rows(ats.get_candidates, page_size=5)[0]
        self.assertIn(person.id, {row.id for row in rows(ats.get_candidates, first_name=person.first_name.upper())})

    def test_a_cursor_belongs_to_its_filters(self):
        page = self.kombo.ats.get_jobs(page_size=1)
        with self.assertRaises(errors.KomboAtsError) as caught:
            self.kombo.ats.get_jobs(page_size=1, statuses=["OPEN"], cursor=page.result.data.next)
        self.assertEqual(caught.exception.data.error.code, "PLATFORM.INPUT_INVALID")

    def test_an_integration_of_nobody(self):
        with self.assertRaises(errors.KomboAtsError) as caught:
            client(integration="carerixgraphql:nobody").ats.get_jobs()
        self.assertEqual(caught.exception.data.error.code, "PLATFORM.INTEGRATION_NOT_FOUND")
        self.assertEqual(caught.exception.status_code, 404)

    # ------------------------------------------------------------------ actions

    def test_an_application_is_created_and_everything_arrives(self):
        candidate, made = self.create()
        self.assertEqual(made.data.job.id, self.open[0].id)
        self.assertEqual(made.data.candidate.first_name, "Zoë")
        listed = rows(self.kombo.ats.get_candidates, email=candidate["email_address"].upper())
        self.assertEqual([row.id for row in listed], [made.data.candidate_id])
        self.assertIn(made.data.id, {application.id for application in listed[0].applications})
        found = self.source(
            """query ($id: ID!) { crEmployee(_id: $id) { firstName lastNamePrefix lastName homeCity availableDate minSalary sourceInfo
                 mobileNumber phoneNumber urls { items { url } } attachments { items { filePath content } } } }""",
            id=listed[0].remote_id,
        )["crEmployee"]
        self.assertEqual(found["firstName"], "Zoë")
        self.assertEqual(" ".join(filter(None, (found["lastNamePrefix"], found["lastName"]))), "van der Vélden")
        self.assertEqual(found["homeCity"], "Delft")
        self.assertEqual(found["availableDate"], "2027-03-01 12:00:00")
        self.assertEqual(found["minSalary"], 4200)
        self.assertEqual(found["sourceInfo"], "Acme Jobs")
        self.assertIn("12345678", (found["mobileNumber"] or found["phoneNumber"]).replace(" ", ""))
        self.assertEqual([url["url"] for url in found["urls"]["items"]], [candidate["social_links"][0]["url"]])
        files = {item["filePath"]: item["content"] for item in found["attachments"]["items"]}
        self.assertEqual(base64.b64decode(files["cv.txt"]).decode(), CV)

    def test_the_older_form_creates_as_well(self):
        made = self.kombo.ats.create_candidate(
            candidate=self.candidate(), application={"job_id": f"remote:{self.open[1].remote_id}"}
        )
        self.assertEqual(made.data.applications[0].job.id, self.open[1].id)

    def test_the_same_key_is_the_same_application(self):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        candidate = self.candidate()
        made = [
            self.kombo.ats.create_application(job_id=self.open[2].id, candidate=candidate, http_headers=key).data.id
            for _ in range(2)
        ]
        self.assertEqual(made[0], made[1])

    def test_a_second_application_is_refused(self):
        candidate, _ = self.create()
        with self.assertRaises(errors.KomboAtsError) as caught:
            self.kombo.ats.create_application(
                job_id=self.open[0].id,
                candidate={**candidate, "title": "Another title"},
                http_headers={"Idempotency-Key": str(uuid.uuid4())},
            )
        self.assertEqual(caught.exception.data.error.code, "ATS.APPLICATION_ALREADY_EXISTS")

    def test_a_closed_job_is_refused(self):
        closed = next(job for job in self.jobs if job.status == "CLOSED")
        with self.assertRaises(errors.KomboAtsError) as caught:
            self.kombo.ats.create_application(job_id=closed.id, candidate=self.candidate())
        self.assertEqual(caught.exception.data.error.code, "ATS.JOB_CLOSED")
        self.assertEqual(caught.exception.status_code, 400)

    def test_all_that_is_wrong_is_told_at_once(self):
        with self.assertRaises(errors.KomboAtsError) as caught:
            self.kombo.ats.create_application(
                job_id=self.open[0].id,
                candidate={"first_name": "Ada", "last_name": "Ost", "email_address": "not an address"},
                attachments=[{"name": "cv.pdf", "data_url": "ftp://example.org/cv.pdf", "type": "CV"}],
            )
        self.assertEqual(caught.exception.data.error.code, "PLATFORM.INPUT_INVALID")
        told = caught.exception.data.error.message
        self.assertIn("/candidate/email_address", told)
        self.assertIn("/attachments/0/data_url", told)

    def test_files_notes_links_and_stages(self):
        ats = self.kombo.ats
        _, made = self.create(job=3)
        application = made.data
        done = ats.add_application_attachment(
            application_id=application.id, attachment=file("scores.txt", "scores of the test")
        )
        self.assertIsInstance(done.warnings, list)
        ats.add_candidate_attachment(candidate_id=application.candidate_id, attachment=file("letter.txt", "a letter"))
        ats.add_application_note(application_id=application.id, content="Ünïcode note", content_type="PLAIN_TEXT")
        ats.add_application_result_link(
            application_id=application.id,
            label="Assessment",
            url="https://example.org/results/1",
            details={"custom_field_name_prefix": "Acme:", "attributes": [{"key": "Score", "value": "93%"}]},
        )
        found = self.source(
            """query ($match: ID!, $employee: ID!) {
                 crMatch(_id: $match) { attachments { items { filePath } } }
                 crEmployee(_id: $employee) { attachments { items { filePath } } _todos { items { toNotes { notes } } } } }""",
            match=application.remote_id,
            employee=application.candidate.remote_id,
        )
        names = [item["filePath"] for of in found.values() for item in of["attachments"]["items"]]
        for name in ("cv.txt", "scores.txt", "letter.txt"):
            self.assertEqual(names.count(name), 1, names)
        notes = [item["toNotes"]["notes"] for item in found["crEmployee"]["_todos"]["items"]]
        self.assertEqual(notes.count("Ünïcode note"), 1, notes)
        link = next(note for note in notes if "https://example.org/results/1" in note)
        self.assertIn("Assessment", link)
        self.assertIn("93%", link)
        moved = self.move(application)
        listed = rows(ats.get_applications, ids=[application.id])
        self.assertEqual(listed[0].current_stage.id, moved)

    def move(self, application):
        """Moves an application to the first stage of its job that can be reached."""
        job = next(job for job in self.jobs if job.id == application.job_id)
        for stage in job.stages:
            if stage.id == application.current_stage_id:
                continue
            try:
                self.kombo.ats.move_application_to_stage(application_id=application.id, stage_id=stage.id)
                return stage.id
            except errors.KomboAtsError as refused:
                self.assertIn(refused.data.error.code, ("REMOTE.INPUT_INVALID", "PLATFORM.INPUT_INVALID"))
        self.fail("no stage of the job can be reached")

    # ------------------------------------------------------------------ webhooks

    def test_a_webhook_is_signed(self):
        inbox = pathlib.Path(os.environ["CROSSWALK_WEBHOOK_DIR"])
        secret = os.environ["CROSSWALK_WEBHOOK_SECRET"].encode()
        self.create(job=4)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for path in sorted(inbox.glob("*.json")):
                told = json.loads(path.read_text())
                body = base64.b64decode(told["body"])
                digest = hmac.new(secret, body, hashlib.sha256).digest()
                signature = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                self.assertEqual(told["signature"], signature)
                event = json.loads(body)
                if event["type"] == "data-changed":
                    self.assertEqual(event["data"]["integration_id"], INTEGRATION)
                    self.assertIn({"name": "ats_candidates"}, event["data"]["changed_models"])
                    self.assertEqual(body.decode(), json.dumps(event, indent=2, ensure_ascii=False))
                    return
            time.sleep(0.5)
        self.fail("no webhook told of the change")


if __name__ == "__main__":
    unittest.main(verbosity=2)
