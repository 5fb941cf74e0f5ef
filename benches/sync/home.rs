//! The home folder of the bench: the connector as it is, with more texts fetched, so that a record has the size that
//! real ones have.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crosswalk::connector::{Connection, Home, Revision};
use crosswalk::mapping::Plan;
use crosswalk::model::CANDIDATES;

use crate::{CONNECTION, Outcome, Task};

/// Fetched and kept with the raw record, but not mapped.
const ALSO: &str = "also: [employeeInformation, experienceInformation, cvSummary, educationInformation, notes, \
                    ambition, birthDate, availableDate, toStatusNode.value, toGenderNode.value, \
                    toNationalityNode.value, toWorkLevelNode.value, toExperienceNode.value, hoursPerWeek, minSalary, \
                    owner.name, statusDisplay, salutation, fullFirstNames, initials, lastContactDate, additionalInfoList, \
                    workHistories.employer, workHistories.function]\n";

/// Copies the connector into `folder` and adds what a candidate is fetched with.
pub fn prepare(folder: &Path) -> Outcome<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in ["mappings", "scripts", "connections"] {
        copy(&root.join(part), &folder.join(part))?;
    }
    let mapping = folder.join("mappings/carerix/candidates.yaml");
    let text = std::fs::read_to_string(&mapping)?;
    std::fs::write(&mapping, format!("{text}\n{ALSO}"))?;
    Ok(folder.to_owned())
}

fn copy(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (entry, target) = (entry?, to.to_owned());
        let target = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The connector, compiled, with the sandbox or its replacement at `address`.
pub fn revision(home: &Path, address: &str) -> Outcome<Revision> {
    let home = Home::new(home);
    let connection = Connection::load(&home, CONNECTION).map_err(|report| report.to_string())?;
    Ok(Revision::load(&home, &connection.with_sandbox(address)).map_err(|report| report.to_string())?)
}

/// How candidates are read.
pub fn plan(revision: &Revision) -> Outcome<&Arc<Plan>> {
    Ok(revision.plan(&CANDIDATES).ok_or("candidates are mapped")?)
}

/// The operation that reads candidates.
pub fn operation(task: &Task) -> Outcome<crosswalk::mapping::Operation> {
    Ok(plan(&revision(&task.home, &task.server)?)?.operation().clone())
}
