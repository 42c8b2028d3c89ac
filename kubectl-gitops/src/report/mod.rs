//! Tells what happens and what came of it: the only room that prints. Standard output carries the result, standard error
//! the story. Must not decide anything about a run.

mod console;
mod drivers;
mod failure;
mod from_diff;
mod from_plan;
mod from_run;
mod human;
mod lines;
mod live;
mod machine;
mod markdown;
mod model;
mod pager;
mod paint;
mod present;
#[cfg(test)]
mod render_tests;
mod revision;
mod status;
mod story;
mod surface;
mod told;
mod vars;

pub use console::Console;
pub use drivers::DriverStatus;
pub use failure::one_line;
pub use from_diff::{age, changes, new_object};
pub use from_plan::{About, op_of, planned, refusal, warning_text};
pub use from_run::{failure, line_of};
pub use human::{View, counted, summary_line};
pub use model::{Change, Command, Counts, HealthLine, Line, ObjectName, Op, Report, Requests, SCHEMA};
pub use paint::{Color, Paint};
pub use revision::short_revision;
pub use status::{Member, MemberCause, Overview, PodLine, RunLine, SetStatus};
pub use story::Story;
pub use surface::Surface;
pub use told::explanation;
pub use vars::{variables_json, variables_table};
