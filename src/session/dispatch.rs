//! Requests of any kind, as lanes take them: [`Session::answer`].

use super::SessionError;
use super::ask::answer::Answer;
use super::ask::request::Request;
use super::store::Session;
use crate::base::{Cancel, Progress};

impl Session {
    /// Answers a request of any kind.
    ///
    /// # Errors
    /// As [`super::ask::Ask::answer`].
    pub fn answer(
        &self,
        request: &Request,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Answer, SessionError> {
        Ok(match request {
            Request::Network(of) => self.ask(of, cancel, progress)?.into(),
            Request::Input(of) => self.ask(of, cancel, progress)?.into(),
            Request::Forward(of) => self.ask(of, cancel, progress)?.into(),
            Request::Job(of) => self.ask(of, cancel, progress)?.into(),
            Request::Found(of) => self.ask(of, cancel, progress)?.into(),
            Request::FoundValues(of) => self.ask(of, cancel, progress)?.into(),
            Request::Sight(of) => self.ask(of, cancel, progress)?.into(),
            Request::Agreement(of) => self.ask(of, cancel, progress)?.into(),
            Request::Statistics(of) => self.ask(of, cancel, progress)?.into(),
            Request::Heatmap(of) => self.ask(of, cancel, progress)?.into(),
            Request::Values(of) => self.ask(of, cancel, progress)?.into(),
            Request::Histogram(of) => self.ask(of, cancel, progress)?.into(),
            Request::Photo(of) => self.ask(of, cancel, progress)?.into(),
            Request::InputValues(of) => self.ask(of, cancel, progress)?.into(),
            Request::Kernels(of) => self.ask(of, cancel, progress)?.into(),
            Request::Kernel(of) => self.ask(of, cancel, progress)?.into(),
            Request::KernelValues(of) => self.ask(of, cancel, progress)?.into(),
            Request::Sheet(of) => self.ask(of, cancel, progress)?.into(),
            Request::Raster(of) => self.ask(of, cancel, progress)?.into(),
            Request::Timing(of) => self.ask(of, cancel, progress)?.into(),
            Request::Models(of) => self.ask(of, cancel, progress)?.into(),
            Request::Summary(of) => self.ask(of, cancel, progress)?.into(),
            Request::Fetch(of) => self.ask(of, cancel, progress)?.into(),
            Request::Folder(of) => self.ask(of, cancel, progress)?.into(),
            Request::Thumbnail(of) => self.ask(of, cancel, progress)?.into(),
            Request::Export(of) => self.ask(of, cancel, progress)?.into(),
            Request::Device(of) => self.ask(of, cancel, progress)?.into(),
        })
    }
}
