//! What became of each request of the screen.

use std::collections::{HashMap, HashSet};

use crate::session::ask::{Answer, Job, Request, Shown, request};

/// What became of a request. A request without a slot has not been answered yet.
#[derive(Clone, Debug, PartialEq)]
enum Slot {
    /// It was answered.
    Known(Answer),
    /// It was answered, and there is something newer: the answer stays until that arrives.
    Stale(Answer),
    /// There is nothing to show of this work, the session says. The request is [`Request::Found`].
    Absent,
    /// It failed and is not asked again.
    Refused,
}

/// What became of each request of the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    slots: HashMap<Request, Slot>,
}

impl Answers {
    /// The answer, where there is one.
    pub fn get(&self, request: &Request) -> Option<&Answer> {
        match self.slots.get(request)? {
            Slot::Known(answer) | Slot::Stale(answer) => Some(answer),
            Slot::Absent | Slot::Refused => None,
        }
    }

    /// Keeps an answer.
    pub fn put(&mut self, request: Request, answer: Answer) {
        self.slots.insert(request, Slot::Known(answer));
    }

    /// Every answer there is.
    pub fn known(&self) -> impl Iterator<Item = (&Request, &Answer)> {
        self.slots.iter().filter_map(|(request, slot)| match slot {
            Slot::Known(answer) | Slot::Stale(answer) => Some((request, answer)),
            Slot::Absent | Slot::Refused => None,
        })
    }

    /// Whether the session has to be asked.
    pub(in crate::explorer) fn lacks(&self, request: &Request) -> bool {
        matches!(self.slots.get(request), None | Some(Slot::Stale(_)))
    }

    /// Forgets the answers to all other requests.
    pub(in crate::explorer) fn keep(&mut self, wanted: &HashSet<Request>) {
        self.slots.retain(|request, slot| {
            matches!(slot, Slot::Absent | Slot::Refused) || wanted.contains(request)
        });
    }

    /// A request failed: it is not asked again.
    pub(in crate::explorer) fn refuse(&mut self, request: Request) {
        self.slots.insert(request, Slot::Refused);
    }

    /// Whether a request failed.
    pub(in crate::explorer) fn is_refused(&self, request: &Request) -> bool {
        self.slots.get(request) == Some(&Slot::Refused)
    }

    /// A failed request may be asked again.
    pub(in crate::explorer) fn allow(&mut self, request: &Request) {
        if self.is_refused(request) {
            self.slots.remove(request);
        }
    }

    /// All failed requests may be asked again.
    pub(in crate::explorer) fn allow_all(&mut self) {
        self.slots.retain(|_, slot| *slot != Slot::Refused);
    }

    /// There is nothing to show of some work.
    pub(in crate::explorer) fn miss(&mut self, job: Job) {
        self.slots.insert(request::Found(job).into(), Slot::Absent);
    }

    /// Whether there may be something to show of some work: what it found stays for a while, also for other photos
    /// and knock-outs.
    pub(in crate::explorer) fn may_have(&self, job: &Job) -> bool {
        self.slots.get(&request::Found(job.clone()).into()) != Some(&Slot::Absent)
    }

    /// There is something new of some work: the answers about it are stale.
    pub(in crate::explorer) fn renew(&mut self, job: &Job) {
        let found = request::Found(job.clone()).into();
        if self.slots.get(&found) == Some(&Slot::Absent) {
            self.slots.remove(&found);
        }
        for (request, slot) in &mut self.slots {
            if !is_about(request, job) {
                continue;
            }
            if let Slot::Known(answer) = slot {
                *slot = Slot::Stale(answer.clone());
            }
        }
    }
}

/// Whether a request shows what some work has found.
fn is_about(request: &Request, job: &Job) -> bool {
    match request {
        Request::Found(of) => of.0 == *job,
        Request::Sight(of) => of.sight.job == *job,
        Request::Raster(of) => matches!(of.of.as_ref(), Shown::Sight(of) if of.sight.job == *job),
        Request::Agreement(both) => both.0.iter().any(|of| Job::Explain(*of) == *job),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::base::LayerId;
    use crate::session::ask::{EditsId, InputId, NetworkId, Rank, RunKey, Target};

    fn job(channel: usize) -> Job {
        let run = RunKey {
            network: NetworkId(1),
            input: InputId(2),
            edits: EditsId::NONE,
            difference: false,
        };
        Job::Rank(Rank { run, layer: LayerId(0), target: Target::Class(channel) })
    }

    fn folder() -> (Request, Answer) {
        (request::Folder(PathBuf::from(".")).into(), Answer::Folder(Arc::new(Vec::new())))
    }

    #[test]
    fn an_answer_stays_while_its_request_is_wanted() {
        let mut answers = Answers::default();
        let (request, answer) = folder();
        assert!(answers.lacks(&request));
        answers.put(request.clone(), answer.clone());
        answers.keep(&HashSet::from([request.clone()]));
        assert_eq!((answers.get(&request), answers.lacks(&request)), (Some(&answer), false));
        answers.keep(&HashSet::new());
        assert!(answers.get(&request).is_none() && answers.lacks(&request));
    }

    #[test]
    fn what_failed_or_is_absent_is_not_asked_again_until_that_changes() {
        let mut answers = Answers::default();
        let (request, _) = folder();
        answers.refuse(request.clone());
        answers.miss(job(1));
        answers.keep(&HashSet::new());
        assert!(!answers.lacks(&request) && !answers.lacks(&request::Found(job(1)).into()));
        assert!(!answers.may_have(&job(1)) && answers.may_have(&job(2)));
        answers.renew(&job(1));
        answers.allow_all();
        assert!(answers.lacks(&request) && answers.lacks(&request::Found(job(1)).into()));
    }

    #[test]
    fn a_stale_answer_is_shown_and_asked_again() {
        let mut answers = Answers::default();
        let found = Request::from(request::Found(job(1)));
        let (_, answer) = folder();
        answers.put(found.clone(), answer.clone());
        answers.renew(&job(2));
        assert!(!answers.lacks(&found));
        answers.renew(&job(1));
        assert_eq!((answers.get(&found), answers.lacks(&found)), (Some(&answer), true));
    }
}
