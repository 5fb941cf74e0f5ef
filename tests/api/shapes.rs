//! What the clients of the unified API insist on in each row: every key, and what its value may be.

use serde_json::Value;

/// Objects by their names: each key with what its value may be. `?` is also null, `[x]` a list of x; a word of small letters is
/// an object or one of the plain forms in [`fits`], words of capitals are all that a text may be.
const SHAPES: &[(&str, &str)] = &[
    (
        "users",
        "id:id remote_id:text? first_name:text? last_name:text? email:text? status:ACTIVE|INACTIVE? changed_at:time \
         remote_deleted_at:time? remote_data:map? system_roles:[system_role]",
    ),
    (
        "system_role",
        "remote_id:text? remote_label:text? unified_type:HIRING_MANAGER|RECRUITER|COORDINATOR|SOURCER|INTERVIEWER|ADMIN? scope:SYSTEM",
    ),
    (
        "application-stages",
        "id:id remote_id:text? name:text? status:ACTIVE|INACTIVE? custom_fields:map? changed_at:time remote_deleted_at:time? \
         remote_data:map?",
    ),
    (
        "jobs",
        "id:id remote_id:text name:text? job_code:text? description:text? confidential:bool? weekly_hours:number? \
         employment_type:text? status:text? visibility:text? category:text? department:text? post_url:text? \
         experience_level:text? remote_work_status:text? salary_amount:number? salary_amount_from:number? \
         salary_amount_to:number? salary_currency:text? salary_period:text? location:location? custom_fields:map? \
         remote_url:text? opened_at:time? closed_at:time? remote_created_at:time? remote_updated_at:time? contact_id:id? \
         remote_data:map? changed_at:time remote_deleted_at:time? stages:[job_stage] screening_questions:[none] \
         job_postings:[posting] hiring_team:[member]",
    ),
    ("job_stage", "id:id remote_id:text? name:text? status:ACTIVE|INACTIVE? custom_fields:map? index:integer?"),
    (
        "posting",
        "id:id remote_id:text? title:text? description_html:text? status:ACTIVE|INACTIVE|DRAFT? \
         visibility:PUBLIC|INTERNAL|UNLISTED? url:text?",
    ),
    (
        "member",
        "id:id remote_id:text? first_name:text? last_name:text? email:text? \
         hiring_team_roles:[HIRING_MANAGER|RECRUITER|COORDINATOR|SOURCER|INTERVIEWER] job_roles:[job_role]",
    ),
    (
        "job_role",
        "remote_id:text? remote_label:text? unified_type:HIRING_MANAGER|RECRUITER|COORDINATOR|SOURCER|INTERVIEWER|ADMIN? scope:JOB",
    ),
    ("location", "city:text? country:text? raw:text? state:text? street_1:text? street_2:text? zip_code:text?"),
    (
        "candidates",
        "id:id remote_id:text first_name:text? last_name:text? company:text? title:text? confidential:bool? source:text? \
         phone_numbers:[phone] email_addresses:[email] social_media:[social] location:location? custom_fields:map? \
         remote_url:text? remote_created_at:time? remote_updated_at:time? remote_data:map? changed_at:time \
         remote_deleted_at:time? tags:[tag] applications:[candidate_application]",
    ),
    ("phone", "phone_number:text type:text?"),
    ("email", "email_address:text? type:text?"),
    ("social", "link:text? type:text? username:text?"),
    ("tag", "id:id name:text? remote_id:text?"),
    (
        "candidate_application",
        "id:id remote_id:text? outcome:PENDING|HIRED|DECLINED? rejection_reason_name:text? rejected_at:time? remote_url:text? \
         changed_at:time remote_created_at:time? remote_updated_at:time? current_stage:small_stage? job:small_job?",
    ),
    ("small_stage", "id:id name:text? remote_id:text? index:integer?"),
    ("small_job", "id:id remote_id:text name:text?"),
    (
        "applications",
        "id:id remote_id:text? outcome:PENDING|HIRED|DECLINED? rejection_reason_name:text? rejected_at:time? \
         current_stage_id:id? job_id:id? candidate_id:id? custom_fields:map? remote_url:text? changed_at:time \
         remote_deleted_at:time? remote_created_at:time? remote_updated_at:time? remote_data:map? \
         candidate:application_candidate? current_stage:stage? job:small_job? interviews:[none] offers:[none] \
         screening_question_answers:null",
    ),
    (
        "application_candidate",
        "id:id remote_id:text first_name:text? last_name:text? email_addresses:[email] phone_numbers:[phone] \
         social_media:[social] source:text? remote_url:text? tags:[tag]",
    ),
    ("stage", "id:id remote_id:text? name:text? status:ACTIVE|INACTIVE? custom_fields:map? index:integer?"),
    ("none", ""),
];

/// Fails unless an object has every key of its shape, and nothing in it that may not be there.
pub fn check(shape: &str, value: &Value) {
    if let Some(wrong) = wrong_in(shape, value) {
        panic!("{shape}{wrong} in {value:#}");
    }
}

fn wrong_in(shape: &str, value: &Value) -> Option<String> {
    let (_, keys) = SHAPES.iter().find(|(name, _)| *name == shape)?;
    let Some(object) = value.as_object() else { return Some(" is no object".to_owned()) };
    keys.split_ascii_whitespace().find_map(|key| {
        let (key, form) = key.split_once(':').unwrap();
        let Some(value) = object.get(key) else { return Some(format!(".{key} is missing")) };
        wrong(form, value).map(|wrong| format!(".{key}{wrong}"))
    })
}

fn wrong(form: &str, value: &Value) -> Option<String> {
    if let Some(form) = form.strip_suffix('?') {
        return if value.is_null() { None } else { wrong(form, value) };
    }
    if let Some(form) = form.strip_prefix('[') {
        let form = form.strip_suffix(']').unwrap();
        let Some(list) = value.as_array() else { return Some(" is no list".to_owned()) };
        return list.iter().enumerate().find_map(|(at, entry)| Some(format!("[{at}]{}", wrong(form, entry)?)));
    }
    if SHAPES.iter().any(|(name, _)| *name == form) {
        return wrong_in(form, value);
    }
    (!fits(form, value)).then(|| format!(" is no {form}: {value}"))
}

fn fits(form: &str, value: &Value) -> bool {
    match form {
        "null" => value.is_null(),
        "text" => value.is_string(),
        "bool" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "map" => value.is_object(),
        "id" => value.as_str().is_some_and(|id| {
            id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte))
        }),
        "time" => value.as_str().is_some_and(is_time),
        one_of => value.as_str().is_some_and(|text| one_of.split('|').any(|known| known == text)),
    }
}

/// `2026-11-20T10:00:00.000Z`
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let fits = |(byte, form): (u8, &u8)| if *form == b'd' { byte.is_ascii_digit() } else { byte == *form };
    text.len() == FORM.len() && text.bytes().zip(FORM).all(fits) && text.parse::<jiff::Timestamp>().is_ok()
}

#[test]
fn what_is_wrong_is_found() {
    let job = serde_json::json!({"id": "5ZKGLqxfgCaQRRrXyfe5Ka3G", "remote_id": "1", "name": null});
    assert_eq!(wrong_in("small_job", &job), None);
    for (key, value) in [("id", "short"), ("remote_id", "")] {
        let mut other = job.clone();
        other[key] = if value.is_empty() { Value::Null } else { value.into() };
        assert!(wrong_in("small_job", &other).is_some(), "{other}");
        other.as_object_mut().unwrap().remove(key);
        assert_eq!(wrong_in("small_job", &other).unwrap(), format!(".{key} is missing"));
    }
    for (form, value) in [("time", "2026-11-20"), ("time", "2026-11-20T10:00:00Z"), ("A|B", "C"), ("number", "1")] {
        assert!(wrong(form, &value.into()).is_some(), "{form} {value}");
    }
}
